#pragma once
// /api/v1/labels, /api/v1/label/<name>/values and /api/v1/series.

#include "agent/http/router.h"
#include "base/clock.h"
#include "metrics/store/store.h"

namespace tocsin::api {

http::Response LabelNames(const store::Store& store, const http::Request& request);
/// `request.path` is /api/v1/label/<name>/values.
http::Response LabelValues(const store::Store& store, const http::Request& request);
http::Response Series(const store::Store& store, const http::Request& request);

}  // namespace tocsin::api
