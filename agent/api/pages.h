#pragma once
// The pages that notifications link to.

#include <vector>

#include "agent/api/query.h"
#include "agent/http/request.h"
#include "base/clock.h"
#include "rules/promql/queryable.h"
#include "rules/view.h"

namespace tocsin::api {

/// /alerts: what is pending and firing, each with a link to its graph.
http::Response AlertsPage(const std::vector<RuleGroupView>& groups, WallTime now);

/// /graph?g0.expr=EXPR, Prometheus's address of a graph: its last hour as a chart and a table.
http::Response GraphPage(const promql::Queryable& storage, const Clock& clock,
                         const QueryLimits& limits, const http::Request& request);

}  // namespace tocsin::api
