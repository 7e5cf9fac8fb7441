// Operators with at least one scalar.

#include <cmath>

#include "rules/promql/evaluator.h"

namespace tocsin::promql {

double Operate(BinaryOp op, double left, double right) {
  switch (op) {
    case BinaryOp::kAdd:
      return left + right;
    case BinaryOp::kSub:
      return left - right;
    case BinaryOp::kMul:
      return left * right;
    case BinaryOp::kDiv:
      return left / right;
    case BinaryOp::kMod:
      return std::fmod(left, right);
    case BinaryOp::kPow:
      return std::pow(left, right);
    case BinaryOp::kAtan2:
      return std::atan2(left, right);
    case BinaryOp::kEqual:
      return left == right ? 1 : 0;
    case BinaryOp::kNotEqual:
      return left != right ? 1 : 0;
    case BinaryOp::kLess:
      return left < right ? 1 : 0;
    case BinaryOp::kLessEqual:
      return left <= right ? 1 : 0;
    case BinaryOp::kGreater:
      return left > right ? 1 : 0;
    case BinaryOp::kGreaterEqual:
      return left >= right ? 1 : 0;
    case BinaryOp::kAnd:
    case BinaryOp::kOr:
    case BinaryOp::kUnless:
      break;
  }
  assert(false && "not an operator on numbers");
  return 0;
}

bool KeepsName(const BinaryExpr& binary, const QueryContext& context) {
  if (IsComparison(binary.op)) return !binary.return_bool;
  return binary.op == BinaryOp::kAtan2 && context.v2();
}

Result<ScalarSteps> Evaluator::BinaryScalar(const BinaryExpr& binary) {
  TRY_ASSIGN(const ScalarSteps left, Scalar(*binary.lhs));
  TRY_ASSIGN(const ScalarSteps right, Scalar(*binary.rhs));
  if (left.IsConstant() && right.IsConstant()) {
    return ScalarSteps::Constant(Operate(binary.op, left.At(0), right.At(0)));
  }
  std::vector<double> values(steps_.count);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = Operate(binary.op, left.At(i), right.At(i));
  }
  return ScalarSteps::Varying(std::move(values));
}

Status Evaluator::Binary(const BinaryExpr& binary, SeriesSink sink) {
  if (!binary.matching) return VectorScalar(binary, sink);
  if (IsSetOperator(binary.op)) return CombineSets(binary, *this, sink);
  return MatchVectors(binary, *this, sink);
}

Status Evaluator::VectorScalar(const BinaryExpr& binary, SeriesSink sink) {
  const bool vector_left = binary.lhs->type == ValueType::kVector;
  const Expr& vector = vector_left ? *binary.lhs : *binary.rhs;
  TRY_ASSIGN(const ScalarSteps scalar, Scalar(vector_left ? *binary.rhs : *binary.lhs));
  const BinaryOp op = binary.op;
  const bool filters = IsComparison(op) && !binary.return_bool;
  const bool keeps_name = KeepsName(binary, context_);
  const bool drops_names = !keeps_name && DropsNamesOf(vector);
  const auto produce = [&](SeriesSink out) -> Status {
    return Vector(vector, [&](StepSeries& series) -> Status {
      for (std::size_t i = 0; i < series.values.size(); ++i) {
        double& value = series.values[i];
        if (IsAbsent(value)) continue;
        const double result =
            vector_left ? Operate(op, value, scalar.At(i)) : Operate(op, scalar.At(i), value);
        if (!filters) {
          value = result;
        } else if (result == 0) {
          value = Absent();
        }
      }
      if (drops_names) series.labels = DropName(series.labels);
      return out(series);
    });
  };
  if (keeps_name) return produce(sink);
  return WithoutCollisions(vector, kMergeApart, sink, produce);
}

}  // namespace tocsin::promql
