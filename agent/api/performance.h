#pragma once
// /api/performance/…: the host's state for those without Prometheus. JSON in the envelope of
// /api/v1. docs/performance.md shows the answers.

#include <functional>
#include <string>
#include <vector>

#include "agent/http/request.h"
#include "base/clock.h"
#include "rules/promql/engine.h"
#include "rules/promql/queryable.h"
#include "rules/view.h"

namespace tocsin::api {

/// What an answer is made of. `storage` outlives it.
struct PerformanceView {
  const promql::Queryable& storage;
  promql::EngineOptions engine;  // with its deadline
  WallTime now;
  std::vector<RuleGroupView> groups;
  std::string host;
};

/// Health, what is short, the key values with their trends, the number of alerts.
http::Response PerformanceOverview(const PerformanceView& view);
/// Every vital: what it says, its thresholds, its value for each subject.
http::Response PerformanceMetrics(const PerformanceView& view);
/// /api/performance/metrics/{name}: a vital, or any metric of the store, over start, end (the last
/// hour) and step (a minute): the trend of each series and its samples. 404 for an unknown one.
http::Response PerformanceMetric(const PerformanceView& view, const http::Request& request);
/// What is pending and firing.
http::Response PerformanceAlerts(const PerformanceView& view);
/// All resources, the one that is shortest first, with the evidence and who uses them most.
http::Response PerformanceBottlenecks(const PerformanceView& view);
/// What to look at, with commands and runbook.
http::Response PerformanceRecommendations(const PerformanceView& view);
/// ok, warning or critical, and why.
http::Response PerformanceHealth(const PerformanceView& view);
/// The report of `tocsin doctor`, as text.
http::Response PerformanceDoctor(const PerformanceView& view);

}  // namespace tocsin::api
