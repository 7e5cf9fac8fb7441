#include <cmath>
#include <numbers>

#include "rules/promql/evaluator.h"
#include "rules/promql/functions/families.h"

namespace tocsin::promql::convert {

Result<ScalarSteps> Pi(const CallExpr&, Evaluator&) {
  return ScalarSteps::Constant(std::numbers::pi);
}

Result<ScalarSteps> Time(const CallExpr&, Evaluator& evaluator) {
  const Steps& steps = evaluator.steps();
  std::vector<double> seconds(steps.count);
  for (std::size_t i = 0; i < steps.count; ++i) {
    seconds[i] = static_cast<double>(steps.At(i)) / 1000;
  }
  return ScalarSteps::Varying(std::move(seconds));
}

Result<ScalarSteps> ScalarOf(const CallExpr& call, Evaluator& evaluator) {
  // NaN unless there is exactly one sample at the step.
  std::vector<double> values(evaluator.steps().count, std::nan(""));
  std::vector<bool> seen(values.size());
  TRY(evaluator.Vector(*call.args.front(), [&](StepSeries& series) -> Status {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (IsAbsent(series.values[i])) continue;
      values[i] = seen[i] ? std::nan("") : series.values[i];
      seen[i] = true;
    }
    return Unit{};
  }));
  return ScalarSteps::Varying(std::move(values));
}

Status VectorOf(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  TRY_ASSIGN(const ScalarSteps scalar, evaluator.Scalar(*call.args.front()));
  StepSeries series;
  for (std::size_t i = 0; i < evaluator.steps().count; ++i) series.values.push_back(scalar.At(i));
  return sink(series);
}

Status Timestamp(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  const Expr& vector = Unparenthesized(*call.args.front());
  // Only a selector knows when its samples were taken; all else is as old as the evaluation.
  const bool selects = vector.kind == NodeKind::kVectorSelector;
  return evaluator.WithoutCollisions(vector, kMergeApart, sink, [&](SeriesSink out) -> Status {
    const auto take = [&](StepSeries& series) -> Status {
      series.labels = DropName(series.labels);
      for (std::size_t i = 0; !selects && i < series.values.size(); ++i) {
        if (IsAbsent(series.values[i])) continue;
        series.values[i] = static_cast<double>(evaluator.steps().At(i)) / 1000;
      }
      return out(series);
    };
    if (!selects) return evaluator.Vector(vector, take);
    return evaluator.Select(As<VectorSelector>(vector), Evaluator::Take::kTimestamps, take);
  });
}

}  // namespace tocsin::promql::convert
