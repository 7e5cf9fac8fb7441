#pragma once
// What metrics and labels may be called without quotes: all there was before Prometheus 3 allowed
// any UTF-8.

#include <algorithm>
#include <string_view>

#include "base/ascii.h"

namespace tocsin {

/// [a-zA-Z_][a-zA-Z0-9_]*
inline bool IsLabelName(std::string_view name) {
  return !name.empty() && !IsAsciiDigit(name.front()) &&
         std::all_of(name.begin(), name.end(), IsWordChar);
}

/// [a-zA-Z_:][a-zA-Z0-9_:]*
inline bool IsMetricName(std::string_view name) {
  return !name.empty() && !IsAsciiDigit(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return IsWordChar(c) || c == ':'; });
}

/// A label name that people may give: two underscores are for names of the system's own.
inline bool IsFreeLabelName(std::string_view name) {
  return IsLabelName(name) && !name.starts_with("__");
}

}  // namespace tocsin
