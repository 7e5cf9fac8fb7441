#pragma once
// The data of Alertmanager's notification templates.

#include <string>
#include <vector>

#include "base/clock.h"
#include "metrics/labels.h"
#include "rules/template/value.h"

namespace tocsin::tmpl {

/// One element of .Alerts.
struct NotificationAlert {
  std::string status;  // "firing" or "resolved"
  Labels labels;
  Labels annotations;
  Time starts_at;
  Time ends_at;  // Go's zero time while it is firing
  std::string generator_url;
  std::string fingerprint;
};

/// Alertmanager's template.Data: what `.` is in a receiver's template.
struct NotificationData {
  std::string receiver;
  std::string status;
  std::vector<NotificationAlert> alerts;
  Labels group_labels;
  Labels common_labels;
  Labels common_annotations;
  std::string external_url;
  std::string acknowledge_url;  // not Alertmanager's: .AcknowledgeURL
};

/// With all the methods: .Alerts.Firing, .Alerts.Resolved, .GroupLabels.SortedPairs.Names, .Values,
/// .Remove and so on.
Value ToValue(const NotificationData& data);

}  // namespace tocsin::tmpl
