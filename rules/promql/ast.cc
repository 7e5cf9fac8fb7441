#include "rules/promql/ast.h"

#include <array>

namespace tocsin::promql {

std::string_view DocumentedType(ValueType type) {
  constexpr std::array<std::string_view, 4> kNames{"scalar", "instant vector", "range vector",
                                                   "string"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string_view ApiType(ValueType type) {
  constexpr std::array<std::string_view, 4> kNames{"scalar", "vector", "matrix", "string"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string_view BinaryOpText(BinaryOp op) {
  constexpr std::array<std::string_view, 16> kNames{"+",     "-",   "*",  "/",     "%",  "^",
                                                    "atan2", "==",  "!=", "<",     "<=", ">",
                                                    ">=",    "and", "or", "unless"};
  return kNames[static_cast<std::size_t>(op)];
}

std::string_view AggregateOpText(AggregateOp op) {
  constexpr std::array<std::string_view, 14> kNames{
      "sum",    "avg",  "min",     "max",          "count",    "group",  "stddev",
      "stdvar", "topk", "bottomk", "count_values", "quantile", "limitk", "limit_ratio"};
  return kNames[static_cast<std::size_t>(op)];
}

const Expr& Unparenthesized(const Expr& expr) {
  const Expr* e = &expr;
  while (e->kind == NodeKind::kParen) e = As<ParenExpr>(*e).expr.get();
  return *e;
}

std::vector<const Expr*> Children(const Expr& expr) {
  switch (expr.kind) {
    case NodeKind::kNumber:
    case NodeKind::kString:
    case NodeKind::kVectorSelector:
      return {};
    case NodeKind::kMatrixSelector:
      return {As<MatrixSelector>(expr).vector.get()};
    case NodeKind::kSubquery:
      return {As<SubqueryExpr>(expr).expr.get()};
    case NodeKind::kParen:
      return {As<ParenExpr>(expr).expr.get()};
    case NodeKind::kUnary:
      return {As<UnaryExpr>(expr).expr.get()};
    case NodeKind::kBinary:
      return {As<BinaryExpr>(expr).lhs.get(), As<BinaryExpr>(expr).rhs.get()};
    case NodeKind::kAggregate: {
      const auto& aggregate = As<AggregateExpr>(expr);
      if (!aggregate.parameter) return {aggregate.expr.get()};
      return {aggregate.parameter.get(), aggregate.expr.get()};
    }
    case NodeKind::kCall: {
      std::vector<const Expr*> children;
      for (const ExprPtr& arg : As<CallExpr>(expr).args) children.push_back(arg.get());
      return children;
    }
  }
  return {};
}

namespace {

void CollectSelectors(const Expr& expr, std::vector<const VectorSelector*>& out) {
  if (expr.kind == NodeKind::kVectorSelector) out.push_back(&As<VectorSelector>(expr));
  for (const Expr* child : Children(expr)) CollectSelectors(*child, out);
}

}  // namespace

std::vector<const VectorSelector*> Selectors(const Expr& expr) {
  std::vector<const VectorSelector*> out;
  CollectSelectors(expr, out);
  return out;
}

}  // namespace tocsin::promql
