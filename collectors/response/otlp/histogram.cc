#include "collectors/response/otlp/histogram.h"

#include <algorithm>
#include <cmath>

namespace tocsin::otlp {
namespace {

constexpr std::size_t kMaxBounds = 512;
constexpr std::size_t kMaxExponential = 10'000;
constexpr int kLowest = -14;
constexpr int kHighest = 17;

}  // namespace

std::optional<Classic> ClassicOf(const Point& point) {
  Classic classic;
  if (point.bounds.empty() && point.counts.size() <= 1) return classic;
  const bool rising =
      std::adjacent_find(point.bounds.begin(), point.bounds.end(),
                         [](double a, double b) { return !(a < b); }) == point.bounds.end();
  if (!rising || point.bounds.size() > kMaxBounds ||
      point.counts.size() != point.bounds.size() + 1) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < point.bounds.size(); ++i) {
    if (std::isnan(point.bounds[i])) return std::nullopt;
    if (std::isinf(point.bounds[i])) continue;
    classic.bounds.push_back(point.bounds[i]);
    classic.counts.push_back(static_cast<double>(point.counts[i]));
  }
  return classic;
}

std::optional<Classic> ClassicOfExponential(const Point& point) {
  if (point.scale < -10 || point.scale > 20 || point.positive.counts.size() > kMaxExponential ||
      point.negative.counts.size() > kMaxExponential) {
    return std::nullopt;
  }
  Classic classic;
  for (int power = kLowest; power <= kHighest; ++power) {
    classic.bounds.push_back(std::ldexp(1.0, power));
  }
  classic.counts.assign(classic.bounds.size(), 0);
  classic.counts[0] = static_cast<double>(point.zero_count);
  for (const std::uint64_t count : point.negative.counts) {
    classic.counts[0] += static_cast<double>(count);
  }
  for (std::size_t i = 0; i < point.positive.counts.size(); ++i) {
    // The bucket ends at base^(index + 1), where base = 2^(2^-scale).
    const double end = static_cast<double>(point.positive.offset) + static_cast<double>(i) + 1;
    const double power = std::ceil(std::ldexp(end, -point.scale));
    if (power > kHighest) break;
    const auto at = static_cast<std::size_t>(std::max(power, double{kLowest}) - kLowest);
    classic.counts[at] += static_cast<double>(point.positive.counts[i]);
  }
  return classic;
}

}  // namespace tocsin::otlp
