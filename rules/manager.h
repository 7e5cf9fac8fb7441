#pragma once
// All rule groups of the agent: loaded from files, due at their slots, exchanged on reload.

#include <memory>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "rules/evaluation_slots.h"
#include "rules/group.h"
#include "rules/rule_file.h"

namespace tocsin {

/// The rules of several files.
struct RuleSet {
  std::vector<std::string> files;  // what the globs found
  std::vector<RuleGroupSpec> groups;
  std::vector<Error> errors;  // if there is any, the set must not be used
};

/// Loads the rule files that the patterns (* ? [) name, each file once, in their order and then by
/// name. A pattern may match nothing, but its folder must be readable if it is there; a plain path
/// must exist. Files named *_test.yml or *_test.yaml are tests of rules (unit_test.h): a pattern
/// passes over them.
RuleSet LoadRules(std::span<const std::string> patterns);

/// A group whose time has come.
struct DueGroup {
  std::shared_ptr<RuleGroup> group;
  WallTime slot;             // what to evaluate it at
  std::uint64_t missed = 0;  // iterations that were skipped before it
};

/// Thread-safe. One thread calls TakeDue and Evaluate, any thread reloads and looks.
class RuleManager {
 public:
  /// Exchanges all rules. State goes from each old rule to the same one of the new set
  /// (RuleGroup::TakeStateFrom), wherever it stands now; alerts of rules that are gone are told as
  /// resolved, "the rule was removed". `rules` must be free of errors. Waits for an evaluation that
  /// runs.
  void Exchange(RuleSet rules, const RuleOptions& options, const Moment& now, RuleSink& sink)
      EXCLUDES(mutex_, evaluating_);

  /// Puts back what Export gave before a restart; after the first Exchange and before the first
  /// evaluation. Alerts whose rule is gone since are told as resolved.
  void Restore(std::span<const AlertRecord> records, const Moment& now, RuleSink& sink)
      EXCLUDES(mutex_, evaluating_);

  /// Groups that are due, the longest overdue first.
  std::vector<DueGroup> TakeDue(const Moment& now) EXCLUDES(mutex_);

  /// Time until a group is due next, or `longest` if that is less.
  milliseconds UntilNextDue(WallTime now, milliseconds longest) const EXCLUDES(mutex_);

  /// Evaluates a group that was taken; one that a reload has replaced meanwhile is left alone.
  EvaluationSummary Evaluate(const DueGroup& due, MonoTime now, const RuleContext& context)
      EXCLUDES(mutex_, evaluating_);

  /// By file, then by name.
  std::vector<RuleGroupView> View() const EXCLUDES(mutex_);

  std::vector<AlertRecord> Export() const EXCLUDES(mutex_);

  /// The alerting rule that an alert with these labels is of: its name, and what its labels say
  /// where they are no templates. Null if there is none.
  std::shared_ptr<const Rule> FindRule(const Labels& alert) const EXCLUDES(mutex_);

  std::vector<std::shared_ptr<RuleGroup>> Groups() const EXCLUDES(mutex_);

  /// Every series that a leak rule follows.
  std::vector<LeakFinding> Leaks(WallTime now) const EXCLUDES(mutex_);
  /// As Export and Restore. What cannot be put back begins anew.
  std::vector<LeakRecord> ExportLeaks() const EXCLUDES(mutex_);
  /// Grows when a leak was found or has ended, a restart among the reasons.
  std::uint64_t LeakChanges() const EXCLUDES(mutex_);
  void RestoreLeaks(std::span<const LeakRecord> records, WallTime now)
      EXCLUDES(mutex_, evaluating_);

 private:
  struct Entry {
    std::shared_ptr<RuleGroup> group;
    EvaluationSlots slots;
  };

  using RuleName = std::tuple<std::string, std::string, std::string>;  // file, group, rule_key
  template <class AnyRecord>
  static std::set<RuleName> NamesOf(std::span<const AnyRecord> records);
  template <class AnyRecord>
  RuleGroup* GroupOf(const AnyRecord& record, const std::set<RuleName>& names) const
      REQUIRES(mutex_);

  Mutex evaluating_;  // held through an evaluation or exchange; taken before mutex_
  mutable Mutex mutex_;
  std::vector<Entry> entries_ GUARDED_BY(mutex_);
  RuleOptions options_ GUARDED_BY(mutex_);
};

}  // namespace tocsin
