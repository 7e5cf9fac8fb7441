// What evaluating rules costs: many firing instances of one rule, and many rules that are quiet.

#include <benchmark/benchmark.h>

#include "rules/manager.h"
#include "rules/memory_store.h"
#include "rules/rule_file.h"

namespace tocsin {
namespace {

class CountingSink final : public RuleSink {
 public:
  void Write(const std::string&, std::span<const RuleSample> samples) override {
    samples_ += samples.size();
  }
  void Notify(std::span<const AlertEvent> events) override { events_ += events.size(); }

  std::size_t samples_ = 0;
  std::size_t events_ = 0;
};

RuleSet RulesOf(const std::string& yaml) {
  return {{"r.yml"}, ParseRuleFile(yaml, "r.yml").groups, {}};
}

/// `series` series x{i="…"}, each with `values` samples 15 s apart up to now.
void Fill(MemoryStore& store, const Moment& now, int series, int values, double value) {
  for (int i = 0; i < series; ++i) {
    const std::string number = std::to_string(i);
    const Labels labels{{"__name__", "x"}, {"instance", "host"}, {"i", number}};
    for (int v = values; v-- > 0;) store.Append(labels, ToMillis(now.wall) - v * 15'000, value + v);
  }
}

/// Evaluations `step` apart.
void Run(benchmark::State& state, const std::string& yaml, int series, int values,
         milliseconds step = milliseconds(1)) {
  Moment now{FromMillis(1'700'000'000'000), MonoTime(std::chrono::hours(1))};
  MemoryStore store;
  Fill(store, now, series, values, 50);
  CountingSink sink;
  RuleManager manager;
  RuleOptions options;
  options.evaluation_interval = std::chrono::seconds(1);
  manager.Exchange(RulesOf(yaml), options, now, sink);
  const ManualClock stopwatch(now.wall);
  promql::EngineOptions engine;
  engine.lookback_ms = std::int64_t{1} << 50;  // the samples do not age
  const auto group = manager.Groups().at(0);
  const auto evaluate = [&] {
    const EvaluationSummary summary = manager.Evaluate(
        {group, now.wall, 0}, now.mono, {store, engine, sink, std::nullopt, stopwatch});
    now.wall += step;
    now.mono += step;
    return summary;
  };
  evaluate();
  for (auto _ : state) benchmark::DoNotOptimize(evaluate());
  state.counters["events"] = static_cast<double>(sink.events_);
}

constexpr const char* kFiring = R"(
groups:
- name: g
  rules:
  - alert: Many
    expr: x > 0
    labels: { team: infra }
    annotations: { summary: "{{ $labels.i }} is {{ $value }}" }
)";

void FiringInstances(benchmark::State& state) {
  Run(state, kFiring, static_cast<int>(state.range(0)), 1);
}
BENCHMARK(FiringInstances)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

/// Every instance is told again at every evaluation.
void FiringInstancesResent(benchmark::State& state) {
  Run(state, kFiring, static_cast<int>(state.range(0)), 1, std::chrono::minutes(2));
}
BENCHMARK(FiringInstancesResent)->Arg(10'000)->Unit(benchmark::kMillisecond);

void QuietThresholds(benchmark::State& state) {
  Run(state, R"(
groups:
- name: g
  rules:
  - alert: Many
    expr: x
    warning: { above: 1000 }
    critical: { above: 2000 }
)",
      static_cast<int>(state.range(0)), 1);
}
BENCHMARK(QuietThresholds)->Arg(10'000)->Unit(benchmark::kMillisecond);

void QuietRules(benchmark::State& state) {
  std::string yaml = "groups:\n- name: g\n  rules:\n";
  for (int i = 0; i < state.range(0); ++i) {
    yaml += "  - { alert: A" + std::to_string(i) + ", expr: 'rate(x{i=\"" + std::to_string(i) +
            "\"}[5m]) > 1e9', for: 5m }\n";
  }
  Run(state, yaml, 2'000, 20);
}
BENCHMARK(QuietRules)->Arg(1'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tocsin
