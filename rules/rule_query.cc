#include "rules/rule_query.h"

#include "rules/promql/parser.h"
#include "rules/rule_parse.h"

namespace tocsin {

Result<std::vector<promql::VectorSample>> QueryVector(const promql::Expr& expr, std::int64_t t_ms,
                                                      const promql::Queryable& storage,
                                                      const promql::EngineOptions& options) {
  TRY_ASSIGN(promql::QueryResult result, promql::EvalInstant(expr, t_ms, storage, options));
  switch (result.type) {
    case promql::ValueType::kVector:
      return std::move(result.vector);
    case promql::ValueType::kScalar:
      return std::vector<promql::VectorSample>{{Labels(), t_ms, result.scalar}};
    case promql::ValueType::kMatrix:
    case promql::ValueType::kString:
      break;
  }
  return Error{Errc::kInvalid, "rule result is not a vector or scalar"};
}

promql::ExprPtr ValueExpr(const Rule& rule) {
  if (rule.HasThresholds()) return rule.expr;
  const promql::ExprPtr filtered = PresenceOf(rule.expr);
  return filtered ? filtered : rule.expr;
}

tmpl::QueryFunction TemplateQuery(const promql::Queryable& storage,
                                  const promql::EngineOptions& options) {
  return [&storage, &options](std::string_view text,
                              WallTime at) -> Result<std::vector<tmpl::QuerySample>> {
    TRY_ASSIGN(const promql::ExprPtr expr, promql::ParseExpr(text));
    TRY_ASSIGN(const auto vector, QueryVector(*expr, ToMillis(at), storage, options));
    std::vector<tmpl::QuerySample> samples;
    samples.reserve(vector.size());
    for (const promql::VectorSample& sample : vector) {
      samples.push_back({sample.labels, sample.value});
    }
    return samples;
  };
}

}  // namespace tocsin
