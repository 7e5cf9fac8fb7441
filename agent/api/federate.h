#pragma once

#include "agent/http/router.h"
#include "base/clock.h"
#include "metrics/store/store.h"

namespace tocsin::api {

/// /federate: the newest sample, not older than `lookback`, of every series that a match[] selects,
/// as text 0.0.4 with timestamps, for another Prometheus to scrape.
http::Response Federate(const store::Store& store, const Labels& external_labels, WallTime now,
                        milliseconds lookback, const http::Request& request);

}  // namespace tocsin::api
