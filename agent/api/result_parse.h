#pragma once
#include <string_view>

#include "base/result.h"
#include "rules/promql/engine.h"

namespace tocsin::api {

/// Reads an answer of /api/v1/query or query_range, ours or Prometheus's. Errors: what the answer
/// itself reports (kInvalid), kMalformed when it is no such answer.
Result<promql::QueryResult> ParseQueryAnswer(std::string_view json);

}  // namespace tocsin::api
