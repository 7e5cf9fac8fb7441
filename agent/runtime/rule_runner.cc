#include "agent/runtime/rule_runner.h"

#include <pthread.h>

#include <utility>
#include <vector>

namespace tocsin {
namespace {

/// A rule whose evaluation takes longer fails, so that one cannot stop all others.
constexpr milliseconds kRuleTimeout = seconds(10);
/// What leak rules saw of a series since is lost in a crash, unless a leak was found meanwhile.
constexpr milliseconds kLeakSaveInterval = std::chrono::minutes(5);
/// The longest sleep: the wall clock may be set while the thread sleeps.
constexpr milliseconds kLongestSleep = seconds(1);

}  // namespace

class RuleRunner::Sink final : public RuleSink {
 public:
  explicit Sink(const RuleWorld& world) : world_(world) {}

  void Write(const std::string& rule, std::span<const RuleSample> samples) override {
    auto& source = sources_[rule];
    if (!source) source = world_.store.OpenSource("rule " + rule);
    // A source ends by itself what is missing from a round, so the stale markers are left out.
    round_.clear();
    for (const RuleSample& sample : samples) {
      if (!IsStaleNan(sample.value)) round_.push_back({sample.labels, sample.value});
    }
    source->Append(FromMillis(samples.front().t_ms), round_);
    if (round_.empty()) sources_.erase(rule);
  }

  void Notify(std::span<const AlertEvent> events) override { world_.notify(events); }

 private:
  const RuleWorld& world_;
  std::map<std::string, std::unique_ptr<store::Source>> sources_;
  std::vector<store::LabeledValue> round_;
};

RuleRunner::RuleRunner(RuleWorld world)
    : world_(std::move(world)),
      sink_(std::make_unique<Sink>(world_)),
      data_age_(Now()),
      saved_leaks_at_(world_.clock.Mono()) {}

RuleRunner::~RuleRunner() { Stop(); }

void RuleRunner::Apply(RuleSet rules, const RuleOptions& options,
                       const promql::EngineOptions& engine) {
  {
    const MutexLock lock(mutex_);
    engine_ = engine;
  }
  manager_.Exchange(std::move(rules), options, Now(), *sink_);
  changed_.NotifyAll();
}

void RuleRunner::Restore(std::span<const AlertRecord> records) {
  manager_.Restore(records, Now(), *sink_);
}

void RuleRunner::RestoreLeaks(std::span<const LeakRecord> records) {
  manager_.RestoreLeaks(records, world_.clock.Wall());
}

void RuleRunner::Start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "tocsin-rules");
    Loop();
  });
}

void RuleRunner::Stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  if (!thread_.joinable()) return;
  thread_.join();
  if (world_.save_leaks) world_.save_leaks(manager_.ExportLeaks());
}

RuleCounts RuleRunner::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

void RuleRunner::Loop() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    mutex_.unlock();
    EvaluateDue();
    world_.alive();
    const milliseconds sleep = manager_.UntilNextDue(world_.clock.Wall(), kLongestSleep);
    mutex_.lock();
    if (!stopping_) changed_.WaitUntil(mutex_, world_.clock.Mono() + sleep);
  }
}

void RuleRunner::EvaluateDue() {
  const Moment now = Now();
  data_age_.At(now);  // so that no step is missed, whether a group is due or not
  const std::vector<DueGroup> all_due = manager_.TakeDue(now);
  for (const DueGroup& due : all_due) {
    promql::EngineOptions engine;
    {
      const MutexLock lock(mutex_);
      if (stopping_) return;
      engine = engine_;
    }
    const Moment began = Now();
    engine.deadline = began.mono + kRuleTimeout;
    const EvaluationSummary summary = manager_.Evaluate(
        due, began.mono, {world_.storage, engine, *sink_, data_age_.At(began), world_.clock});
    const MutexLock lock(mutex_);
    counts_.evaluations += summary.rules;
    counts_.failures += summary.failures;
    counts_.missed += due.missed;
    counts_.time += world_.clock.Mono() - began.mono;
  }
  // What an alert stands on first: a leak that is forgotten would end its alert.
  if (!all_due.empty() && world_.save_leaks) SaveLeaks();
  if (!all_due.empty() && world_.save) world_.save(manager_.Export());
}

void RuleRunner::SaveLeaks() {
  const std::uint64_t changes = manager_.LeakChanges();
  const MonoTime now = world_.clock.Mono();
  if (changes == saved_leak_changes_ && now - saved_leaks_at_ < kLeakSaveInterval) return;
  saved_leak_changes_ = changes;
  saved_leaks_at_ = now;
  world_.save_leaks(manager_.ExportLeaks());
}

}  // namespace tocsin
