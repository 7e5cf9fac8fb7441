// What 10,000 firing alerts cost from rule to receiver, and what 100,000 undelivered notifications
// cost over a restart. The state is on a real disk.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <deque>

#include "base/log.h"
#include "notify/service.h"
#include "rules/manager.h"
#include "rules/memory_store.h"
#include "rules/rule_file.h"
#include "tests/base/temp_folder.h"

namespace tocsin::notify {
namespace {

using std::chrono::minutes;

/// Answers every request at once with one status.
class InstantTransport final : public Transport {
 public:
  explicit InstantTransport(const int& status) : status_(status) {}
  void Start(std::uint64_t id, Request) override {
    completions_.push_back({id, Answer{status_, {}, {}}});
  }
  std::vector<Completion> Wait(nanoseconds) override { return std::exchange(completions_, {}); }
  void Wake() override {}

 private:
  const int& status_;
  std::vector<Completion> completions_;
};

NotifyConfig ConfigOf(std::string_view text) {
  const auto file = ParseYaml(text, "b.yml");
  if (!file) std::abort();
  auto config = ReadNotifyConfig(*file, *file->root, {});
  if (!config) std::abort();
  return *std::move(config);
}

std::unique_ptr<StateStore> Open(const TempFolder& folder, WallTime now) {
  auto state = StateStore::Open({folder.path(), {}}, now);
  if (!state) std::abort();
  return *std::move(state);
}

class NotifyingSink final : public RuleSink {
 public:
  explicit NotifyingSink(Notifications& notifications) : notifications_(notifications) {}
  void Write(const std::string&, std::span<const RuleSample>) override {}
  void Notify(std::span<const AlertEvent> events) override {
    told_ += events.size();
    notifications_.Send(events);
  }
  std::size_t told() const { return told_; }

 private:
  Notifications& notifications_;
  std::size_t told_ = 0;
};

constexpr std::string_view kRules = R"(
groups:
- name: g
  interval: 15s
  rules:
  - alert: Many
    expr: x > 0
    labels: { team: infra }
    annotations: { summary: "{{ $labels.i }} is {{ $value }}" }
)";
constexpr std::string_view kRoute = R"(
alertmanagers: ['http://127.0.0.1:9093']
route:
  { receiver: team, group_by: [alertname, rack], group_wait: 0s, group_interval: 5m,
    routes: [ { matchers: ['team="infra"'], receiver: infra } ] }
inhibit_rules: [ { source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: [i] } ]
receivers:
  - { name: team, webhook_configs: [ { url: 'http://127.0.0.1:1/' } ] }
  - { name: infra, webhook_configs: [ { url: 'http://127.0.0.1:2/' } ] }
)";

/// One round every 15 s: evaluation, routing to a receiver and an Alertmanager, and with `kept`
/// also the state on disk. All alerts are told again after
/// `resend_delay`.
void RoundOfFiringAlerts(benchmark::State& bench, bool kept, milliseconds resend_delay) {
  const int alerts = static_cast<int>(bench.range(0));
  ManualClock clock(FromMillis(1'700'000'000'000));
  const int status = 200;
  const TempFolder folder;
  Notifications notifications(clock, {.transport = std::make_unique<InstantTransport>(status),
                                      .seed = 1,
                                      .state = kept ? Open(folder, clock.Wall()) : nullptr});
  NotifyConfig config = ConfigOf(kRoute);
  config.queue.max_messages = 1'000'000;
  notifications.Apply(std::move(config));
  NotifyingSink sink(notifications);
  MemoryStore store;
  for (int i = 0; i < alerts; ++i) {
    store.Append(Labels{{"__name__", "x"},
                        {"instance", "host"},
                        {"i", std::to_string(i)},
                        {"rack", std::to_string(i % 100)}},
                 ToMillis(clock.Wall()), 50);
  }
  RuleManager manager;
  const auto now = [&] { return Moment{clock.Wall(), clock.Mono()}; };
  RuleOptions options;
  options.resend_delay = resend_delay;
  manager.Exchange({{"r.yml"}, ParseRuleFile(kRules, "r.yml").groups, {}}, options, now(), sink);
  promql::EngineOptions engine;
  engine.lookback_ms = std::int64_t{1} << 50;  // the samples do not age
  const auto group = manager.Groups().at(0);
  const auto round = [&] {
    manager.Evaluate({group, clock.Wall(), 0}, clock.Mono(),
                     {store, engine, sink, std::nullopt, clock});
    if (kept) notifications.SaveAlerts(manager.Export());
    for (int i = 0; i < 400; ++i) notifications.RunOnce(nanoseconds(0));
    clock.Advance(seconds(15));
  };
  round();
  const std::size_t before = sink.told();
  for (auto _ : bench) round();
  bench.counters["told/round"] =
      static_cast<double>(sink.told() - before) / static_cast<double>(bench.iterations());
}
void FiringAlerts(benchmark::State& bench) { RoundOfFiringAlerts(bench, false, minutes(1)); }
void FiringAlertsToldAgain(benchmark::State& bench) {
  RoundOfFiringAlerts(bench, false, seconds(1));
}
void FiringAlertsKept(benchmark::State& bench) { RoundOfFiringAlerts(bench, true, minutes(1)); }
void Settings(benchmark::internal::Benchmark* bench) {
  bench->Arg(10'000)->Iterations(40)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
}
BENCHMARK(FiringAlerts)->Apply(Settings);
BENCHMARK(FiringAlertsToldAgain)->Apply(Settings);
BENCHMARK(FiringAlertsKept)->Apply(Settings);

/// Queued while the receiver is down; a crash; what is left is delivered.
void QueueOverARestart(benchmark::State& bench) {
  const int messages = static_cast<int>(bench.range(0));
  ConfigureLog(LogLevel::kError, LogFormat::kLogfmt);
  const std::string_view text = "alertmanagers: ['http://127.0.0.1:9093']\nmax_queue: 1000000\n";
  double queue = 0;
  double start = 0;
  double drain = 0;
  for (auto _ : bench) {
    ManualClock clock(FromMillis(1'700'000'000'000));
    const SystemClock real;
    const TempFolder folder;
    int status = 503;
    const auto make = [&] {
      auto service = std::make_unique<Notifications>(
          clock, NotificationParts{.transport = std::make_unique<InstantTransport>(status),
                                   .seed = 1,
                                   .state = Open(folder, clock.Wall())});
      service->Apply(ConfigOf(text));
      return service;
    };
    MonoTime at = real.Mono();
    const auto lap = [&] { return ToSeconds(real.Mono() - std::exchange(at, real.Mono())); };
    auto service = make();
    std::vector<AlertEvent> events;
    for (int i = 0; i < messages; ++i) {
      AlertEvent& event = events.emplace_back();
      event.identity = {{"alertname", "Many"}, {"instance", std::to_string(i)}};
      event.labels = event.identity;
      event.annotations = {{"summary", "number " + std::to_string(i)}};
      event.fired_at = clock.Wall();
      event.valid_until = clock.Wall() + minutes(4);
      if (events.size() == 1000) {
        service->Send(events);
        events.clear();
        service->RunOnce(nanoseconds(0));
      }
    }
    service->Send(events);
    queue = lap();
    service = nullptr;
    service = make();
    start = lap();
    status = 200;
    clock.Advance(minutes(2));
    const auto left = [&] { return service->Stats().at(0).queued; };
    const std::size_t survived = left();
    for (int i = 0; left() > 0 && i < messages; ++i) service->RunOnce(nanoseconds(0));
    drain = lap();
    if (survived != static_cast<std::size_t>(messages) || left() > 0) {
      bench.SkipWithError("notifications were lost or are left");
    }
  }
  bench.counters["queue_s"] = queue;
  bench.counters["start_s"] = start;
  bench.counters["drain_s"] = drain;
}
BENCHMARK(QueueOverARestart)
    ->Arg(100'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();

}  // namespace
}  // namespace tocsin::notify
