#include <exception>

namespace {

/// protozero takes a field of another wire type than the one asked for as a bug of its caller; here
/// it is one of whoever sent the message.
struct WrongWireType : std::exception {
  const char* what() const noexcept override { return "a field of another type"; }
};
inline void CheckWireType(bool right) {
  if (!right) throw WrongWireType();
}

}  // namespace

#define protozero_assert(x) CheckWireType(x)
#include <protozero/pbf_reader.hpp>

#include "base/format.h"
#include "collectors/response/otlp/message.h"

namespace tocsin::otlp {
namespace {

using protozero::pbf_reader;

std::string_view View(protozero::data_view view) { return {view.data(), view.size()}; }
std::string Text(pbf_reader& reader) { return std::string(View(reader.get_view())); }

/// AnyValue. False for arrays, maps and nothing.
bool ReadValue(pbf_reader value, std::string& out) {
  bool known = false;
  while (value.next()) {
    known = true;
    switch (value.tag()) {
      case 1:  // string_value
      case 7:  // bytes_value
        out = Text(value);
        break;
      case 2:
        out = value.get_bool() ? "true" : "false";
        break;
      case 3:
        out = std::to_string(value.get_int64());
        break;
      case 4:
        out = FormatGoFloat(value.get_double());
        break;
      default:
        value.skip();
        known = false;
    }
  }
  return known;
}

void ReadAttribute(pbf_reader attribute, Attributes& out) {
  std::string key;
  std::string text;
  bool known = false;
  while (attribute.next()) {
    switch (attribute.tag()) {
      case 1:
        key = Text(attribute);
        break;
      case 2:
        known = ReadValue(attribute.get_message(), text);
        break;
      default:
        attribute.skip();
    }
  }
  if (known) out.emplace_back(std::move(key), std::move(text));
}

/// A repeated number may come as one field each or as one field of all.
bool IsPacked(const pbf_reader& reader) {
  return reader.wire_type() == protozero::pbf_wire_type::length_delimited;
}

void ReadBuckets(pbf_reader buckets, ExponentialBuckets& out) {
  while (buckets.next()) {
    if (buckets.tag() == 1) {
      out.offset = buckets.get_sint32();
    } else if (buckets.tag() == 2 && IsPacked(buckets)) {
      for (const std::uint64_t count : buckets.get_packed_uint64()) out.counts.push_back(count);
    } else if (buckets.tag() == 2) {
      out.counts.push_back(buckets.get_uint64());
    } else {
      buckets.skip();
    }
  }
}

void ReadQuantile(pbf_reader quantile, Point& point) {
  std::pair<double, double> read{0, 0};
  while (quantile.next()) {
    if (quantile.tag() == 1) {
      read.first = quantile.get_double();
    } else if (quantile.tag() == 2) {
      read.second = quantile.get_double();
    } else {
      quantile.skip();
    }
  }
  point.quantiles.push_back(read);
}

/// The fields that all kinds of points have under the same numbers. False: it is another one.
bool ReadCommon(pbf_reader& reader, Point& point, std::uint32_t attributes, std::uint32_t flags) {
  if (reader.tag() == 2 || reader.tag() == 3) {
    reader.skip();  // times: what is exported is always the present
  } else if (reader.tag() == attributes) {
    ReadAttribute(reader.get_message(), point.attributes);
  } else if (reader.tag() == flags) {
    point.flags = reader.get_uint32();
  } else {
    return false;
  }
  return true;
}

Point ReadNumber(pbf_reader reader) {
  Point point;
  while (reader.next()) {
    if (ReadCommon(reader, point, 7, 8)) continue;
    if (reader.tag() == 4) {
      point.value = reader.get_double();
    } else if (reader.tag() == 6) {
      point.value = static_cast<double>(reader.get_sfixed64());
    } else {
      reader.skip();
    }
  }
  return point;
}

/// The fields that all kinds of distributions have. False: it is another one.
bool ReadTotals(pbf_reader& reader, Point& point) {
  if (reader.tag() == 4) {
    point.count = reader.get_fixed64();
  } else if (reader.tag() == 5) {
    point.sum = reader.get_double();
  } else {
    return false;
  }
  return true;
}

Point ReadHistogram(pbf_reader reader) {
  Point point;
  while (reader.next()) {
    if (ReadCommon(reader, point, 9, 10) || ReadTotals(reader, point)) continue;
    switch (reader.tag()) {
      case 6:
        if (IsPacked(reader)) {
          for (const std::uint64_t n : reader.get_packed_fixed64()) point.counts.push_back(n);
        } else {
          point.counts.push_back(reader.get_fixed64());
        }
        break;
      case 7:
        if (IsPacked(reader)) {
          for (const double bound : reader.get_packed_double()) point.bounds.push_back(bound);
        } else {
          point.bounds.push_back(reader.get_double());
        }
        break;
      default:
        reader.skip();
    }
  }
  return point;
}

Point ReadExponential(pbf_reader reader) {
  Point point;
  while (reader.next()) {
    if (ReadCommon(reader, point, 1, 10) || ReadTotals(reader, point)) continue;
    switch (reader.tag()) {
      case 6:
        point.scale = reader.get_sint32();
        break;
      case 7:
        point.zero_count = reader.get_fixed64();
        break;
      case 8:
        ReadBuckets(reader.get_message(), point.positive);
        break;
      case 9:
        ReadBuckets(reader.get_message(), point.negative);
        break;
      default:
        reader.skip();
    }
  }
  return point;
}

Point ReadSummary(pbf_reader reader) {
  Point point;
  while (reader.next()) {
    if (ReadCommon(reader, point, 7, 8) || ReadTotals(reader, point)) continue;
    if (reader.tag() == 6) {
      ReadQuantile(reader.get_message(), point);
    } else {
      reader.skip();
    }
  }
  return point;
}

Point ReadPoint(DataType type, pbf_reader reader) {
  switch (type) {
    case DataType::kHistogram:
      return ReadHistogram(reader);
    case DataType::kExponential:
      return ReadExponential(reader);
    case DataType::kSummary:
      return ReadSummary(reader);
    case DataType::kNone:
    case DataType::kGauge:
    case DataType::kSum:
      break;
  }
  return ReadNumber(reader);
}

DataType TypeOf(std::uint32_t tag) {
  switch (tag) {
    case 5:
      return DataType::kGauge;
    case 7:
      return DataType::kSum;
    case 9:
      return DataType::kHistogram;
    case 10:
      return DataType::kExponential;
    case 11:
      return DataType::kSummary;
    default:
      return DataType::kNone;
  }
}

/// Fields may come in any order, and what a metric is called must be known before its points: each
/// level is read twice.
void ReadMetric(const pbf_reader& message, Sink& sink) {
  Metric metric;
  pbf_reader data;
  for (pbf_reader reader = message; reader.next();) {
    if (reader.tag() == 1) {
      metric.name = Text(reader);
    } else if (reader.tag() == 2) {
      metric.description = Text(reader);
    } else if (reader.tag() == 3) {
      metric.unit = Text(reader);
    } else if (TypeOf(reader.tag()) != DataType::kNone) {
      metric.type = TypeOf(reader.tag());
      data = reader.get_message();
    } else {
      reader.skip();
    }
  }
  for (pbf_reader reader = data; reader.next();) {
    if (reader.tag() == 2 && metric.type != DataType::kSummary) {
      const std::int32_t temporality = reader.get_enum();
      metric.temporality = temporality == 1   ? Temporality::kDelta
                           : temporality == 2 ? Temporality::kCumulative
                                              : Temporality::kUnspecified;
    } else if (reader.tag() == 3 && metric.type == DataType::kSum) {
      metric.monotonic = reader.get_bool();
    } else {
      reader.skip();
    }
  }
  for (pbf_reader reader = data; reader.next();) {
    if (reader.tag() == 1) {
      sink.TakePoint(metric, ReadPoint(metric.type, reader.get_message()));
    } else {
      reader.skip();
    }
  }
}

void ReadResourceMetrics(const pbf_reader& message, Sink& sink) {
  Attributes attributes;
  for (pbf_reader reader = message; reader.next();) {
    if (reader.tag() != 1) {
      reader.skip();
      continue;
    }
    for (pbf_reader resource = reader.get_message(); resource.next();) {
      if (resource.tag() == 1) {
        ReadAttribute(resource.get_message(), attributes);
      } else {
        resource.skip();
      }
    }
  }
  sink.TakeResource(attributes);
  for (pbf_reader reader = message; reader.next();) {
    if (reader.tag() != 2) {
      reader.skip();
      continue;
    }
    for (pbf_reader scope = reader.get_message(); scope.next();) {
      if (scope.tag() == 2) {
        ReadMetric(scope.get_message(), sink);
      } else {
        scope.skip();
      }
    }
  }
}

void AppendVarint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  out += static_cast<char>(value);
}

}  // namespace

Status ReadProtobuf(std::string_view body, Sink& sink) {
  try {
    for (pbf_reader request(body.data(), body.size()); request.next();) {
      if (request.tag() == 1) {
        ReadResourceMetrics(request.get_message(), sink);
      } else {
        request.skip();
      }
    }
  } catch (const std::exception& error) {
    return Error{Errc::kMalformed,
                 std::string("not an ExportMetricsServiceRequest: ") + error.what()};
  }
  return Unit{};
}

std::string ProtobufResponse(std::uint64_t rejected, std::string_view message) {
  // partial_success = 1 { rejected_data_points = 1, error_message = 2 }
  std::string out;
  if (rejected == 0) return out;
  std::string partial("\x08");
  AppendVarint(rejected, partial);
  partial += '\x12';
  AppendVarint(message.size(), partial);
  partial += message;
  out += '\x0a';
  AppendVarint(partial.size(), out);
  return out + partial;
}

}  // namespace tocsin::otlp
