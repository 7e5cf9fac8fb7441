// What following a series costs: the detector alone, and a leak rule over ten thousand series.

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cmath>
#include <string>
#include <vector>

#include "rules/group.h"
#include "rules/memory_store.h"
#include "rules/rule_file.h"
#include "rules/trend/detector.h"

namespace tocsin {
namespace {

using trend::Detector;
using trend::DetectorOptions;
using trend::Reading;
using trend::Sensitivity;

constexpr std::int64_t kStart = 1'700'000'000;
constexpr double kMiB = 1048576;

/// Samples 15 s apart of a value with teeth and noise that grows by a factor each hour.
class Series {
 public:
  explicit Series(double growth) : growth_(growth) {}
  Reading Next() {
    t_ += 15;
    noise_ = noise_ * 6364136223846793005ULL + 1442695040888963407ULL;
    const double hours = static_cast<double>(t_) / 3600;
    return {.t_seconds = kStart + t_,
            .value = (200 * kMiB + 20 * kMiB * std::fmod(hours, 0.2) +
                      static_cast<double>(noise_ >> 44)) *
                     std::pow(growth_, hours),
            .limit = 1e29,
            .work = 100};
  }

 private:
  double growth_;
  std::int64_t t_ = 0;
  std::uint64_t noise_ = 1;
};

/// Per sample, over days: all scales are full.
void Push(benchmark::State& state, double growth) {
  const DetectorOptions options = DetectorOptions::Preset(Sensitivity::kMedium);
  // Made beforehand: only the detector is measured.
  std::vector<Reading> readings;
  Series series(growth);
  for (int i = 0; i < 7 * 5760; ++i) readings.push_back(series.Next());
  Detector detector;
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(detector.Push(readings[i], options));
    if (++i < readings.size()) continue;
    i = 0;
    for (Reading& reading : readings) reading.t_seconds += 7 * 86400;
  }
  state.SetItemsProcessed(state.iterations());
}
void HealthySample(benchmark::State& state) { Push(state, 1); }
BENCHMARK(HealthySample);
/// Every bucket of every scale is judged to the end: it grows by a fifth an hour, for days, and its
/// limit is too far away.
void WorstSample(benchmark::State& state) { Push(state, 1.2); }
BENCHMARK(WorstSample);

class NoSink final : public RuleSink {
 public:
  void Write(const std::string&, std::span<const RuleSample>) override {}
  void Notify(std::span<const AlertEvent>) override {}
};

std::size_t HeapBytes() { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; }

/// One evaluation of a leak rule over ten thousand series: the query, the limit, the detectors, the
/// thresholds. 15 ms each 15 s are 0.1 % of a core.
void RuleOverTenThousand(benchmark::State& state) {
  constexpr int kSeries = 10'000;
  MemoryStore store;
  std::vector<Labels> labels;
  for (int i = 0; i < kSeries; ++i) {
    labels.push_back(Labels{{kMetricName, "memory_bytes"},
                            {"groupname", "group-" + std::to_string(i)},
                            {"instance", "host"},
                            {"job", "tocsin"}});
  }
  const auto spec = ParseRuleFile(
      "groups: [{name: g, rules: [{alert: A, leak: {series: memory_bytes, limit: MemTotal_bytes}, "
      "warning: {exhausts_within: 1d}}]}]",
      "bench.yml");
  const std::size_t before = HeapBytes();
  RuleGroup group(spec.groups.at(0), RuleOptions{});
  NoSink sink;
  Moment now{FromMillis(kStart * 1000), MonoTime(std::chrono::hours(1))};
  const ManualClock stopwatch(now.wall);
  promql::EngineOptions engine;
  engine.lookback_ms = std::int64_t{1} << 50;
  for (const Labels& one : labels) store.Append(one, ToMillis(now.wall), 200 * kMiB);
  store.Append(Labels{{kMetricName, "MemTotal_bytes"}, {"instance", "host"}}, ToMillis(now.wall),
               16e9);
  for (auto _ : state) {
    benchmark::DoNotOptimize(group.Evaluate(now, {store, engine, sink, std::nullopt, stopwatch}));
    now.wall += seconds(15);
    now.mono += seconds(15);
  }
  state.counters["MB"] = static_cast<double>(HeapBytes() - before) / 1e6;
  state.counters["per_series"] =
      benchmark::Counter(static_cast<double>(kSeries) * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(RuleOverTenThousand)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tocsin
