#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin {

/// As OpenMetrics names them; kUnknown is text format 0.0.4's "untyped".
enum class MetricType : std::uint8_t {
  kUnknown,
  kCounter,
  kGauge,
  kHistogram,
  kSummary,
  kInfo,
  kStateset,
};

/// What a metric family is. Collectors keep theirs in constexpr tables. `name` is the full name as
/// the text format 0.0.4 has it (a counter's ends with _total if its exporter's does).
struct FamilySpec {
  std::string_view name;
  MetricType type;
  std::string_view help;
  std::string_view unit = {};  // OpenMetrics UNIT; empty for none
};

/// Which sample of a family: histograms and summaries have several under one name.
enum class Suffix : std::uint8_t { kNone, kBucket, kSum, kCount, kCreated };

constexpr std::string_view SuffixText(Suffix suffix) {
  switch (suffix) {
    case Suffix::kNone:
      return "";
    case Suffix::kBucket:
      return "_bucket";
    case Suffix::kSum:
      return "_sum";
    case Suffix::kCount:
      return "_count";
    case Suffix::kCreated:
      return "_created";
  }
  return "";
}

/// Appends the name of a sample: the family's and the suffix. OpenMetrics calls the creation time
/// of the counter x_total x_created.
inline void AppendSampleName(std::string_view family, MetricType type, Suffix suffix,
                             std::string& out) {
  constexpr std::string_view kTotal = "_total";
  if (type == MetricType::kCounter && suffix == Suffix::kCreated && family.ends_with(kTotal)) {
    family.remove_suffix(kTotal.size());
  }
  out.append(family).append(SuffixText(suffix));
}

/// "counter", "gauge" … ; kUnknown is "unknown" (text format 0.0.4 says "untyped").
constexpr std::string_view TypeText(MetricType type) {
  switch (type) {
    case MetricType::kUnknown:
      return "unknown";
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
    case MetricType::kSummary:
      return "summary";
    case MetricType::kInfo:
      return "info";
    case MetricType::kStateset:
      return "stateset";
  }
  return "unknown";
}

}  // namespace tocsin
