#pragma once
// Which values an expression can have at all, as far as that follows from its functions: for
// finding comparisons that are always or never true.

#include <limits>

#include "rules/promql/ast.h"

namespace tocsin {

/// Inclusive; NaN, which any expression may give, is left aside.
struct ValueRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

/// Counters (by their names: _total, _bucket, _count) and rates are not below 0, count() not below
/// 1, absent() is 1, and so on through arithmetic. Unbounded where nothing is known.
ValueRange RangeOf(const promql::Expr& expr);

enum class Verdict { kDepends, kAlways, kNever };

/// What `left op right` is for all values of the ranges; `op` is a comparison.
Verdict Judge(promql::BinaryOp op, const ValueRange& left, const ValueRange& right);

}  // namespace tocsin
