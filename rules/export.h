#pragma once
// Tocsin's rules as plain Prometheus rules, for a fleet's ruler (Prometheus, Mimir, Thanos,
// VictoriaMetrics): two rules where an alert has two severities, and the Alertmanager inhibition
// that lets the critical one silence the warning.

#include <span>
#include <string>

#include "base/clock.h"
#include "rules/rule.h"

namespace tocsin {

struct PrometheusRules {
  std::string rules;       // a rule file
  std::string inhibition;  // inhibit_rules: of an alertmanager.yml; empty if none is needed
};

/// resolve_above/resolve_below become a look at the rule's own ALERTS, met_in a subquery over the
/// group's interval (`evaluation_interval` where it gives none). A leak rule becomes a look at what
/// the agents' detectors say, and a rule with a function of Tocsin's own is left out. What plain
/// rules cannot say (no_data: keep or alert, no_data_for) is written as a comment at the rule.
PrometheusRules ExportPrometheus(std::span<const RuleGroupSpec> groups,
                                 milliseconds evaluation_interval);

}  // namespace tocsin
