#pragma once
// OTLP metrics as both encodings carry them (opentelemetry-proto, metrics/v1/metrics.proto).

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tocsin::otlp {

/// Values are text whatever they were: "true", "7", "0.5". Arrays and maps are left out.
using Attributes = std::vector<std::pair<std::string, std::string>>;

enum class DataType : std::uint8_t { kNone, kGauge, kSum, kHistogram, kExponential, kSummary };
enum class Temporality : std::uint8_t { kUnspecified = 0, kDelta = 1, kCumulative = 2 };

struct Metric {
  std::string name;
  std::string description;
  std::string unit;
  DataType type = DataType::kNone;
  Temporality temporality = Temporality::kUnspecified;
  bool monotonic = false;
};

/// The buckets of one side of an exponential histogram.
struct ExponentialBuckets {
  std::int32_t offset = 0;
  std::vector<std::uint64_t> counts;
};

struct Point {
  Attributes attributes;
  std::uint32_t flags = 0;
  double value = 0;  // of gauges and sums
  double sum = 0;
  std::uint64_t count = 0;
  std::vector<double> bounds;
  std::vector<std::uint64_t> counts;  // by bound, not cumulative; one more than bounds
  std::int32_t scale = 0;
  std::uint64_t zero_count = 0;
  ExponentialBuckets positive;
  ExponentialBuckets negative;
  std::vector<std::pair<double, double>> quantiles;  // quantile, value

  /// DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK: the series has ended.
  bool no_value() const { return (flags & 1) != 0; }
};

/// Takes a request in its order: a resource, then each metric's points.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void TakeResource(const Attributes& attributes) = 0;
  virtual void TakePoint(const Metric& metric, const Point& point) = 0;
};

/// Read an ExportMetricsServiceRequest. What went into `sink` before an error stays. Errors:
/// kMalformed.
Status ReadProtobuf(std::string_view body, Sink& sink);
Status ReadJson(std::string_view body, Sink& sink);

/// An ExportMetricsServiceResponse; of `rejected` points the message says why.
std::string ProtobufResponse(std::uint64_t rejected, std::string_view message);
std::string JsonResponse(std::uint64_t rejected, std::string_view message);

}  // namespace tocsin::otlp
