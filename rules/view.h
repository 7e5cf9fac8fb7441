#pragma once
// What can be seen of rules and alerts from outside: plain values for /api/v1/rules,
// /api/v1/alerts, tests and tools. A view is a copy; nothing in it changes.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metrics/labels.h"
#include "rules/alert.h"
#include "rules/alert_state.h"

namespace tocsin {

struct AlertView {
  Labels labels;  // with severity, without external labels
  Labels annotations;
  AlertState state = AlertState::kInactive;  // kPending or kFiring
  Severity severity = Severity::kNone;
  WallTime active_at{};
  WallTime fired_at{};                        // kFiring
  std::optional<WallTime> keep_firing_since;  // the condition ended, keep_firing_for runs
  double value = 0;
  bool no_data = false;  // the last evaluation had none for it
};

enum class RuleHealth : std::uint8_t { kUnknown, kOk, kError };
constexpr std::string_view RuleHealthText(RuleHealth health) {
  switch (health) {
    case RuleHealth::kUnknown:
      return "unknown";
    case RuleHealth::kOk:
      return "ok";
    case RuleHealth::kError:
      return "err";
  }
  return "";
}

struct RuleView {
  bool alerting = false;
  std::string name;
  std::string query;  // canonical PromQL
  Labels labels;      // as written
  Labels annotations;
  RuleHealth health = RuleHealth::kUnknown;
  std::string last_error;
  WallTime last_evaluation{};  // 0: never
  nanoseconds evaluation_time{0};

  // Alerting rules.
  milliseconds hold_for{0};
  milliseconds keep_firing_for{0};
  AlertState state = AlertState::kInactive;  // the highest of its alerts
  std::vector<AlertView> alerts;             // sorted by labels
  std::string warning;                       // "above 70 for 5m"; empty: no such severity
  std::string critical;
};

struct RuleGroupView {
  std::string file;
  std::string name;
  milliseconds interval{0};
  std::uint64_t limit = 0;
  WallTime last_evaluation{};
  nanoseconds evaluation_time{0};
  std::vector<RuleView> rules;  // in the file's order
};

}  // namespace tocsin
