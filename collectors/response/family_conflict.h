#pragma once
#include <array>
#include <string>
#include <string_view>

#include "metrics/family.h"

namespace tocsin {

/// Whether samples of such a family are called by its name and a suffix.
constexpr bool HasSuffixes(MetricType type) {
  return type == MetricType::kHistogram || type == MetricType::kSummary;
}

/// Whether a family of that name and type cannot be served beside `families` (by name, each with a
/// `type`): the name, or one that a histogram of that name makes, has another type already.
template <class Families>
bool ConflictsWith(const Families& families, std::string_view name, MetricType type) {
  constexpr std::array<std::string_view, 3> kSuffixes{"_bucket", "_sum", "_count"};
  const auto used = families.find(name);
  if (used != families.end()) return used->second.type != type;
  for (const std::string_view suffix : kSuffixes) {
    if (HasSuffixes(type) && families.contains(std::string(name).append(suffix))) return true;
    if (!name.ends_with(suffix)) continue;
    const auto base = families.find(name.substr(0, name.size() - suffix.size()));
    if (base != families.end() && HasSuffixes(base->second.type)) return true;
  }
  return false;
}

}  // namespace tocsin
