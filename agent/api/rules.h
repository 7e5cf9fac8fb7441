#pragma once
// /api/v1/rules and /api/v1/alerts.

#include <vector>

#include "agent/http/router.h"
#include "rules/view.h"

namespace tocsin::api {

/// With Prometheus's filters: type, rule_name[], rule_group[], file[], exclude_alerts. A rule with
/// two severities shows them as `warning` and `critical`, which Prometheus's answers lack.
http::Response Rules(const std::vector<RuleGroupView>& groups, const http::Request& request);

http::Response Alerts(const std::vector<RuleGroupView>& groups);

}  // namespace tocsin::api
