#pragma once
// How far back from the instant of evaluation an expression reads its data.

#include "base/clock.h"
#include "rules/promql/ast.h"

namespace tocsin {

/// The longest of its ranges, with the offsets and subqueries around them; 0 for an expression of
/// instant selectors (their lookback tolerates gaps, it needs no history). `@` reads at a fixed
/// time and counts as nothing.
milliseconds LookBack(const promql::Expr& expr);

}  // namespace tocsin
