#pragma once
// What is probably not meant in rules that load.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metrics/family.h"
#include "rules/rule.h"

namespace tocsin {

/// What is known of one metric (a series' __name__) of the live agent.
struct MetricFacts {
  MetricType type = MetricType::kUnknown;
  milliseconds interval{0};  // between samples; 0: not known
};

struct LintOptions {
  /// Metrics that there are, by name; nothing: not known, nothing is said of metrics.
  std::optional<std::map<std::string, MetricFacts, std::less<>>> metrics;
  milliseconds evaluation_interval = std::chrono::seconds(15);  // of groups without their own
  milliseconds sample_interval{0};  // of metrics whose own is not known; 0: windows are not judged
};

struct LintFinding {
  std::string file;
  int line = 0;
  int column = 0;
  std::string rule;
  std::string message;  // what, and what was probably meant

  /// "file:line:column: rule: message".
  std::string ToString() const;
};

/// Looks for: metrics that nobody exports; $value in labels; windows shorter than two intervals;
/// comparisons and thresholds that are always or never true; alerts without `for` or summary; rates
/// of gauges; $labels that the expression aggregates away; filters that would keep an alert for
/// want of data; two rules that are the same.
std::vector<LintFinding> Lint(std::span<const RuleGroupSpec> groups, const LintOptions& options);

}  // namespace tocsin
