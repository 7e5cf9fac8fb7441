#pragma once
#include "agent/http/request.h"
#include "base/clock.h"
#include "rules/promql/queryable.h"

namespace tocsin::api {

/// /api/performance/export: what the store holds of the series that any match[] selects (without
/// one: those that the vitals are made of) from start to end (the last hour), of each step the last
/// sample (without one: all). `format`: openmetrics (default), as `promtool tsdb
/// create-blocks-from openmetrics`, `tocsin query --file` and `tocsin doctor --file` read it; or
/// json. An answer that would grow past 64 MB is refused: ask for less.
http::Response ExportHistory(const promql::Queryable& storage, WallTime now,
                             const http::Request& request);

}  // namespace tocsin::api
