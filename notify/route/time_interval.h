#pragma once
// Recurring times as `time_intervals` describe them: when routes are muted or active.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"
#include "notify/route/time_zone.h"

namespace tocsin::notify {

/// Both ends belong to it.
struct NumberRange {
  int begin = 0;
  int end = 0;
};

/// All that is given must match; of each list, one element. An empty list matches always.
struct TimeInterval {
  std::vector<NumberRange> minutes;   // of the day; `end` does not belong to it (1440: midnight)
  std::vector<NumberRange> weekdays;  // 0 Sunday … 6 Saturday
  std::vector<NumberRange> days_of_month;  // 1 … 31; -1 is the last day, -2 the one before
  std::vector<NumberRange> months;         // 1 … 12
  std::vector<NumberRange> years;
  TimeZone zone;

  bool Contains(WallTime time) const;
};

/// One element of a `time_intervals` list. Errors: kInvalid with position.
Result<TimeInterval> ReadTimeInterval(const YamlFile& file, const YamlNode& node);

}  // namespace tocsin::notify
