// Function calls.

#include <array>

#include "base/format.h"
#include "rules/promql/evaluator.h"
#include "rules/promql/functions/catalog.h"
#include "rules/promql/quote.h"

namespace tocsin::promql {
namespace {

bool LooksLikeCounter(std::string_view name) {
  return name.empty() || name.ends_with("_total") || name.ends_with("_sum") ||
         name.ends_with("_count") || name.ends_with("_bucket");
}

}  // namespace

Status Evaluator::Call(const CallExpr& call, SeriesSink sink) {
  const FunctionKind& compute = call.function.compute;
  if (const auto* element = std::get_if<ElementFunction>(&compute)) {
    return CallElement(call, *element, sink);
  }
  if (const auto* window = std::get_if<WindowFunction>(&compute)) {
    return CallWindow(call, *window, sink);
  }
  return std::get<VectorFunction>(compute).compute(call, *this, sink);
}

Status Evaluator::CallElement(const CallExpr& call, const ElementFunction& function,
                              SeriesSink sink) {
  if (call.args.empty()) {
    StepSeries series;
    series.values.resize(steps_.count);
    for (std::size_t i = 0; i < steps_.count; ++i) {
      series.values[i] = function.apply(static_cast<double>(steps_.At(i)) / 1000, {});
    }
    return sink(series);
  }
  std::vector<ScalarSteps> scalars;
  bool constant = true;
  for (std::size_t i = 1; i < call.args.size(); ++i) {
    TRY_ASSIGN(ScalarSteps scalar, Scalar(*call.args[i]));
    constant = constant && scalar.IsConstant();
    scalars.push_back(std::move(scalar));
  }
  std::vector<double> args(scalars.size());
  const auto load_args = [&](std::size_t step) {
    for (std::size_t i = 0; i < args.size(); ++i) args[i] = scalars[i].At(step);
  };
  load_args(0);
  const Expr& vector = *call.args.front();
  const bool drops_names = DropsNamesOf(vector);
  return WithoutCollisions(vector, kMergeApart, sink, [&](SeriesSink out) -> Status {
    return Vector(vector, [&](StepSeries& series) -> Status {
      if (drops_names) series.labels = DropName(series.labels);
      for (std::size_t i = 0; i < series.values.size(); ++i) {
        double& value = series.values[i];
        if (IsAbsent(value)) continue;
        if (!constant) load_args(i);
        value = function.apply(value, args);
      }
      return out(series);
    });
  });
}

Status Evaluator::CallWindow(const CallExpr& call, const WindowFunction& function,
                             SeriesSink sink) {
  const Expr* range = nullptr;
  std::vector<ScalarSteps> scalars;
  for (const ExprPtr& arg : call.args) {
    if (arg->type == ValueType::kMatrix) {
      range = arg.get();
      continue;
    }
    TRY_ASSIGN(ScalarSteps scalar, Scalar(*arg));
    scalars.push_back(std::move(scalar));
  }
  bool checked = function.check == nullptr;
  const bool keeps_names = function.keeps_name || !DropsNamesOf(*range);
  const auto produce = [&](SeriesSink out) -> Status {
    StepSeries series;
    return Range(*range, [&](const RangeSeries& input) -> Status {
      if (!checked) TRY(function.check(call, scalars, *this));
      checked = true;
      RangeBatch batch = input.batch;
      batch.args = scalars;
      series.values.assign(steps_.count, Absent());
      function.compute(batch, series.values.data());
      TRY(context_.PollAfter(batch.samples.size() * steps_.count));
      if (function.wants_counter && !context_.v2() &&
          !LooksLikeCounter(input.labels.MetricName()) && !series.Empty()) {
        context_.Inform(
            "PromQL info: metric might not be a counter, name does not end in "
            "_total/_sum/_count/_bucket: " +
                GoQuoted(input.labels.MetricName()),
            range->pos);
      }
      series.labels = keeps_names ? input.labels : DropName(input.labels);
      return out(series);
    });
  };
  if (function.keeps_name) return produce(sink);
  return WithoutCollisions(*range, kRefuseAlike, sink, produce);
}

}  // namespace tocsin::promql
