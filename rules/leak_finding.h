#pragma once
// What is known of a series that a leak rule follows: plain values, in the series' own unit and in
// real time, for alerts, metrics and tools.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metrics/labels.h"
#include "rules/leak_spec.h"
#include "rules/trend/detector.h"

namespace tocsin {

/// Something else of the same process, over the time of the growth.
struct BesideReading {
  std::string name;
  double from = 0;
  double to = 0;
  LeakSpec::Unit unit = LeakSpec::Unit::kCount;
};

struct LeakFinding {
  std::string rule;  // the name of the alert
  LeakSpec::Kind kind = LeakSpec::Kind::kLeak;
  LeakSpec::Unit unit = LeakSpec::Unit::kCount;
  Labels labels;
  trend::LeakState state = trend::LeakState::kHealthy;
  bool present = true;  // its series was there at the last evaluation
  double limit = 0;
  std::string limit_source;  // "memory.max of its cgroup", "MemTotal" …
  bool falls = false;        // towards the limit

  // The rest only with kConfirmed.
  WallTime since{};
  WallTime confirmed_at{};
  double slope = 0;  // a second, towards the limit; with its confidence interval
  double slope_low = 0;
  double slope_high = 0;
  double from = 0;  // the floor at `since` and now; of a falling series its ceiling
  double to = 0;
  milliseconds exhausted_in{0};  // from `now` of the view; middle and interval
  milliseconds exhausted_in_low{0};
  milliseconds exhausted_in_high{0};
  double tau = 0;
  double signal = 0;
  double recent = 0;
  std::size_t buckets = 0;
  milliseconds bucket{0};
  trend::Explanation explanation = trend::Explanation::kUnknown;
  std::vector<double> floors;
  std::vector<BesideReading> beside;
  std::uint32_t restarts = 0;  // in the last 24 h
  std::uint32_t times = 0;     // that it was found to leak, this one included
};

/// "shop-api grows by 42.0 MiB an hour and reaches its limit in 3h10m (2h20m to 4h30m)".
std::string LeakSummary(const LeakFinding& finding);

/// Everything that is known, for whoever is woken by it. `now` is the time of the finding; clock
/// times are UTC.
std::string LeakDescription(const LeakFinding& finding, WallTime now);

/// ▁▂▃▄▅▆▇█ from the least to the greatest; all the same are ▁. Empty for no values.
std::string Sparkline(const std::vector<double>& values);

}  // namespace tocsin
