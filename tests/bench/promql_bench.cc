// The evaluator alone: queries of dashboards and alerts over 2,000 series × 720 samples (3 h at 15
// s) held in memory. The figures are per query.

#include <benchmark/benchmark.h>

#include <random>

#include "rules/memory_store.h"
#include "rules/promql/engine.h"
#include "rules/promql/parser.h"

namespace {

using namespace tocsin;
using namespace tocsin::promql;

constexpr std::int64_t kStepMs = 15'000;
constexpr std::int64_t kSamples = 720;
constexpr std::int64_t kEndMs = kStepMs * (kSamples - 1);

/// 1,000 counters (50 hosts × 5 jobs × 4 codes), 500 gauges, 500 buckets.
MemoryStore Fleet() {
  MemoryStore store;
  std::mt19937 random(1);  // NOLINT: the same data in each run
  std::uniform_real_distribution<double> step(0, 10);
  const auto text = [](const char* prefix, std::int64_t n) { return prefix + std::to_string(n); };
  for (std::int64_t i = 0; i < 1'000; ++i) {
    const Labels labels{{"__name__", "requests_total"},
                        {"instance", text("host-", i % 50)},
                        {"job", text("job-", i / 50 % 5)},
                        {"code", text("20", i / 250)}};
    double value = 0;
    for (std::int64_t s = 0; s < kSamples; ++s) {
      value = step(random) < 0.01 ? 0 : value + step(random);
      store.Append(labels, s * kStepMs, value);
    }
  }
  for (std::int64_t i = 0; i < 500; ++i) {
    const Labels labels{{"__name__", "memory_bytes"},
                        {"instance", text("host-", i % 50)},
                        {"job", text("job-", i / 50 % 5)},
                        {"kind", text("kind-", i / 250)}};
    for (std::int64_t s = 0; s < kSamples; ++s) store.Append(labels, s * kStepMs, step(random));
  }
  for (std::int64_t i = 0; i < 500; ++i) {
    const Labels labels{
        {"__name__", "latency_bucket"},
        {"instance", text("host-", i / 10)},
        {"le", i % 10 == 9 ? "+Inf" : std::to_string(0.1 * static_cast<double>(i % 10 + 1))}};
    double value = 0;
    for (std::int64_t s = 0; s < kSamples; ++s) {
      value += step(random) * static_cast<double>(i % 10 + 1);
      store.Append(labels, s * kStepMs, value);
    }
  }
  return store;
}

const MemoryStore& Data() {
  static const MemoryStore store = Fleet();
  return store;
}

constexpr const char* kQueries[] = {
    "memory_bytes",
    "requests_total",
    "rate(requests_total[5m])",
    "sum by (job) (rate(requests_total[5m]))",
    "sum(rate(requests_total[5m]))",
    "sum without (instance) (irate(requests_total[2m]))",
    "avg_over_time(memory_bytes[10m])",
    "max_over_time(memory_bytes[10m])",
    "stddev_over_time(memory_bytes[10m])",
    "quantile_over_time(0.9, memory_bytes[10m])",
    "deriv(memory_bytes[10m])",
    "histogram_quantile(0.99, sum by (le) (rate(latency_bucket[5m])))",
    "histogram_quantile(0.99, rate(latency_bucket[5m]))",
    "sum by (job) (rate(requests_total{code=\"203\"}[5m])) / sum by (job) "
    "(rate(requests_total[5m]))",
    "requests_total / on (instance, job) group_left sum by (instance, job) (memory_bytes)",
    "topk(5, rate(requests_total[5m]))",
    "quantile by (job) (0.9, memory_bytes)",
    "100 * (1 - avg by (instance) (memory_bytes) / 10) > 60",
    "max_over_time(sum(rate(requests_total[1m]))[10m:1m])",
    "memory_bytes > 9.9 and on (instance) rate(latency_bucket{le=\"+Inf\"}[5m]) > 0",
};

void Run(benchmark::State& state, std::int64_t start_ms, std::int64_t step_ms) {
  const char* const query = kQueries[state.range(0)];
  const MemoryStore& store = Data();
  const auto expr = ParseExpr(query);
  EngineOptions options;
  std::size_t points = 0;
  for (auto _ : state) {
    const auto result = step_ms == 0 ? EvalInstant(**expr, kEndMs, store, options)
                                     : EvalRange(**expr, start_ms, kEndMs, step_ms, store, options);
    if (!result) {
      state.SkipWithError(result.error().message().c_str());
      return;
    }
    points = result->vector.size();
    for (const MatrixSeries& series : result->matrix) points += series.samples.size();
  }
  state.SetLabel(query);
  state.counters["points"] = static_cast<double>(points);
}

void Instant(benchmark::State& state) { Run(state, 0, 0); }
void Range(benchmark::State& state) { Run(state, 0, kStepMs); }

constexpr int kLast = static_cast<int>(std::size(kQueries)) - 1;
BENCHMARK(Instant)->DenseRange(0, kLast)->Unit(benchmark::kMicrosecond);
BENCHMARK(Range)->DenseRange(0, kLast)->Unit(benchmark::kMillisecond);

void Parse(benchmark::State& state) {
  for (auto _ : state) {
    for (const char* query : kQueries) benchmark::DoNotOptimize(ParseExpr(query));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(std::size(kQueries)));
}
BENCHMARK(Parse);

}  // namespace
