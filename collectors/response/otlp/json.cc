#include <simdjson.h>

#include <charconv>
#include <cmath>

#include "base/format.h"
#include "base/json.h"
#include "base/parse.h"
#include "collectors/response/otlp/message.h"

// The JSON mapping of protobuf with OTLP's amendments: keys in lowerCamelCase, 64-bit integers as
// strings or numbers, enumerations as numbers.

namespace tocsin::otlp {
namespace {

namespace dom = simdjson::dom;

/// The member under `key` if it is there and a T.
template <class T>
bool Get(dom::object object, std::string_view key, T& out) {
  return !object.at_key(key).get(out);
}

std::string Text(dom::object object, std::string_view key) {
  std::string_view text;
  return Get(object, key, text) ? std::string(text) : std::string();
}

/// A number, or text that is one ("NaN" too).
double Number(dom::element value) {
  double number = 0;
  if (!value.get(number)) return number;
  std::string_view text;
  if (!value.get(text)) return ParseDouble(text).value_or(0);
  return 0;
}

double Number(dom::object object, std::string_view key) {
  dom::element value;
  return Get(object, key, value) ? Number(value) : 0;
}

template <class T>
T Integer(dom::element value) {
  std::int64_t number = 0;
  if (!value.get(number)) return static_cast<T>(number);
  std::uint64_t large = 0;
  if (!value.get(large)) return static_cast<T>(large);
  std::string_view text;
  if (!value.get(text)) return ParseInt<T>(text).value_or(0);
  return 0;
}

template <class T>
T Integer(dom::object object, std::string_view key) {
  dom::element value;
  return Get(object, key, value) ? Integer<T>(value) : T{0};
}

template <class Visit>
void ForEach(dom::object object, std::string_view key, Visit visit) {
  dom::array items;
  if (!Get(object, key, items)) return;
  for (const dom::element item : items) visit(item);
}

template <class Visit>
void ForEachObject(dom::object object, std::string_view key, Visit visit) {
  ForEach(object, key, [&](dom::element item) {
    dom::object inner;
    if (!item.get(inner)) visit(inner);
  });
}

void ReadAttributes(dom::object owner, Attributes& out) {
  ForEachObject(owner, "attributes", [&](dom::object attribute) {
    dom::object value;
    if (!Get(attribute, "value", value)) return;
    std::string text;
    dom::element any;
    if (bool flag = false; Get(value, "boolValue", flag)) {
      text = flag ? "true" : "false";
    } else if (Get(value, "intValue", any)) {
      text = std::to_string(Integer<std::int64_t>(any));
    } else if (Get(value, "doubleValue", any)) {
      text = FormatGoFloat(Number(any));
    } else if (std::string_view string; Get(value, "stringValue", string)) {
      text = string;
    } else {
      return;
    }
    out.emplace_back(Text(attribute, "key"), std::move(text));
  });
}

void ReadBuckets(dom::object point, std::string_view key, ExponentialBuckets& out) {
  dom::object buckets;
  if (!Get(point, key, buckets)) return;
  out.offset = Integer<std::int32_t>(buckets, "offset");
  ForEach(buckets, "bucketCounts",
          [&](dom::element n) { out.counts.push_back(Integer<std::uint64_t>(n)); });
}

Point ReadPoint(dom::object object) {
  Point point;
  ReadAttributes(object, point.attributes);
  point.flags = Integer<std::uint32_t>(object, "flags");
  dom::element value;
  if (Get(object, "asInt", value)) {
    point.value = static_cast<double>(Integer<std::int64_t>(value));
  } else {
    point.value = Number(object, "asDouble");
  }
  point.sum = Number(object, "sum");
  point.count = Integer<std::uint64_t>(object, "count");
  ForEach(object, "explicitBounds", [&](dom::element b) { point.bounds.push_back(Number(b)); });
  ForEach(object, "bucketCounts",
          [&](dom::element n) { point.counts.push_back(Integer<std::uint64_t>(n)); });
  point.scale = Integer<std::int32_t>(object, "scale");
  point.zero_count = Integer<std::uint64_t>(object, "zeroCount");
  ReadBuckets(object, "positive", point.positive);
  ReadBuckets(object, "negative", point.negative);
  ForEachObject(object, "quantileValues", [&](dom::object quantile) {
    point.quantiles.emplace_back(Number(quantile, "quantile"), Number(quantile, "value"));
  });
  return point;
}

Temporality ReadTemporality(dom::object data) {
  const std::string name = Text(data, "aggregationTemporality");
  const auto number = Integer<std::int32_t>(data, "aggregationTemporality");
  if (number == 1 || name == "AGGREGATION_TEMPORALITY_DELTA") return Temporality::kDelta;
  if (number == 2 || name == "AGGREGATION_TEMPORALITY_CUMULATIVE") return Temporality::kCumulative;
  return Temporality::kUnspecified;
}

void ReadMetric(dom::object object, Sink& sink) {
  constexpr std::pair<std::string_view, DataType> kKinds[] = {
      {"gauge", DataType::kGauge},
      {"sum", DataType::kSum},
      {"histogram", DataType::kHistogram},
      {"exponentialHistogram", DataType::kExponential},
      {"summary", DataType::kSummary}};
  Metric metric;
  metric.name = Text(object, "name");
  metric.description = Text(object, "description");
  metric.unit = Text(object, "unit");
  for (const auto& kind : kKinds) {
    dom::object data;
    if (!Get(object, kind.first, data)) continue;
    metric.type = kind.second;
    metric.temporality = ReadTemporality(data);
    Get(data, "isMonotonic", metric.monotonic);
    ForEachObject(data, "dataPoints",
                  [&](dom::object point) { sink.TakePoint(metric, ReadPoint(point)); });
    return;
  }
}

}  // namespace

Status ReadJson(std::string_view body, Sink& sink) {
  dom::parser parser;
  dom::object root;
  const auto error = parser.parse(body.data(), body.size()).get(root);
  if (error) {
    return Error{Errc::kMalformed, std::string("not an ExportMetricsServiceRequest: ") +
                                       simdjson::error_message(error)};
  }
  ForEachObject(root, "resourceMetrics", [&](dom::object of_resource) {
    Attributes attributes;
    dom::object resource;
    if (Get(of_resource, "resource", resource)) ReadAttributes(resource, attributes);
    sink.TakeResource(attributes);
    ForEachObject(of_resource, "scopeMetrics", [&](dom::object scope) {
      ForEachObject(scope, "metrics", [&](dom::object metric) { ReadMetric(metric, sink); });
    });
  });
  return Unit{};
}

std::string JsonResponse(std::uint64_t rejected, std::string_view message) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  if (rejected > 0) {
    json.Key("partialSuccess").BeginObject();
    json.Key("rejectedDataPoints").String(std::to_string(rejected));
    json.Key("errorMessage").String(message).EndObject();
  }
  json.EndObject();
  return out;
}

}  // namespace tocsin::otlp
