#pragma once
// Rounds for the store's tests, and what a selection holds as plain values.

#include <bit>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metrics/sample.h"
#include "metrics/store/store.h"
#include "metrics/writer.h"

namespace tocsin::store {

inline constexpr std::int64_t kStart = 1'700'000'000'000;
inline WallTime At(std::int64_t ms) { return FromMillis(ms); }

/// One series of a round: a metric name, the value of label "l", the sample.
struct Point {
  std::string name;
  std::string l;
  double value;
};

/// Makes snapshots as a collector's runner does, layouts shared between equal rounds.
class SnapshotMaker {
 public:
  Ref<const Snapshot> Make(std::int64_t t_ms, const std::vector<Point>& points) {
    writer_.Begin(At(t_ms));
    for (const Point& point : points) {
      const LabelView label{"l", point.l};
      writer_.AddSample({point.name, MetricType::kGauge, "help"}, Suffix::kNone, {&label, 1},
                        point.value);
    }
    return *writer_.Finish();
  }

 private:
  RoundWriter writer_;
};

/// Samples as time and bits, so that NaNs compare.
using Plain = std::vector<std::pair<std::int64_t, std::uint64_t>>;
using PlainSeries = std::map<std::string, Plain>;

inline PlainSeries Drain(SeriesCursor cursor) {
  PlainSeries all;
  SeriesView view;
  while (cursor.Next(view)) {
    Plain& samples = all[view.labels->ToString()];
    for (const Sample& sample : view.samples) {
      samples.emplace_back(sample.t_ms, std::bit_cast<std::uint64_t>(sample.value));
    }
  }
  return all;
}

inline PlainSeries ReadAll(const Store& store, std::vector<Matcher> matchers = {},
                           TimeRange range = {}, Want want = Want::kAll) {
  return Drain(store.Select(range, matchers, want));
}

inline Plain Values(std::initializer_list<std::pair<std::int64_t, double>> samples) {
  Plain plain;
  for (const auto& [t, v] : samples) plain.emplace_back(t, std::bit_cast<std::uint64_t>(v));
  return plain;
}

inline std::unique_ptr<Store> InMemory(StoreOptions options = {}) {
  return *Store::Open(std::move(options), At(kStart));
}

}  // namespace tocsin::store
