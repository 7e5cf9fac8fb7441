#include "agent/api/result_parse.h"

#include <simdjson.h>

#include <cmath>
#include <string>
#include <utility>

#include "base/parse.h"

namespace tocsin::api {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

Error Unexpected() { return {Errc::kMalformed, "not an answer of the query API"}; }

/// [seconds, "value"]
bool ReadPoint(const element& point, Sample& out) {
  double at = 0;
  std::string_view text;
  if (point.at(0).get(at) || point.at(1).get(text)) return false;
  const auto value = ParseDouble(text);
  if (!value) return false;
  out = {std::llround(at * 1000), *value};
  return true;
}

bool ReadLabels(const element& series, Labels& out) {
  simdjson::dom::object metric;
  if (series["metric"].get(metric)) return false;
  LabelsBuilder builder;
  for (const auto field : metric) {
    std::string_view value;
    if (field.value.get(value)) return false;
    builder.Set(field.key, value);
  }
  out = builder.Build();
  return true;
}

bool ReadVector(const array& series, promql::QueryResult& result) {
  for (const element one : series) {
    promql::VectorSample sample{};
    Sample point{};
    element value;
    if (!ReadLabels(one, sample.labels) || one["value"].get(value) || !ReadPoint(value, point)) {
      return false;
    }
    sample.t_ms = point.t_ms;
    sample.value = point.value;
    result.vector.push_back(std::move(sample));
  }
  return true;
}

bool ReadMatrix(const array& series, promql::QueryResult& result) {
  for (const element one : series) {
    promql::MatrixSeries out;
    array values;
    if (!ReadLabels(one, out.labels) || one["values"].get(values)) return false;
    for (const element point : values) {
      Sample sample{};
      if (!ReadPoint(point, sample)) return false;
      out.samples.push_back(sample);
    }
    if (!out.samples.empty()) result.matrix.push_back(std::move(out));
  }
  return true;
}

bool ReadData(std::string_view type, const element& data, promql::QueryResult& result) {
  if (type == "scalar" || type == "string") {
    result.type = type == "scalar" ? promql::ValueType::kScalar : promql::ValueType::kString;
    std::string_view text;
    double at = 0;
    if (data.at(0).get(at) || data.at(1).get(text)) return false;
    result.t_ms = std::llround(at * 1000);
    if (type == "string") {
      result.string = text;
      return true;
    }
    const auto value = ParseDouble(text);
    result.scalar = value.value_or(0);
    return value.has_value();
  }
  array series;
  if (data.get(series)) return false;
  result.type = type == "matrix" ? promql::ValueType::kMatrix : promql::ValueType::kVector;
  if (type == "matrix") return ReadMatrix(series, result);
  return type == "vector" && ReadVector(series, result);
}

}  // namespace

Result<promql::QueryResult> ParseQueryAnswer(std::string_view json) {
  simdjson::dom::parser parser;
  element answer;
  std::string_view status;
  if (parser.parse(json.data(), json.size()).get(answer) || answer["status"].get(status)) {
    return Unexpected();
  }
  if (status != "success") {
    std::string_view message;
    if (answer["error"].get(message)) return Unexpected();
    return Error{Errc::kInvalid, std::string(message)};
  }
  std::string_view type;
  element data;
  promql::QueryResult result;
  if (answer["data"]["resultType"].get(type) || answer["data"]["result"].get(data) ||
      !ReadData(type, data, result)) {
    return Unexpected();
  }
  return result;
}

}  // namespace tocsin::api
