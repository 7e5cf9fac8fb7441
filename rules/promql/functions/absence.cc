#include <algorithm>

#include "rules/promql/evaluator.h"
#include "rules/promql/functions/families.h"

namespace tocsin::promql::absence {
namespace {

/// What is known of the series that are missing: the labels for which the selector has one equality
/// matcher and no other.
Labels LabelsOf(const Expr& expr) {
  const Expr& inner = Unparenthesized(expr);
  const VectorSelector* selector = nullptr;
  if (inner.kind == NodeKind::kVectorSelector) selector = &As<VectorSelector>(inner);
  if (inner.kind == NodeKind::kMatrixSelector) selector = As<MatrixSelector>(inner).vector.get();
  if (!selector) return {};
  LabelsBuilder builder;
  std::vector<std::string_view> seen;
  for (const Matcher& matcher : selector->matchers) {
    if (matcher.name() == kMetricName) continue;
    const bool again = std::find(seen.begin(), seen.end(), matcher.name()) != seen.end();
    if (matcher.op() == MatchOp::kEqual && !again) {
      builder.Set(matcher.name(), matcher.value());
      seen.push_back(matcher.name());
    } else {
      builder.Del(matcher.name());
    }
  }
  return builder.Build().WithoutEmpty();
}

/// 1 at the steps at which nothing is present.
Status EmitAbsence(const Expr& expr, const std::vector<bool>& present, SeriesSink sink) {
  StepSeries series{LabelsOf(expr), std::vector<double>(present.size(), 1)};
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (present[i]) series.values[i] = promql::Absent();
  }
  return sink(series);
}

}  // namespace

Status Absent(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  std::vector<bool> present(evaluator.steps().count);
  TRY(evaluator.Vector(*call.args.front(), [&](StepSeries& series) -> Status {
    for (std::size_t i = 0; i < present.size(); ++i) {
      if (!IsAbsent(series.values[i])) present[i] = true;
    }
    return Unit{};
  }));
  return EmitAbsence(*call.args.front(), present, sink);
}

Status AbsentOverTime(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  std::vector<bool> present(evaluator.steps().count);
  TRY(evaluator.Range(*call.args.front(), [&](const Evaluator::RangeSeries& series) -> Status {
    for (std::size_t i = 0; i < present.size(); ++i) {
      if (series.batch.windows[i].lo != series.batch.windows[i].hi) present[i] = true;
    }
    return Unit{};
  }));
  return EmitAbsence(*call.args.front(), present, sink);
}

}  // namespace tocsin::promql::absence
