#pragma once
// An alert as rules make it and notify sends it.

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "metrics/labels.h"

namespace tocsin {

enum class AlertState : std::uint8_t { kInactive, kPending, kFiring };
enum class Severity : std::uint8_t {
  kNone,
  kWarning,
  kCritical
};  // kNone: a plain Prometheus rule

constexpr std::string_view AlertStateText(AlertState state) {
  switch (state) {
    case AlertState::kInactive:
      return "inactive";
    case AlertState::kPending:
      return "pending";
    case AlertState::kFiring:
      return "firing";
  }
  return "";
}

constexpr std::string_view SeverityText(Severity severity) {
  switch (severity) {
    case Severity::kNone:
      return "";
    case Severity::kWarning:
      return "warning";
    case Severity::kCritical:
      return "critical";
  }
  return "";
}

/// One alert at one evaluation: a value, made by rules, owned by whoever holds it.
struct AlertEvent {
  /// What the alert is: alertname and all labels of the instance except severity. A change of
  /// severity keeps it.
  Labels identity;
  /// What is sent: identity, severity (of a two-severity rule), external labels.
  Labels labels;
  Labels annotations;                      // expanded; names and values as in Labels
  AlertState state = AlertState::kFiring;  // kFiring, or kInactive: resolved at `resolved_at`
  Severity severity = Severity::kNone;
  /// Set when this firing event follows one that was sent with another severity: the labels that
  /// were sent then, so that a receiver that keys on labels can be told that those ended.
  std::optional<Labels> replaced_labels;
  WallTime active_at{};    // since when the condition holds (start of pending)
  WallTime fired_at{};     // since when it fires, whatever its severity
  WallTime resolved_at{};  // kInactive only
  /// kInactive only: why it ended, where that is not that its condition did ("no data for 1d", "the
  /// rule was removed"). Also the annotation resolved_because. Empty otherwise.
  std::string ended_because;
  /// Until when receivers may believe it without hearing again (Alertmanager's endsAt).
  WallTime valid_until{};
  double value = 0;
  std::string generator_url;
};

}  // namespace tocsin
