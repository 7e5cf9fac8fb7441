#pragma once
// Every path that the agent answers, in one table.

#include <functional>
#include <memory>

#include "agent/api/query.h"
#include "agent/api/result_cache.h"
#include "agent/api/status.h"
#include "agent/http/router.h"
#include "agent/runtime/board.h"
#include "agent/runtime/collector_set.h"
#include "agent/runtime/rule_runner.h"
#include "base/clock.h"
#include "base/result.h"
#include "collectors/net/network.h"
#include "metrics/exposition/page.h"
#include "metrics/store/store.h"
#include "notify/service.h"

namespace tocsin::api {

/// What may change at a reload, taken at the start of each request.
struct ServedSettings {
  YamlFile config;
  Labels external_labels;
  Labels target_labels;
  std::string metrics_url;
  QueryLimits query;
  bool compat_v2 = false;
  RuntimeInfo runtime;
};

/// The parts of the agent that answer. All outlive the router.
struct Parts {
  const Clock& clock;
  net::Network& network;
  exposition::Page& page;
  const Board& board;
  const store::Store& store;
  const CollectorSet& collectors;
  const RuleRunner& rules;
  notify::Notifications& notifications;
  const promql::Queryable& storage;
  const QueryApi& query;
  ResultCache& range_cache;
  std::function<std::shared_ptr<const ServedSettings>()> settings;
  std::function<Status()> reload;
  std::string telemetry_path;
  std::string cors_origin;  // empty: no CORS headers
};

/// Fills `router`. Queries and pages are limited in number and compressed where asked for.
void AddRoutes(const Parts& parts, http::Router& router);

}  // namespace tocsin::api
