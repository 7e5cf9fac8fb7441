#include "collectors/system/bcache_number.h"

#include <cmath>

#include "base/parse.h"

namespace tocsin {

std::optional<double> ParseBcacheNumber(std::string_view text) {
  constexpr std::string_view kUnits = "kMGTPEZY";
  constexpr double kFractions = 10.24;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  double unit = 1;
  if (const auto at = kUnits.find(text.back()); at != std::string_view::npos) {
    unit = std::pow(1024, static_cast<double>(at + 1));
    text.remove_suffix(1);
  }
  const auto point = text.find('.');
  const auto whole = ParseInt<std::uint64_t>(text.substr(0, point));
  if (!whole) return std::nullopt;
  double value = static_cast<double>(*whole);
  if (point != std::string_view::npos) {
    const auto fraction = ParseInt<std::uint32_t>(text.substr(point + 1));
    if (!fraction) return std::nullopt;
    value += *fraction / kFractions;
  }
  value = std::trunc(value * unit);
  return negative ? -value : value;
}

}  // namespace tocsin
