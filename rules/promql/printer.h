#pragma once
// Syntax tree to text.

#include <string>

#include "rules/promql/ast.h"

namespace tocsin::promql {

/// The canonical form on one line, as Prometheus's Expr.String(): `sum by (job) (rate(x[5m]))`.
/// ParseExpr reads it back as an equal tree.
std::string ToString(const Expr& expr);

/// The same over several indented lines where one line would be longer than 100 columns, as
/// `promtool promql format` and /api/v1/format_query break them.
std::string Prettify(const Expr& expr);

}  // namespace tocsin::promql
