#pragma once
#include <vector>

#include "agent/http/router.h"
#include "base/clock.h"
#include "rules/leak_finding.h"

namespace tocsin::api {

/// /api/v1/leaks: {"leaks": [...], "followed": N}: the series that are suspected or confirmed to
/// leak, those that are exhausted first at the beginning, with everything that is known of them.
/// `all=true`: every series that a leak rule follows.
http::Response Leaks(std::vector<LeakFinding> findings, WallTime now, const http::Request& request);

}  // namespace tocsin::api
