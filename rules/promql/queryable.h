#pragma once
// The only view of storage that rules and PromQL have. Implemented by agent (over metrics/store)
// and by tests (over vectors).

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/labels.h"
#include "metrics/matcher.h"
#include "metrics/sample.h"

namespace tocsin::promql {

/// What a selector will need. Both bounds are inclusive, milliseconds since the epoch.
struct SelectHints {
  std::int64_t min_ms;
  std::int64_t max_ms;
  /// Only the last sample of each series counts: the others may be left out.
  bool newest_only = false;
};

/// One series of a selection. `labels` include __name__ and no empty values. `samples` rise
/// strictly in time, lie within the hints, and contain stale markers where the series ended.
struct SeriesView {
  const Labels* labels;
  std::span<const Sample> samples;
};

/// Streams over the selected series, each decoded when it is reached, so that a query over many
/// series holds the samples of one. One thread at a time.
class SeriesSet {
 public:
  virtual ~SeriesSet() = default;
  /// Moves to the next series; false at the end. What the last SeriesView points to dies with it.
  /// Series without samples within the hints may be left out.
  virtual bool Next(SeriesView& out) = 0;
};

/// Thread-safe. A SeriesSet keeps what it needs alive by itself, and sees either all or nothing of
/// one collector's round.
class Queryable {
 public:
  virtual ~Queryable() = default;

  /// Series that satisfy every matcher, in no particular order, no labels twice.
  /// Errors: kLimit, kIo.
  virtual Result<std::unique_ptr<SeriesSet>> Select(const SelectHints& hints,
                                                    std::span<const Matcher> matchers) const = 0;
};

}  // namespace tocsin::promql
