#include "rules/promql/functions/sliding.h"

#include <algorithm>

namespace tocsin::promql {

bool FitForSliding(std::span<const Sample> samples) {
  constexpr double kMaxMagnitude = 1e100;
  // Written so that NaN fails.
  return std::all_of(samples.begin(), samples.end(),
                     [](const Sample& s) { return std::fabs(s.value) <= kMaxMagnitude; });
}

}  // namespace tocsin::promql
