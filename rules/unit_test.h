#pragma once
// Tests of rules as data: promtool's unit-test files run unchanged (`promtool test rules`), over
// the same groups, state machine and templates that the agent runs.
//
// Extensions to promtool's format, all optional:
//   alert_rule_test:
//     - eval_time: 5m
//       alertname: DiskFull
//       exp_alerts:               # firing
//         - severity: critical    # instead of the label in exp_labels
//           no_data: true         # fires although the last evaluation had no data for it
//           exp_labels: { … }
//           exp_annotations_include: { summary: … }   # compares these only; not with
//           exp_annotations
//       exp_pending:              # the same for pending ones; not compared when absent
//         - exp_labels: { … }
//   tests:
//     - warm_up: true             # as after a start of the agent at time 0 (see WarmUp in group.h)

#include <string>
#include <string_view>

#include "rules/promql/engine.h"

namespace tocsin {

struct UnitTestReport {
  bool passed = false;
  std::size_t tests = 0;  // expectations compared
  std::size_t failures = 0;
  /// For a person: the file, then SUCCESS or everything that was otherwise than expected.
  std::string text;
};

/// Runs one file. Rule files in it are relative to its folder.
UnitTestReport RunRuleTests(const std::string& path, promql::Compat compat);

}  // namespace tocsin
