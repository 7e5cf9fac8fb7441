#pragma once
// Evaluates expressions against a Queryable, at one instant or over a grid of steps.

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "metrics/labels.h"
#include "metrics/sample.h"
#include "rules/promql/ast.h"
#include "rules/promql/queryable.h"

namespace tocsin::promql {

/// Which Prometheus's semantics hold where the two differ. kV3: range windows (t-d, t] and the
/// lookback window exclude their start. kV2: they include it; `.` in a regular expression does not
/// match a newline.
enum class Compat : std::uint8_t { kV3, kV2 };

/// Budgets of one query. A query that would pass one is refused with kLimit.
struct EngineOptions {
  Compat compat = Compat::kV3;
  std::int64_t lookback_ms = 5 * 60 * 1000;
  /// Step of a subquery that gives none.
  std::int64_t default_subquery_step_ms = 60 * 1000;
  /// Samples held in memory at one time (inputs of the series in hand, intermediate and final
  /// results), 8 bytes each for all but the series in hand.
  std::size_t max_samples = 5'000'000;
  /// Series held at one time by one operator.
  std::size_t max_series = 100'000;
  /// Points per series of a range query, end points included.
  std::size_t max_steps = 11'001;
  /// Steps on which the inner expression of a subquery is evaluated.
  std::size_t max_subquery_steps = 100'000;
  /// kTimeout once it has passed.
  MonoTime deadline = MonoTime::max();
  /// kCancelled once stop is requested.
  std::stop_token stop;
};

/// Something about a query that its author should know: a warning or an info.
struct Annotation {
  std::string message;  // "PromQL warning: quantile value should be …"
  PosRange pos;         // what it is about
  /// `message (line:column)`, as Prometheus's API gives it.
  std::string ToString(std::string_view query) const;
  friend bool operator==(const Annotation& a, const Annotation& b) {
    return a.message == b.message && a.pos.start == b.pos.start;
  }
};

struct VectorSample {
  Labels labels;
  std::int64_t t_ms;
  double value;
};

struct MatrixSeries {
  Labels labels;
  std::vector<Sample> samples;
};

/// `type` says which of the fields is meant.
struct QueryResult {
  ValueType type = ValueType::kVector;
  std::int64_t t_ms = 0;  // of scalar and string
  double scalar = 0;
  std::string string;
  std::vector<VectorSample> vector;  // in the order that sort, topk and the like gave it
  std::vector<MatrixSeries> matrix;  // range queries: sorted by labels
  std::vector<Annotation> warnings;
  std::vector<Annotation> infos;
};

/// Errors: kLimit, kTimeout, kCancelled, kIo of the storage; kInvalid where Prometheus fails the
/// query while it runs ("many-to-many matching not allowed: …").
Result<QueryResult> EvalInstant(const Expr& expr, std::int64_t t_ms, const Queryable& storage,
                                const EngineOptions& options);

/// What is wrong with a range query before it is evaluated (bad_data rather than execution, in
/// Prometheus's terms). Errors: kInvalid when step ≤ 0, end < start, there are too many steps, or
/// `expr` is a range vector or string.
Status CheckRange(const Expr& expr, std::int64_t start_ms, std::int64_t end_ms,
                  std::int64_t step_ms, const EngineOptions& options);

/// At start, start + step, … while ≤ end: a matrix, of one nameless series if `expr` is a scalar.
/// Errors as CheckRange and EvalInstant.
Result<QueryResult> EvalRange(const Expr& expr, std::int64_t start_ms, std::int64_t end_ms,
                              std::int64_t step_ms, const Queryable& storage,
                              const EngineOptions& options);

}  // namespace tocsin::promql
