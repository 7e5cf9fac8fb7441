#include "rules/promql/functions/sliding.h"

#include <algorithm>

namespace tocsin::promql {

bool FitForSliding(std::span<const Sample> samples) {
  constexpr double kMaxMagnitude = 1e100;
  // Written so that NaN fails.
  return std::all_of(samples.begin(), samples.end(),
                     [](const Sample& s) { return std::fabs(s.value) <= kMaxMagnitude; });
}

std::span<const double> SlidingSorted::Over(const Window& window) {
  const auto less = [](double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; };
  const std::uint32_t moved = (window.lo - window_.lo) + (window.hi - window_.hi);
  if (window.lo >= window_.hi || moved > window.hi - window.lo) {
    sorted_.clear();
    for (std::uint32_t i = window.lo; i < window.hi; ++i) sorted_.push_back(samples_[i].value);
    std::sort(sorted_.begin(), sorted_.end(), less);
  } else {
    for (std::uint32_t i = window_.lo; i < window.lo; ++i) {
      sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), samples_[i].value, less));
    }
    for (std::uint32_t i = window_.hi; i < window.hi; ++i) {
      const double value = samples_[i].value;
      sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), value, less), value);
    }
  }
  window_ = window;
  return sorted_;
}

}  // namespace tocsin::promql
