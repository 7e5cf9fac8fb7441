#pragma once
// A value against the threshold of one severity.

#include <cstdint>
#include <string>

#include "rules/alert_state.h"

namespace tocsin {

struct Threshold {
  enum class Side : std::uint8_t { kAbove, kBelow };

  Side side = Side::kAbove;
  double limit = 0;
  /// resolve_below of kAbove, resolve_above of kBelow; `limit` where none is given.
  double resolve = 0;

  friend bool operator==(const Threshold&, const Threshold&) = default;
};

/// `value` must be a number: a NaN is no data, which the caller says instead.
/// above: met if value > limit; clear if value < resolve, or value ≤ limit where no resolve
/// threshold is given. below: the mirror image.
Reading Compare(const Threshold& threshold, double value);

/// "above 70", "below 0.8 until above 0.85".
std::string Describe(const Threshold& threshold);

}  // namespace tocsin
