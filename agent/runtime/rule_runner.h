#pragma once
// The thread that evaluates rules, and what becomes of what they say.

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "metrics/store/store.h"
#include "rules/data_age.h"
#include "rules/group.h"
#include "rules/manager.h"

namespace tocsin {

/// What rules are evaluated against. Outlives the runner.
struct RuleWorld {
  const Clock& clock;
  store::Store& store;
  const promql::Queryable& storage;
  std::function<void(std::span<const AlertEvent>)> notify;  // queues and returns
  /// Makes the alerts on disk these; null: nothing is kept.
  std::function<void(std::span<const AlertRecord>)> save;
  /// Told again and again while rules are evaluated as they are due.
  std::function<void()> alive;
  /// The same for what leak rules know.
  std::function<void(std::span<const LeakRecord>)> save_leaks;
};

/// Counts from the start of the process.
struct RuleCounts {
  std::uint64_t evaluations = 0;  // of rules
  std::uint64_t failures = 0;     // thereof
  std::uint64_t missed = 0;       // iterations of groups
  nanoseconds time{0};            // spent on evaluating
};

/// Thread-safe. Owns the thread "tocsin-rules".
class RuleRunner {
 public:
  explicit RuleRunner(RuleWorld world);
  ~RuleRunner();
  RuleRunner(const RuleRunner&) = delete;
  RuleRunner& operator=(const RuleRunner&) = delete;

  /// Exchanges all rules; `rules` is free of errors.
  void Apply(RuleSet rules, const RuleOptions& options, const promql::EngineOptions& engine);

  /// Puts back what was saved before a restart; after the first Apply(), before Start().
  void Restore(std::span<const AlertRecord> records);
  void RestoreLeaks(std::span<const LeakRecord> records);

  void Start();
  /// Waits for the evaluation that runs.
  void Stop();

  std::vector<RuleGroupView> View() const { return manager_.View(); }
  std::shared_ptr<const Rule> FindRule(const Labels& alert) const {
    return manager_.FindRule(alert);
  }
  /// Every series that a leak rule follows.
  std::vector<LeakFinding> Leaks() const { return manager_.Leaks(world_.clock.Wall()); }
  RuleCounts counts() const;

 private:
  /// Each rule writes to a source of its own in the store.
  class Sink;

  void Loop();
  void EvaluateDue();
  void SaveLeaks();
  Moment Now() const { return {world_.clock.Wall(), world_.clock.Mono()}; }

  const RuleWorld world_;
  const std::unique_ptr<Sink> sink_;
  RuleManager manager_;
  // The rules' thread only, and Stop() after it.
  DataAge data_age_;
  std::uint64_t saved_leak_changes_ = 0;
  MonoTime saved_leaks_at_;
  std::thread thread_;

  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  promql::EngineOptions engine_ GUARDED_BY(mutex_);
  RuleCounts counts_ GUARDED_BY(mutex_);
};

}  // namespace tocsin
