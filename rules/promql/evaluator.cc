#include "rules/promql/evaluator.h"

#include <algorithm>
#include <unordered_map>

#include "rules/promql/functions/catalog.h"

namespace tocsin::promql {

Error ExecutionError(std::string message) { return {Errc::kInvalid, std::move(message)}; }

Labels DropName(const Labels& labels) { return labels.Without(kMetricName); }

Status SeriesTable::Add(StepSeries& taken, const EngineOptions& options) {
  if (taken.Empty()) return Unit{};
  if (series.size() >= options.max_series) {
    return Error{Errc::kLimit, "query needs more than " + std::to_string(options.max_series) +
                                   " series at one time"};
  }
  TRY(holding.Add(taken.values.size()));
  series.push_back(std::move(taken));
  return Unit{};
}

bool IsStepInvariant(const Expr& expr) {
  switch (expr.kind) {
    case NodeKind::kNumber:
    case NodeKind::kString:
      return true;
    case NodeKind::kVectorSelector:
      return As<VectorSelector>(expr).shift.at.has_value();
    case NodeKind::kSubquery:
      return As<SubqueryExpr>(expr).shift.at.has_value();
    case NodeKind::kCall:
      if (As<CallExpr>(expr).function.uses_time) return false;
      break;
    default:
      break;
  }
  const auto children = Children(expr);
  return std::all_of(children.begin(), children.end(),
                     [](const Expr* child) { return IsStepInvariant(*child); });
}

bool DistinctWithoutName(const Expr& expr) {
  switch (expr.kind) {
    case NodeKind::kVectorSelector: {
      const auto& matchers = As<VectorSelector>(expr).matchers;
      return std::any_of(matchers.begin(), matchers.end(), [](const Matcher& m) {
        return m.op() == MatchOp::kEqual && m.name() == kMetricName;
      });
    }
    case NodeKind::kMatrixSelector:
      return DistinctWithoutName(*As<MatrixSelector>(expr).vector);
    case NodeKind::kSubquery:
      return DistinctWithoutName(*As<SubqueryExpr>(expr).expr);
    case NodeKind::kParen:
      return DistinctWithoutName(*As<ParenExpr>(expr).expr);
    case NodeKind::kUnary:
      return !As<UnaryExpr>(expr).negate ? DistinctWithoutName(*As<UnaryExpr>(expr).expr) : true;
    case NodeKind::kAggregate: {
      const auto& aggregate = As<AggregateExpr>(expr);
      if (SelectsSamples(aggregate.op)) return DistinctWithoutName(*aggregate.expr);
      return aggregate.op != AggregateOp::kCountValues &&
             std::find(aggregate.grouping.begin(), aggregate.grouping.end(), kMetricName) ==
                 aggregate.grouping.end();
    }
    case NodeKind::kBinary: {
      const auto& binary = As<BinaryExpr>(expr);
      const bool may_keep_name =
          (IsComparison(binary.op) && !binary.return_bool) || binary.op == BinaryOp::kAtan2;
      if (!binary.matching) {
        if (!may_keep_name) return true;
        const bool left = binary.lhs->type == ValueType::kVector;
        return DistinctWithoutName(left ? *binary.lhs : *binary.rhs);
      }
      if (binary.op == BinaryOp::kAnd || binary.op == BinaryOp::kUnless) {
        return DistinctWithoutName(*binary.lhs);
      }
      // An included or matched label may be the name.
      return !may_keep_name && !IsSetOperator(binary.op) && binary.matching->include.empty() &&
             !binary.matching->on;
    }
    case NodeKind::kCall: {
      const auto& call = As<CallExpr>(expr);
      if (const auto* window = std::get_if<WindowFunction>(&call.function.compute)) {
        return !window->keeps_name || DistinctWithoutName(*call.args.front());
      }
      if (const auto* vector = std::get_if<VectorFunction>(&call.function.compute)) {
        return vector->drops_name;
      }
      return true;
    }
    case NodeKind::kNumber:
    case NodeKind::kString:
      return true;
  }
  return false;
}

bool Evaluator::DropsNamesOf(const Expr& from) const {
  return names_ == MetricNames::kMatter || !DistinctWithoutName(from);
}

Status Evaluator::Vector(const Expr& expr, SeriesSink sink) {
  if (steps_.count == 1 || !IsStepInvariant(expr)) return VectorAtAllSteps(expr, sink);
  Evaluator once(context_, {steps_.start_ms, steps_.step_ms, 1}, names_);
  return once.VectorAtAllSteps(expr, [&](StepSeries& series) -> Status {
    series.values.resize(steps_.count, series.values.front());
    return sink(series);
  });
}

Status Evaluator::VectorAtAllSteps(const Expr& expr, SeriesSink sink) {
  // What looks at more than one series may look at their names.
  const bool looks_at_names =
      expr.kind == NodeKind::kAggregate ||
      (expr.kind == NodeKind::kBinary && As<BinaryExpr>(expr).matching) ||
      (expr.kind == NodeKind::kCall &&
       std::holds_alternative<VectorFunction>(As<CallExpr>(expr).function.compute));
  if (looks_at_names && names_ == MetricNames::kIgnored) {
    return Evaluator(context_, steps_).VectorAtAllSteps(expr, sink);
  }
  switch (expr.kind) {
    case NodeKind::kVectorSelector:
      return Select(As<VectorSelector>(expr), Take::kValues, sink);
    case NodeKind::kParen:
      return Vector(*As<ParenExpr>(expr).expr, sink);
    case NodeKind::kUnary:
      return Unary(As<UnaryExpr>(expr), sink);
    case NodeKind::kBinary:
      return Binary(As<BinaryExpr>(expr), sink);
    case NodeKind::kAggregate:
      return Aggregate(As<AggregateExpr>(expr), sink);
    case NodeKind::kCall:
      return Call(As<CallExpr>(expr), sink);
    default:
      assert(false && "not an instant vector");
      return Unit{};
  }
}

Result<SeriesTable> Evaluator::Table(const Expr& expr) {
  SeriesTable table(context_);
  TRY(Vector(expr, [&](StepSeries& series) { return table.Add(series, context_.options()); }));
  return table;
}

Status Evaluator::WithoutCollisions(const Expr& from, const OnCollision& policy, SeriesSink sink,
                                    FunctionRef<Status(SeriesSink)> produce) {
  return DistinctWithoutName(from) ? produce(sink) : Merged(policy, sink, produce);
}

Status Evaluator::Merged(const OnCollision& policy, SeriesSink sink,
                         FunctionRef<Status(SeriesSink)> produce) {
  SeriesTable table(context_);
  std::unordered_map<Labels, std::size_t, LabelsHash> index;
  TRY(produce([&](StepSeries& series) -> Status {
    const auto [at, inserted] = index.try_emplace(series.labels, table.series.size());
    if (inserted) {
      TRY(table.Add(series, context_.options()));
      if (at->second == table.series.size()) index.erase(at);  // it was empty
      return Unit{};
    }
    std::vector<double>& known = table.series[at->second].values;
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (IsAbsent(series.values[i])) continue;
      if (!policy.merged || !IsAbsent(known[i])) return ExecutionError(std::string(policy.error));
      known[i] = series.values[i];
    }
    return Unit{};
  }));
  for (StepSeries& series : table.series) TRY(sink(series));
  return Unit{};
}

Status Evaluator::Unary(const UnaryExpr& unary, SeriesSink sink) {
  if (!unary.negate) return Vector(*unary.expr, sink);
  const bool drops_names = DropsNamesOf(*unary.expr);
  return WithoutCollisions(*unary.expr, kRefuseAlike, sink, [&](SeriesSink out) -> Status {
    return Vector(*unary.expr, [&](StepSeries& series) -> Status {
      if (drops_names) series.labels = DropName(series.labels);
      for (double& v : series.values) {
        if (!IsAbsent(v)) v = -v;
      }
      return out(series);
    });
  });
}

Result<ScalarSteps> Evaluator::Scalar(const Expr& expr) {
  assert(expr.type == ValueType::kScalar);
  switch (expr.kind) {
    case NodeKind::kNumber:
      return ScalarSteps::Constant(As<NumberLiteral>(expr).value);
    case NodeKind::kParen:
      return Scalar(*As<ParenExpr>(expr).expr);
    case NodeKind::kUnary: {
      const auto& unary = As<UnaryExpr>(expr);
      TRY_ASSIGN(ScalarSteps value, Scalar(*unary.expr));
      if (!unary.negate) return value;
      return value.Map(steps_.count, [](double v) { return -v; });
    }
    case NodeKind::kBinary:
      return BinaryScalar(As<BinaryExpr>(expr));
    default: {
      const auto& call = As<CallExpr>(expr);
      return std::get<ScalarFunction>(call.function.compute).compute(call, *this);
    }
  }
}

}  // namespace tocsin::promql
