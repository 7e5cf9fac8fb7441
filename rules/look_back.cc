#include "rules/look_back.h"

#include <algorithm>

namespace tocsin {
namespace {

using promql::As;

std::int64_t Shift(const promql::TimeShift& shift) {
  return std::max<std::int64_t>(shift.offset_ms, 0);
}

std::int64_t LookBackMs(const promql::Expr& expr) {
  switch (expr.kind) {
    case promql::NodeKind::kVectorSelector: {
      const auto& selector = As<promql::VectorSelector>(expr);
      return selector.shift.at ? 0 : Shift(selector.shift);
    }
    case promql::NodeKind::kMatrixSelector: {
      const auto& matrix = As<promql::MatrixSelector>(expr);
      return matrix.vector->shift.at ? 0 : matrix.range_ms + Shift(matrix.vector->shift);
    }
    case promql::NodeKind::kSubquery: {
      const auto& subquery = As<promql::SubqueryExpr>(expr);
      if (subquery.shift.at) return 0;
      return subquery.range_ms + Shift(subquery.shift) + LookBackMs(*subquery.expr);
    }
    default:
      break;
  }
  std::int64_t longest = 0;
  for (const promql::Expr* child : promql::Children(expr)) {
    longest = std::max(longest, LookBackMs(*child));
  }
  return longest;
}

}  // namespace

milliseconds LookBack(const promql::Expr& expr) { return milliseconds(LookBackMs(expr)); }

}  // namespace tocsin
