#pragma once
// Requests that a collector answers itself: /probe.

#include <string_view>

#include "agent/http/request.h"
#include "agent/runtime/collector_set.h"

namespace tocsin::api {

/// What the collector called `name` says to the request; 404 while it is switched off.
http::Response AskCollector(const CollectorSet& collectors, std::string_view name,
                            const http::Request& request);

}  // namespace tocsin::api
