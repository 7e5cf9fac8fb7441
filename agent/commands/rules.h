#pragma once
// For people who write rules: tocsin test, lint, backtest, rules export. All return the exit status
// and print to standard output, errors to standard error.

#include <optional>
#include <string>
#include <vector>

#include "agent/settings.h"

namespace tocsin {

struct RuleArguments {
  /// Patterns of rule files, or files of rule tests; empty: the rule files of the configuration.
  std::vector<std::string> files;
  std::optional<std::string> url;   // of an agent (lint) or a Prometheus (backtest)
  std::optional<std::string> from;  // backtest: OpenMetrics with timestamps
  std::optional<std::string> start;
  std::optional<std::string> end;
  std::vector<std::string> against;            // backtest: the rules to compare with
  std::string format = "prometheus";           // export: there is no other
  std::optional<std::string> inhibition;       // export: where the inhibit_rules go
  std::optional<std::string> sample_interval;  // lint: of metrics, for judging windows
};

/// Runs files of rule tests; 1 if any fails.
int TestRules(const RuleArguments& arguments, const Flags& flags);

/// 1 if there is anything to say.
int LintRules(const RuleArguments& arguments, const Flags& flags);

/// Replays history and prints what would have paged.
int BacktestRules(const RuleArguments& arguments, const Flags& flags);

/// Prints plain Prometheus rules.
int ExportRules(const RuleArguments& arguments, const Flags& flags);

}  // namespace tocsin
