#pragma once
// Rule files: YAML to rules. Prometheus's own load unchanged; what Tocsin adds to an alert:
//
//     - alert: HostCpuBusy
//       expr: 100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle"}[2m])))
//       for: 5m                     # of both severities, where they give none of their own
//       keep_firing_for: 2m         # likewise
//       met_in: 3 of 5              # true while met in 3 of the last 5 evaluations; likewise
//       warning:  { above: 70 }     # > 70; or below: (< …); one of the two severities may do
//       critical: { above: 90, for: 2m, resolve_below: 85, keep_firing_for: 5m, met_in: 2 of 2 }
//       no_data: keep               # keep | ok | alert
//       no_data_for: 6h             # keep: how long; then the alert ends and says why (24h)
//
// The expression of such a rule is evaluated once, without a comparison of its own. A series that
// it does not return, or whose value is NaN, has no data; so has every series when the evaluation
// fails. `no_data` decides what that means (alert_state.h); keep, unless the rule says otherwise.
// A plain rule takes met_in, no_data and no_data_for too: its expression must then be one whose
// false can be told from no data (VECTOR > NUMBER, or that with `and`/`unless`). Without no_data it
// is as in Prometheus: no series is false, and a failed evaluation changes nothing.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rules/rule.h"

namespace tocsin {

struct RuleFile {
  std::vector<RuleGroupSpec> groups;
  /// Everything that is wrong with the file, in its order, each "file:line:column: what, and what
  /// was meant"; a bad expression with the line at fault and a caret under it. If there is any, no
  /// group may be used.
  std::vector<Error> errors;
};

/// `name` is what errors and groups call the file.
RuleFile ParseRuleFile(std::string_view text, const std::string& name);

/// The same from disk; an unreadable file is an error in `errors`.
RuleFile LoadRuleFile(const std::string& path);

}  // namespace tocsin
