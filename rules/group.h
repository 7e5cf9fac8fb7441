#pragma once
// A rule group: its rules evaluated in order at one instant, their alerts, their recorded series.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "rules/alert.h"
#include "rules/alert_instances.h"
#include "rules/alert_record.h"
#include "rules/leak_finding.h"
#include "rules/leak_record.h"
#include "rules/promql/engine.h"
#include "rules/rule.h"
#include "rules/view.h"

namespace tocsin {

/// Where rules write to. Called by whoever evaluates, on its thread.
class RuleSink {
 public:
  virtual ~RuleSink() = default;
  /// All samples of one rule at one evaluation, stale markers of vanished series among them.
  /// `rule` tells rules apart, and is the same after a reload (file, group, Rule::Key(), and which
  /// of the group's rules with that key it is). What is
  /// written must be visible to queries when this returns: later rules of the group read it.
  /// Samples that the storage cannot take (too old) are the sink's to drop and count.
  virtual void Write(const std::string& rule, std::span<const RuleSample> samples) = 0;
  /// What there is to tell after one rule's evaluation; never empty.
  virtual void Notify(std::span<const AlertEvent> events) = 0;
};

/// What stays the same for all groups until a reload.
struct RuleOptions {
  milliseconds evaluation_interval = std::chrono::minutes(1);  // of groups without their own
  /// A firing alert is told again after this (Prometheus's --rules.alert.resend-delay).
  milliseconds resend_delay = std::chrono::minutes(1);
  /// After a start, for collectors to have made their first rounds: see WarmUp.
  milliseconds settling = std::chrono::seconds(30);
  Labels external_labels;
  std::string external_url;
  /// How many seconds pass for leak rules in one of the clock: 1, but for tests with programs that
  /// leak within minutes.
  double leak_time_scale = 1;
};

/// One evaluation's surroundings. A view.
struct RuleContext {
  const promql::Queryable& storage;
  const promql::EngineOptions& engine;
  RuleSink& sink;
  /// For how long the storage has been fed, by the monotonic clock (data_age.h); nothing: for
  /// longer than any rule looks back. See WarmUp.
  std::optional<milliseconds> data_age;
  /// Measures how long evaluations take, and nothing else.
  const Clock& stopwatch;
};

struct EvaluationSummary {
  std::size_t rules = 0;
  std::size_t failures = 0;
  std::size_t samples = 0;
  std::size_t events = 0;
};

/// Whether what a rule says may be trusted after a start or a step of the clock: nothing fires
/// before the data reach back over min(its look-back, 10 min), nothing ends before they do over
/// min(its look-back, 1 h); two intervals, at least `settling`, are added for collectors to have
/// made their first rounds.
struct WarmUp {
  bool may_fire = true;
  bool may_end = true;
};
WarmUp WarmUpOf(milliseconds look_back, milliseconds interval, milliseconds settling,
                std::optional<milliseconds> data_age);

/// Thread-safe: one thread evaluates, others look. Evaluate, TakeStateFrom, Retire and Restore are
/// called by one thread at a time.
class RuleGroup {
 public:
  RuleGroup(RuleGroupSpec spec, const RuleOptions& options);
  ~RuleGroup();

  const std::string& file() const { return spec_.file; }
  const std::string& name() const { return spec_.name; }
  milliseconds interval() const { return interval_; }
  const std::vector<std::shared_ptr<const Rule>>& rules() const { return spec_.rules; }

  /// Evaluates every rule at `now`. A rule that fails does not stop the others.
  EvaluationSummary Evaluate(const Moment& now, const RuleContext& context) EXCLUDES(mutex_);

  /// Takes over alerts and recorded series from the group of the same file and name before a
  /// reload: rule by rule, by Rule::Key(), the first of equal ones from the first (as Prometheus's
  /// Group.CopyState). What is left in `old` belongs to rules that are gone: Retire it.
  void TakeStateFrom(RuleGroup& old) EXCLUDES(mutex_);

  /// Takes over the alerts of rules that stood in `old`, a group of another file or name, and are
  /// in this one now; for rules that took nothing over yet. Recorded series are left to Retire, so
  /// that they end where they were written.
  void TakeMovedFrom(RuleGroup& old) EXCLUDES(mutex_);

  /// Ends all alerts of rules whose state was not taken over: resolved events that say why. Stale
  /// markers for their series are written too.
  void Retire(const Moment& now, std::string_view reason, RuleSink& sink) EXCLUDES(mutex_);

  RuleGroupView View() const EXCLUDES(mutex_);

  /// Everything about alerts that must survive a restart.
  void Export(std::vector<AlertRecord>& records) const EXCLUDES(mutex_);
  bool Has(std::string_view rule_key) const { return PlaceOf(rule_key).has_value(); }
  /// Puts an exported instance back, before the first evaluation, into the rule with its rule_key.
  /// False: there is none. No time has passed for it since it was exported (`for` goes on where it
  /// was).
  bool Restore(const AlertRecord& record) EXCLUDES(mutex_);

  /// All series that leak rules follow.
  void AddLeaks(WallTime now, std::vector<LeakFinding>& findings) const EXCLUDES(mutex_);
  /// As Export and Restore. False: the rule is gone, or the record is too old or damaged.
  std::uint64_t LeakChanges() const EXCLUDES(mutex_);
  void ExportLeaks(std::vector<LeakRecord>& records) const EXCLUDES(mutex_);
  bool RestoreLeak(const LeakRecord& record, WallTime now) EXCLUDES(mutex_);

 private:
  struct State;  // of one rule

  AlertSurroundings Surroundings() const;
  /// What RuleSink::Write calls the i-th rule.
  std::string IdOf(std::size_t i) const;
  /// Which rule has this key.
  std::optional<std::size_t> PlaceOf(std::string_view key) const;
  /// Writes into a record which rule it is of.
  template <class AnyRecord>
  void Place(std::size_t rule, AnyRecord& record) const;
  /// Of the samples of an evaluation: its time less the query offset.
  std::int64_t SampleMs(const Moment& now) const;
  void EvaluateRule(std::size_t i, const Moment& now, milliseconds elapsed,
                    const RuleContext& context, std::vector<RuleSample>& samples,
                    std::vector<AlertEvent>& events) EXCLUDES(mutex_);
  Result<AlertAnswer> FollowLeaks(std::size_t i, WallTime now, std::int64_t t_ms,
                                  const RuleContext& context) EXCLUDES(mutex_);
  void Record(State& state, Result<std::vector<promql::VectorSample>> result, std::int64_t t_ms,
              std::vector<RuleSample>& samples) REQUIRES(mutex_);
  /// Adds stale markers for what the last evaluation wrote and this one does not.
  void MarkStale(State& state, std::int64_t t_ms, std::vector<RuleSample>& samples)
      REQUIRES(mutex_);

  const RuleGroupSpec spec_;
  const std::vector<std::string> keys_;  // one a rule, no two equal
  const RuleOptions options_;
  const milliseconds interval_;
  mutable Mutex mutex_;
  std::vector<State> states_ GUARDED_BY(mutex_);  // one a rule; never resized
  std::optional<Moment> last_ GUARDED_BY(mutex_);
  nanoseconds evaluation_time_ GUARDED_BY(mutex_){0};
};

}  // namespace tocsin
