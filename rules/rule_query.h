#pragma once
// Rules' and templates' questions to the storage.

#include <vector>

#include "rules/promql/engine.h"
#include "rules/rule.h"
#include "rules/template/template.h"

namespace tocsin {

/// A rule's expression at an instant, as a vector: a scalar is one nameless sample. Errors: those
/// of EvalInstant; kInvalid for a range vector or string.
Result<std::vector<promql::VectorSample>> QueryVector(const promql::Expr& expr, std::int64_t t_ms,
                                                      const promql::Queryable& storage,
                                                      const promql::EngineOptions& options);

/// What an alert of this rule is about: its expression, without the comparison that makes it fire.
promql::ExprPtr ValueExpr(const Rule& rule);

/// The template function `query`. `storage` and `options` outlive it.
tmpl::QueryFunction TemplateQuery(const promql::Queryable& storage,
                                  const promql::EngineOptions& options);

}  // namespace tocsin
