#include "agent/api/result_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <span>

#include "base/format.h"
#include "metrics/labels_json.h"

namespace tocsin::api {
namespace {

/// Room for a timestamp and what stands around it.
constexpr std::size_t kTimestampMax = 32;

/// Returns the end of what was written.
char* WriteTimestamp(std::int64_t t_ms, char* out) {
  if (t_ms < 0) *out++ = '-';
  const std::uint64_t magnitude =
      t_ms < 0 ? 0 - static_cast<std::uint64_t>(t_ms) : static_cast<std::uint64_t>(t_ms);
  out = std::to_chars(out, out + 20, magnitude / 1000).ptr;
  if (const std::uint64_t ms = magnitude % 1000; ms != 0) {
    *out++ = '.';
    *out++ = static_cast<char>('0' + ms / 100);
    *out++ = static_cast<char>('0' + ms / 10 % 10);
    *out++ = static_cast<char>('0' + ms % 10);
  }
  return out;
}

void AppendPoint(std::int64_t t_ms, double value, std::string& out) {
  std::array<char, kTimestampMax> head;
  char* at = head.data();
  *at++ = '[';
  at = WriteTimestamp(t_ms, at);
  *at++ = ',';
  *at++ = '"';
  out.append(head.data(), at);
  AppendSampleValue(value, out);
  out.append("\"]", 2);
}

/// Most of an answer, and so written past the writer.
void AppendPoints(std::span<const Sample> samples, std::string& out) {
  // Room for all of them at once; never less than twice what there was, so that growing copies
  // each byte a few times at most.
  constexpr std::size_t kUsualPoint = 28;
  const std::size_t wanted = out.size() + samples.size() * kUsualPoint;
  if (wanted > out.capacity()) out.reserve(std::max(wanted, 2 * out.capacity()));
  char separator = '[';
  for (const Sample& sample : samples) {
    out += separator;
    AppendPoint(sample.t_ms, sample.value, out);
    separator = ',';
  }
  out += samples.empty() ? "[]" : "]";
}

void WriteTextPoint(JsonWriter& json, std::int64_t t_ms, std::string_view text) {
  std::array<char, kTimestampMax> time;
  const char* const end = WriteTimestamp(t_ms, time.data());
  json.BeginArray().Raw({time.data(), static_cast<std::size_t>(end - time.data())});
  json.String(text).EndArray();
}

void WriteMetric(JsonWriter& json, const Labels& labels) {
  json.Key("metric");
  WriteLabels(labels, json);
}

}  // namespace

void AppendSampleValue(double value, std::string& out) {
  const double magnitude = std::fabs(value);
  if (magnitude == 0 || !std::isfinite(value) || (magnitude >= 1e-6 && magnitude < 1e21)) {
    AppendGoFixed(value, out);
    return;
  }
  std::array<char, 32> text;
  const auto [end, ec] =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  out.append(text.data(), end);
}

std::string FormatSampleValue(double value) {
  std::string out;
  AppendSampleValue(value, out);
  return out;
}

void WriteResult(JsonWriter& json, const promql::QueryResult& result) {
  json.BeginObject().Key("resultType").String(promql::ApiType(result.type)).Key("result");
  switch (result.type) {
    case promql::ValueType::kScalar:
      // Prometheus writes scalars without exponents, whatever their size.
      WriteTextPoint(json, result.t_ms, FormatGoFixed(result.scalar));
      break;
    case promql::ValueType::kString:
      WriteTextPoint(json, result.t_ms, result.string);
      break;
    case promql::ValueType::kVector:
      json.BeginArray();
      for (const promql::VectorSample& sample : result.vector) {
        json.BeginObject();
        WriteMetric(json, sample.labels);
        json.Key("value");
        AppendPoint(sample.t_ms, sample.value, json.RawValue());
        json.EndObject();
      }
      json.EndArray();
      break;
    case promql::ValueType::kMatrix:
      json.BeginArray();
      for (const promql::MatrixSeries& series : result.matrix) {
        json.BeginObject();
        WriteMetric(json, series.labels);
        AppendPoints(series.samples, json.Key("values").RawValue());
        json.EndObject();
      }
      json.EndArray();
      break;
  }
  json.EndObject();
}

}  // namespace tocsin::api
