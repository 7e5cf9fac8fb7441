#include "metrics/exposition/family_table.h"

#include <algorithm>
#include <array>

namespace tocsin::exposition {
namespace {

constexpr std::array<std::string_view, 5> kTextTypes{"counter", "gauge", "histogram", "summary",
                                                     "untyped"};
constexpr std::array<std::string_view, 8> kOpenMetricsTypes{
    "counter", "gauge", "histogram", "gaugehistogram", "info", "stateset", "summary", "unknown"};

MetricType TypeOf(std::string_view word) {
  for (const MetricType type : {MetricType::kCounter, MetricType::kGauge, MetricType::kHistogram,
                                MetricType::kSummary, MetricType::kInfo, MetricType::kStateset}) {
    if (TypeText(type) == word) return type;
  }
  return MetricType::kUnknown;
}

struct SampleSuffix {
  std::string_view text;
  Suffix suffix;
};
constexpr std::array<SampleSuffix, 8> kSuffixes{{{"_bucket", Suffix::kBucket},
                                                 {"_sum", Suffix::kSum},
                                                 {"_count", Suffix::kCount},
                                                 {"_created", Suffix::kCreated},
                                                 {"_total", Suffix::kNone},
                                                 {"_info", Suffix::kNone},
                                                 {"_gsum", Suffix::kNone},
                                                 {"_gcount", Suffix::kNone}}};

/// Whether a family of that type has samples called its declared name plus `suffix`.
bool TypeHas(Format format, const ParsedFamily& family, const FamilyTable::State& state,
             const SampleSuffix& suffix) {
  const bool open = format == Format::kOpenMetrics;
  if (state.gauge_histogram) {
    return suffix.text == "_bucket" || suffix.text == "_gsum" || suffix.text == "_gcount";
  }
  if (suffix.suffix == Suffix::kCreated && !open) return false;
  switch (family.type) {
    case MetricType::kHistogram:
      return suffix.suffix != Suffix::kNone;
    case MetricType::kSummary:
      return suffix.suffix != Suffix::kNone && suffix.suffix != Suffix::kBucket;
    case MetricType::kCounter:
      // Declared by its full name, it has the samples of that name.
      return open && (suffix.suffix == Suffix::kCreated ||
                      (suffix.text == "_total" && !state.declared.ends_with("_total")));
    case MetricType::kInfo:
      return suffix.text == "_info" && !state.declared.ends_with("_info");
    default:
      return false;
  }
}

}  // namespace

std::span<const std::string_view> FamilyTable::TypeWords(Format format) {
  if (format == Format::kText) return kTextTypes;
  return kOpenMetricsTypes;
}

bool FamilyTable::IsType(Format format, std::string_view word) {
  const auto words = TypeWords(format);
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::uint32_t FamilyTable::Declare(std::string_view name) {
  const auto [found, added] =
      by_name_.try_emplace(name, static_cast<std::uint32_t>(states_.size()));
  if (added) {
    states_.push_back({});
    states_.back().declared = name;
    families_.push_back({name, MetricType::kUnknown, {}, {}});
    last_name_ = {};
  }
  return found->second;
}

void FamilyTable::SetType(std::uint32_t index, std::string_view word) {
  ParsedFamily& family = families_[index];
  State& state = states_[index];
  state.has_type = true;
  state.gauge_histogram = word == "gaugehistogram";
  family.type = TypeOf(word);
  last_name_ = {};
  if (format_ != Format::kOpenMetrics) return;
  const auto full = [&](std::string_view suffix) {
    if (!state.declared.ends_with(suffix)) {
      family.name = texts_.emplace_back(std::string(state.declared).append(suffix));
    }
  };
  if (family.type == MetricType::kCounter) full("_total");
  if (family.type == MetricType::kInfo) full("_info");
}

bool FamilyTable::FindWithSuffix(std::string_view name, Match& match) {
  for (const SampleSuffix& suffix : kSuffixes) {
    if (name.size() <= suffix.text.size() || !name.ends_with(suffix.text)) continue;
    const auto found = by_name_.find(name.substr(0, name.size() - suffix.text.size()));
    if (found == by_name_.end()) continue;
    const std::uint32_t index = found->second;
    if (!TypeHas(format_, families_[index], states_[index], suffix)) continue;
    match = {index, suffix.suffix};
    if (states_[index].gauge_histogram) {
      states_[index].has_samples = true;
      match = {Declare(name), Suffix::kNone};
      states_[match.family].gauge_histogram_bucket = suffix.suffix == Suffix::kBucket;
    }
    return true;
  }
  return false;
}

FamilyTable::Match FamilyTable::Resolve(std::string_view name) {
  if (name == last_name_ && !last_name_.empty()) return last_match_;
  Match match{};
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    match = {found->second, Suffix::kNone};
  } else if (!FindWithSuffix(name, match)) {
    match = {Declare(name), Suffix::kNone};
  }
  last_name_ = name;
  last_match_ = match;
  return match;
}

}  // namespace tocsin::exposition
