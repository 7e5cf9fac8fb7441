#include "rules/promql/engine.h"

#include <algorithm>

#include "rules/promql/evaluator.h"

namespace tocsin::promql {
namespace {

/// Far enough from the ends of int64 for offsets and ranges to be added.
constexpr std::int64_t kMaxTimeMs = 4'000'000'000'000'000'000;

Status CheckTime(std::int64_t t_ms) {
  if (t_ms >= -kMaxTimeMs && t_ms <= kMaxTimeMs) return Unit{};
  return Error{Errc::kInvalid, "timestamp " + std::to_string(t_ms) + " ms is out of range"};
}

Status CheckOptions(const EngineOptions& options) {
  assert(options.default_subquery_step_ms > 0);
  if (options.lookback_ms > 0) return Unit{};
  return Error{Errc::kInvalid, "the lookback must be above 0"};
}

std::size_t StepCount(std::int64_t start_ms, std::int64_t end_ms, std::int64_t step_ms) {
  return static_cast<std::size_t>((end_ms - start_ms) / step_ms) + 1;
}

Status InstantVector(const Expr& expr, Evaluator& evaluator, QueryResult& result) {
  TRY_ASSIGN(SeriesTable table, evaluator.Table(expr));
  result.vector.reserve(table.series.size());
  for (StepSeries& series : table.series) {
    result.vector.push_back(
        {std::move(series.labels), evaluator.steps().start_ms, series.values.front()});
  }
  return Unit{};
}

Status RefuseMoreSeries(const QueryResult& result, const EngineOptions& options) {
  if (result.matrix.size() < options.max_series) return Unit{};
  return Error{Errc::kLimit,
               "query yields more than " + std::to_string(options.max_series) + " series"};
}

Status InstantMatrix(const Expr& expr, Evaluator& evaluator, QueryResult& result) {
  Holding holding(evaluator.context());
  TRY(evaluator.Range(expr, [&](const Evaluator::RangeSeries& series) -> Status {
    const auto samples = series.batch.At(0);
    TRY(RefuseMoreSeries(result, evaluator.context().options()));
    TRY(holding.Add(samples.size() * 2));
    result.matrix.push_back({series.labels, {samples.begin(), samples.end()}});
    return Unit{};
  }));
  return Unit{};
}

void SortMatrix(std::vector<MatrixSeries>& matrix) {
  std::sort(matrix.begin(), matrix.end(),
            [](const MatrixSeries& a, const MatrixSeries& b) { return a.labels < b.labels; });
}

std::vector<Sample> SamplesOf(const Steps& steps, const std::vector<double>& values) {
  std::vector<Sample> samples;
  samples.reserve(values.size() -
                  static_cast<std::size_t>(std::count_if(values.begin(), values.end(), IsAbsent)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!IsAbsent(values[i])) samples.push_back({steps.At(i), values[i]});
  }
  return samples;
}

Status RangeMatrix(const Expr& expr, Evaluator& evaluator, QueryResult& result) {
  const Steps& steps = evaluator.steps();
  if (expr.type == ValueType::kScalar) {
    TRY_ASSIGN(const ScalarSteps scalar, evaluator.Scalar(expr));
    MatrixSeries series;
    for (std::size_t i = 0; i < steps.count; ++i) {
      series.samples.push_back({steps.At(i), scalar.At(i)});
    }
    result.matrix.push_back(std::move(series));
    return Unit{};
  }
  Holding holding(evaluator.context());
  return evaluator.Vector(expr, [&](StepSeries& series) -> Status {
    if (series.Empty()) return Unit{};
    TRY(RefuseMoreSeries(result, evaluator.context().options()));
    MatrixSeries out{series.labels, SamplesOf(steps, series.values)};
    TRY(holding.Add(out.samples.size() * 2));
    result.matrix.push_back(std::move(out));
    return Unit{};
  });
}

void TakeAnnotations(QueryContext& context, QueryResult& result) {
  result.warnings = context.TakeWarnings();
  result.infos = context.TakeInfos();
}

}  // namespace

Result<QueryResult> EvalInstant(const Expr& expr, std::int64_t t_ms, const Queryable& storage,
                                const EngineOptions& options) {
  TRY(CheckTime(t_ms));
  TRY(CheckOptions(options));
  QueryContext context(storage, options, t_ms, t_ms);
  TRY(context.Poll());
  Evaluator evaluator(context, {t_ms, 0, 1});
  QueryResult result;
  result.type = expr.type;
  result.t_ms = t_ms;
  switch (expr.type) {
    case ValueType::kString:
      result.string = As<StringLiteral>(Unparenthesized(expr)).value;
      break;
    case ValueType::kScalar: {
      TRY_ASSIGN(const ScalarSteps scalar, evaluator.Scalar(expr));
      result.scalar = scalar.At(0);
      break;
    }
    case ValueType::kVector:
      TRY(InstantVector(expr, evaluator, result));
      break;
    case ValueType::kMatrix:
      TRY(InstantMatrix(expr, evaluator, result));
      SortMatrix(result.matrix);
      break;
  }
  TakeAnnotations(context, result);
  return result;
}

Status CheckRange(const Expr& expr, std::int64_t start_ms, std::int64_t end_ms,
                  std::int64_t step_ms, const EngineOptions& options) {
  TRY(CheckTime(start_ms));
  TRY(CheckTime(end_ms));
  if (step_ms <= 0) {
    return Error{Errc::kInvalid,
                 "zero or negative query resolution step widths are not accepted. Try a positive "
                 "integer"};
  }
  if (end_ms < start_ms) {
    return Error{Errc::kInvalid, "end timestamp must not be before start time"};
  }
  if (StepCount(start_ms, end_ms, step_ms) > options.max_steps) {
    return Error{Errc::kInvalid, "exceeded maximum resolution of " +
                                     std::to_string(options.max_steps) +
                                     " points per timeseries. Try decreasing the query resolution "
                                     "(?step=XX)"};
  }
  if (expr.type != ValueType::kVector && expr.type != ValueType::kScalar) {
    return Error{Errc::kInvalid, "invalid expression type \"" +
                                     std::string(DocumentedType(expr.type)) +
                                     "\" for range query, must be Scalar or instant Vector"};
  }
  return Unit{};
}

Result<QueryResult> EvalRange(const Expr& expr, std::int64_t start_ms, std::int64_t end_ms,
                              std::int64_t step_ms, const Queryable& storage,
                              const EngineOptions& options) {
  TRY(CheckRange(expr, start_ms, end_ms, step_ms, options));
  TRY(CheckOptions(options));
  QueryContext context(storage, options, start_ms, end_ms);
  TRY(context.Poll());
  Evaluator evaluator(context, {start_ms, step_ms, StepCount(start_ms, end_ms, step_ms)});
  QueryResult result;
  result.type = ValueType::kMatrix;
  result.t_ms = start_ms;
  TRY(RangeMatrix(expr, evaluator, result));
  SortMatrix(result.matrix);
  TakeAnnotations(context, result);
  return result;
}

}  // namespace tocsin::promql
