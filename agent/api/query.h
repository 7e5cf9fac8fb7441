#pragma once
// /api/v1/query, query_range, query_exemplars, format_query and parse_query.

#include <atomic>
#include <cstdint>
#include <functional>

#include "agent/api/result_cache.h"
#include "agent/http/router.h"
#include "base/clock.h"
#include "rules/promql/engine.h"
#include "rules/promql/queryable.h"

namespace tocsin::api {

struct QueryLimits {
  promql::EngineOptions engine;  // deadline and stop are set for each query
  milliseconds timeout;          // the most that a request may ask for
  std::size_t max_concurrency;   // queries at once; past it 503
};

/// Thread-safe. What it is given outlives it.
class QueryApi {
 public:
  QueryApi(const promql::Queryable& storage, const Clock& clock)
      : storage_(storage), clock_(clock) {}

  http::Response Instant(const http::Request& request, const QueryLimits& limits) const;
  /// Answers that succeeded are kept in `cache` and given again while they are young.
  http::Response Range(const http::Request& request, const QueryLimits& limits,
                       ResultCache& cache) const;

 private:
  using Check = std::function<Status(const promql::Expr&, const promql::EngineOptions&)>;
  using Evaluate =
      std::function<Result<promql::QueryResult>(const promql::Expr&, const promql::EngineOptions&)>;
  /// What `check` refuses is the request's fault, what `evaluate` refuses the query's.
  http::Response Answer(const http::Form& form, const QueryLimits& limits, const Check& check,
                        const Evaluate& evaluate) const;

  const promql::Queryable& storage_;
  const Clock& clock_;
  mutable std::atomic<std::size_t> running_{0};
};

/// There are no exemplars: a selector gives none, anything else is refused.
http::Response Exemplars(const http::Request& request);
http::Response FormatQuery(const http::Request& request);
http::Response ParseQuery(const http::Request& request);

}  // namespace tocsin::api
