#include <string>
#include <string_view>

#include "agent/api/envelope.h"
#include "agent/api/query.h"
#include "base/format.h"
#include "base/json.h"
#include "rules/promql/functions/catalog.h"
#include "rules/promql/parser.h"

// The syntax tree as Prometheus 3's /api/v1/parse_query gives it (web/api/v1/translate_ast.go).

namespace tocsin::api {
namespace {

using promql::As;

void WriteExpr(JsonWriter& json, const promql::Expr& expr);

void WriteStrings(JsonWriter& json, std::string_view key, const std::vector<std::string>& strings) {
  json.Key(key).BeginArray();
  for (const std::string& text : strings) json.String(text);
  json.EndArray();
}

void WriteShift(JsonWriter& json, const promql::TimeShift& shift) {
  json.Key("offset").Int(shift.offset_ms).Key("timestamp");
  const bool at_time = shift.at && shift.at->kind == promql::AtModifier::Kind::kTime;
  if (at_time) {
    json.Int(shift.at->t_ms);
  } else {
    json.Null();
  }
  json.Key("startOrEnd");
  if (!shift.at || at_time) {
    json.Null();
  } else {
    json.String(shift.at->kind == promql::AtModifier::Kind::kStart ? "start" : "end");
  }
}

void WriteSelector(JsonWriter& json, const promql::VectorSelector& selector) {
  json.Key("name").String(selector.name).Key("matchers").BeginArray();
  for (const Matcher& matcher : selector.matchers) {
    json.BeginObject().Key("type").String(MatchOpText(matcher.op()));
    json.Key("name").String(matcher.name()).Key("value").String(matcher.value()).EndObject();
  }
  json.EndArray();
  WriteShift(json, selector.shift);
}

std::string_view CardinalityText(promql::Cardinality cardinality) {
  switch (cardinality) {
    case promql::Cardinality::kOneToOne:
      return "one-to-one";
    case promql::Cardinality::kManyToOne:
      return "many-to-one";
    case promql::Cardinality::kOneToMany:
      return "one-to-many";
    case promql::Cardinality::kManyToMany:
      return "many-to-many";
  }
  return "";
}

void WriteBinary(JsonWriter& json, const promql::BinaryExpr& binary) {
  json.Key("type").String("binaryExpr").Key("op").String(promql::BinaryOpText(binary.op));
  json.Key("lhs");
  WriteExpr(json, *binary.lhs);
  json.Key("rhs");
  WriteExpr(json, *binary.rhs);
  json.Key("matching");
  if (binary.matching) {
    json.BeginObject().Key("card").String(CardinalityText(binary.matching->cardinality));
    WriteStrings(json, "labels", binary.matching->labels);
    json.Key("on").Bool(binary.matching->on);
    WriteStrings(json, "include", binary.matching->include);
    json.EndObject();
  } else {
    json.Null();
  }
  json.Key("bool").Bool(binary.return_bool);
}

void WriteAggregate(JsonWriter& json, const promql::AggregateExpr& aggregate) {
  json.Key("type").String("aggregation");
  json.Key("op").String(promql::AggregateOpText(aggregate.op)).Key("expr");
  WriteExpr(json, *aggregate.expr);
  json.Key("param");
  if (aggregate.parameter) {
    WriteExpr(json, *aggregate.parameter);
  } else {
    json.Null();
  }
  WriteStrings(json, "grouping", aggregate.grouping);
  json.Key("without").Bool(aggregate.without);
}

void WriteCall(JsonWriter& json, const promql::CallExpr& call) {
  json.Key("type").String("call").Key("func").BeginObject();
  json.Key("name").String(call.function.name).Key("argTypes").BeginArray();
  for (const promql::ValueType type : call.function.Args()) json.String(promql::ApiType(type));
  json.EndArray().Key("variadic").Int(call.function.variadic);
  json.Key("returnType").String(promql::ApiType(call.function.returns)).EndObject();
  json.Key("args").BeginArray();
  for (const promql::ExprPtr& argument : call.args) WriteExpr(json, *argument);
  json.EndArray();
}

void WriteSubquery(JsonWriter& json, const promql::SubqueryExpr& subquery) {
  json.Key("type").String("subquery").Key("expr");
  WriteExpr(json, *subquery.expr);
  json.Key("range").Int(subquery.range_ms).Key("step").Int(subquery.step_ms);
  WriteShift(json, subquery.shift);
}

void WriteExpr(JsonWriter& json, const promql::Expr& expr) {
  json.BeginObject();
  switch (expr.kind) {
    case promql::NodeKind::kNumber:
      json.Key("type").String("numberLiteral").Key("val");
      json.String(FormatGoFixed(As<promql::NumberLiteral>(expr).value));
      break;
    case promql::NodeKind::kString:
      json.Key("type").String("stringLiteral").Key("val");
      json.String(As<promql::StringLiteral>(expr).value);
      break;
    case promql::NodeKind::kVectorSelector:
      json.Key("type").String("vectorSelector");
      WriteSelector(json, As<promql::VectorSelector>(expr));
      break;
    case promql::NodeKind::kMatrixSelector: {
      const auto& matrix = As<promql::MatrixSelector>(expr);
      json.Key("type").String("matrixSelector").Key("range").Int(matrix.range_ms);
      WriteSelector(json, *matrix.vector);
      break;
    }
    case promql::NodeKind::kSubquery:
      WriteSubquery(json, As<promql::SubqueryExpr>(expr));
      break;
    case promql::NodeKind::kParen:
      json.Key("type").String("parenExpr").Key("expr");
      WriteExpr(json, *As<promql::ParenExpr>(expr).expr);
      break;
    case promql::NodeKind::kUnary: {
      const auto& unary = As<promql::UnaryExpr>(expr);
      json.Key("type").String("unaryExpr").Key("op").String(unary.negate ? "-" : "+").Key("expr");
      WriteExpr(json, *unary.expr);
      break;
    }
    case promql::NodeKind::kBinary:
      WriteBinary(json, As<promql::BinaryExpr>(expr));
      break;
    case promql::NodeKind::kAggregate:
      WriteAggregate(json, As<promql::AggregateExpr>(expr));
      break;
    case promql::NodeKind::kCall:
      WriteCall(json, As<promql::CallExpr>(expr));
      break;
  }
  json.EndObject();
}

}  // namespace

http::Response ParseQuery(const http::Request& request) {
  const auto expr = promql::ParseExpr(http::Form::Parse(request).Get("query"));
  if (!expr) return InvalidParameter("query", expr.error());
  std::string data;
  JsonWriter json(data);
  WriteExpr(json, **expr);
  return Success(data);
}

}  // namespace tocsin::api
