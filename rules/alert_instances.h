#pragma once
// The alert instances of one alerting rule: what an evaluation's result means to each, which are
// told about, which samples show them.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "rules/alert.h"
#include "rules/alert_record.h"
#include "rules/alert_state.h"
#include "rules/promql/engine.h"
#include "rules/rule.h"
#include "rules/view.h"

namespace tocsin {

/// A sample that a rule makes.
struct RuleSample {
  Labels labels;
  std::int64_t t_ms;
  double value;
};

/// What stays the same between evaluations. A view.
struct AlertSurroundings {
  const Labels& external_labels;
  const std::string& external_url;  // of this agent, for links; without a slash at the end
  milliseconds interval;            // of the group
  milliseconds resend_delay;
  std::uint64_t limit;  // most active instances; 0: any number
};

/// One evaluation.
struct AlertEvaluation {
  WallTime at;
  std::int64_t sample_ms;  // of the samples it makes: `at`, less the group's query offset
  milliseconds elapsed;
  bool may_fire;
  bool may_end;
  const tmpl::QueryFunction* query;  // for templates
};

/// The answer of the rule's expression.
struct AlertAnswer {
  std::vector<promql::VectorSample> result;
  /// The series that a plain rule's expression filters (Rule::presence), where it is asked for.
  std::optional<std::vector<promql::VectorSample>> presence;
};

/// How long a resolved alert is kept and sent again (Prometheus's resolvedRetention).
inline constexpr milliseconds kResolvedRetention = std::chrono::minutes(15);

class LeakTracker;

/// One thread at a time.
class AlertInstances {
 public:
  /// `leaks`: of a leak rule, what explains its alerts; outlives the instances.
  explicit AlertInstances(std::shared_ptr<const Rule> rule, const LeakTracker* leaks = nullptr);
  ~AlertInstances();
  AlertInstances(AlertInstances&&) noexcept;

  /// Moves every instance by one evaluation. Adds what there is to tell to `events` and the series
  /// ALERTS and ALERTS_FOR_STATE to `samples`. A failed answer is no data for all, as is one that
  /// cannot be used (two series with the same labels after those of the rule, more than the
  /// limit): that is returned as the error.
  Status Evaluate(const Result<AlertAnswer>& answer, const AlertEvaluation& evaluation,
                  const AlertSurroundings& surroundings, std::vector<AlertEvent>& events,
                  std::vector<RuleSample>& samples);

  /// Takes over the instances of the same rule as it was before a reload.
  void TakeFrom(AlertInstances& old);

  /// Ends everything, for `reason` ("the rule was removed"): resolved events for what was told.
  void End(WallTime at, std::string_view reason, const AlertSurroundings& surroundings,
           std::vector<AlertEvent>& events);

  /// Pending and firing instances, sorted by labels.
  std::vector<AlertView> View(const AlertSurroundings& surroundings) const;
  AlertState State() const;

  /// Every instance that remembers anything; file, group and rule_key are left for the caller.
  void Export(std::vector<AlertRecord>& records) const;
  void Restore(const AlertRecord& record);

 private:
  struct Instance;
  struct Seen;  // one series of an answer, judged

  using Readings = std::optional<std::array<Reading, kLevels>>;

  Result<std::vector<Seen>> Judge(const AlertAnswer& answer, const AlertEvaluation& evaluation,
                                  const AlertSurroundings& surroundings) const;
  Labels IdentityOf(const Labels& source, double value, const AlertEvaluation& evaluation,
                    const AlertSurroundings& surroundings) const;
  Instance& InstanceOf(const Labels& identity, const Labels& source);
  void SetSource(Instance& instance, const Labels& source);
  static void Move(Instance& instance, const AlertPolicy& policy, const Readings& readings,
                   const AlertEvaluation& evaluation);
  void Show(Instance& instance, const AlertEvaluation& evaluation,
            const AlertSurroundings& surroundings, std::vector<AlertEvent>& events,
            std::vector<RuleSample>& samples) const;
  AlertEvent Tell(Instance& instance, WallTime at, const tmpl::QueryFunction* query,
                  const AlertSurroundings& surroundings) const;
  Labels Annotations(const Instance& instance, WallTime at, const tmpl::QueryFunction* query,
                     const AlertSurroundings& surroundings) const;
  bool MayForget(const Instance& instance) const;

  std::shared_ptr<const Rule> rule_;
  const LeakTracker* leaks_;
  bool labels_are_plain_ = true;    // no label is a template: identity follows from the source
  bool annotations_query_ = false;  // annotations ask the storage: expanded at each evaluation
  std::string canonical_expr_;
  std::unordered_map<Labels, std::unique_ptr<Instance>, LabelsHash> instances_;  // by identity
  std::unordered_map<Labels, Instance*, LabelsHash> by_source_;  // if labels_are_plain_
  WallTime last_at_{};
  std::uint64_t round_ = 0;
};

}  // namespace tocsin
