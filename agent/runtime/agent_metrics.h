#pragma once
// The agent's own metrics that are read off its parts when they are asked for.

#include "agent/api/result_cache.h"
#include "agent/runtime/collector_set.h"
#include "agent/runtime/rule_runner.h"
#include "agent/runtime/telemetry.h"
#include "metrics/exposition/page.h"
#include "metrics/store/store.h"
#include "notify/service.h"

namespace tocsin {

/// All outlive the telemetry's last collection.
struct MeasuredParts {
  const Clock& clock;
  const CollectorSet& collectors;
  const exposition::Page& page;
  const store::Store& store;
  const RuleRunner& rules;
  const notify::Notifications& notifications;
  const api::ResultCache& range_cache;
};

void AddAgentMetrics(const MeasuredParts& parts, Telemetry& telemetry);

}  // namespace tocsin
