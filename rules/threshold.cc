#include "rules/threshold.h"

#include <cassert>
#include <cmath>

#include "base/format.h"

namespace tocsin {

Reading Compare(const Threshold& threshold, double value) {
  assert(!std::isnan(value));
  const bool above = threshold.side == Threshold::Side::kAbove;
  const auto beyond = [above](double v, double limit) { return above ? v > limit : v < limit; };
  if (beyond(value, threshold.limit)) return Reading::kMet;
  if (threshold.resolve == threshold.limit || beyond(threshold.resolve, value)) {
    return Reading::kClear;
  }
  return Reading::kBetween;
}

std::string Describe(const Threshold& threshold) {
  const bool above = threshold.side == Threshold::Side::kAbove;
  std::string text = (above ? "above " : "below ") + FormatGoFloat(threshold.limit);
  if (threshold.resolve != threshold.limit) {
    text += (above ? " until below " : " until above ") + FormatGoFloat(threshold.resolve);
  }
  return text;
}

}  // namespace tocsin
