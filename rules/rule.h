#pragma once
// Rules and groups as loaded from rule files: immutable values.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "rules/alert_state.h"
#include "rules/promql/ast.h"
#include "rules/template/template.h"
#include "rules/threshold.h"

namespace tocsin {

/// A label or annotation of a rule. Alerting rules expand it as a template, recording rules take
/// it as it is.
struct RuleText {
  std::string name;
  std::string text;
  std::optional<tmpl::AlertText> compiled;  // alerting rules
};

struct LeakSpec;

struct Rule {
  enum class Kind : std::uint8_t { kRecording, kAlerting };

  Kind kind = Kind::kAlerting;
  std::string name;  // of the alert or of the recorded series
  std::string expr_text;
  promql::ExprPtr expr;  // never null
  std::vector<RuleText> labels;
  std::vector<RuleText> annotations;
  int line = 0;  // where it stands in its file
  int column = 0;

  // The rest is for alerting rules.

  /// What `warning:` and `critical:` compare the value with. Empty: a plain rule, whose every
  /// resulting series is an alert.
  std::array<std::optional<Threshold>, kLevels> thresholds;
  AlertPolicy policy;
  /// As written; where it is not, a failed evaluation keeps what is, as Prometheus does.
  std::optional<NoData> no_data;
  /// Plain rules with no_data keep or alert: the series that `expr` filters, so that one without
  /// data can be told from one that is fine. Null otherwise.
  promql::ExprPtr presence;
  /// A leak: or exhaustion: rule: `expr` gives the series it follows, thresholds are seconds until
  /// they reach their limit. Null for all others.
  std::shared_ptr<const LeakSpec> leak;

  /// Every expression that is evaluated for the rule.
  std::vector<const promql::Expr*> Exprs() const;

  bool IsAlerting() const { return kind == Kind::kAlerting; }
  bool HasThresholds() const { return thresholds[kLowLevel] || thresholds[kHighLevel]; }
  /// `for` and `keep_firing_for` as the rules API shows them: of the lowest level.
  const LevelPolicy& ShownLevel() const {
    return policy.levels[kLowLevel] ? *policy.levels[kLowLevel] : *policy.levels[kHighLevel];
  }
  /// Name and labels as written. Two rules with the same key in one group of two loads of a file
  /// are the same rule (Prometheus's Group.CopyState).
  std::string Key() const;
};

struct RuleGroupSpec {
  std::string file;
  std::string name;
  std::optional<milliseconds> interval;      // nothing: the configured evaluation interval
  std::optional<milliseconds> query_offset;  // nothing: none
  std::uint64_t limit = 0;                   // most series or alerts of one rule; 0: any number
  std::vector<std::shared_ptr<const Rule>> rules;
};

}  // namespace tocsin
