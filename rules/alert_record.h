#pragma once
// All that an alert instance is, as a value that can be stored and put back after a restart.

#include <optional>
#include <string>

#include "base/clock.h"
#include "metrics/labels.h"
#include "rules/alert_state.h"

namespace tocsin {

struct AlertRecord {
  // Which rule it belongs to.
  std::string file;
  std::string group;
  std::string rule_key;  // Rule::Key(), and which of the rules with that key

  Labels identity;  // alertname and labels but severity
  Labels source;    // of the series that the expression returned
  /// Stands for the whole rule (`no_data: alert` of a rule that returns nothing).
  bool whole_rule = false;
  AlertStatus status;
  double value = 0;
  Labels annotations;  // as last expanded

  /// The labels with which it was last sent, external ones included; nothing: never sent.
  std::optional<Labels> sent_labels;
  bool sent_resolved = false;
  milliseconds since_sent{0};      // lived through, as everything that waits (alert_state.h)
  milliseconds since_resolved{0};  // likewise
  std::string ended_because;       // AlertEvent::ended_because

  friend bool operator==(const AlertRecord&, const AlertRecord&) = default;
};

}  // namespace tocsin
