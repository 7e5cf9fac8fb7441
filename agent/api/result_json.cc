#include "agent/api/result_json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/format.h"

namespace tocsin::api {
namespace {

void AppendInt(std::uint64_t value, std::string& out) {
  std::array<char, 20> text;
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

void AppendTimestamp(std::int64_t t_ms, std::string& out) {
  if (t_ms < 0) out += '-';
  const std::uint64_t magnitude =
      t_ms < 0 ? 0 - static_cast<std::uint64_t>(t_ms) : static_cast<std::uint64_t>(t_ms);
  AppendInt(magnitude / 1000, out);
  if (const std::uint64_t ms = magnitude % 1000; ms != 0) {
    out += '.';
    out += static_cast<char>('0' + ms / 100);
    out += static_cast<char>('0' + ms / 10 % 10);
    out += static_cast<char>('0' + ms % 10);
  }
}

void AppendPoint(std::int64_t t_ms, double value, std::string& out) {
  out += '[';
  AppendTimestamp(t_ms, out);
  out += ",\"";
  AppendSampleValue(value, out);
  out += "\"]";
}

void WritePoint(JsonWriter& json, std::int64_t t_ms, double value) {
  std::string point;
  AppendPoint(t_ms, value, point);
  json.Raw(point);
}

void WriteMetric(JsonWriter& json, const Labels& labels) {
  json.Key("metric").BeginObject();
  for (const LabelView label : labels) json.Key(label.name).String(label.value);
  json.EndObject();
}

}  // namespace

void AppendSampleValue(double value, std::string& out) {
  const double magnitude = std::fabs(value);
  if (magnitude == 0 || !std::isfinite(value) || (magnitude >= 1e-6 && magnitude < 1e21)) {
    AppendGoFixed(value, out);
    return;
  }
  // encoding/json's form: an exponent without leading zeros.
  std::array<char, 32> text;
  const auto [end, ec] =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  const std::size_t start = out.size();
  out.append(text.data(), end);
  if (const auto sign = out.find('e', start) + 1; out[sign] == '-' && out[sign + 1] == '0') {
    out.erase(sign + 1, 1);
  }
}

std::string FormatSampleValue(double value) {
  std::string out;
  AppendSampleValue(value, out);
  return out;
}

void WriteResult(JsonWriter& json, const promql::QueryResult& result) {
  std::string points;
  json.BeginObject().Key("resultType").String(promql::ApiType(result.type)).Key("result");
  switch (result.type) {
    case promql::ValueType::kScalar:
      WritePoint(json, result.t_ms, result.scalar);
      break;
    case promql::ValueType::kString: {
      std::string time;
      AppendTimestamp(result.t_ms, time);
      json.BeginArray().Raw(time).String(result.string).EndArray();
      break;
    }
    case promql::ValueType::kVector:
      json.BeginArray();
      for (const promql::VectorSample& sample : result.vector) {
        json.BeginObject();
        WriteMetric(json, sample.labels);
        json.Key("value");
        WritePoint(json, sample.t_ms, sample.value);
        json.EndObject();
      }
      json.EndArray();
      break;
    case promql::ValueType::kMatrix:
      json.BeginArray();
      for (const promql::MatrixSeries& series : result.matrix) {
        json.BeginObject();
        WriteMetric(json, series.labels);
        points = "[";  // most of an answer: written past the writer
        for (const Sample& sample : series.samples) {
          if (points.size() > 1) points += ',';
          AppendPoint(sample.t_ms, sample.value, points);
        }
        points += ']';
        json.Key("values").Raw(points).EndObject();
      }
      json.EndArray();
      break;
  }
  json.EndObject();
}

}  // namespace tocsin::api
