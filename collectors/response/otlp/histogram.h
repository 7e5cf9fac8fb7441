#pragma once
#include <optional>
#include <vector>

#include "collectors/response/otlp/message.h"

namespace tocsin::otlp {

/// A classic histogram: counts by bound, not cumulative, without what is above all bounds.
struct Classic {
  std::vector<double> bounds;
  std::vector<double> counts;
};

/// Of a histogram with explicit bounds; nothing if its bounds do not rise or the counts do not go
/// with them. (A histogram of no buckets has a sum and a count only.)
std::optional<Classic> ClassicOf(const Point& point);

/// Of an exponential histogram, on the fixed ladder 2^-14 … 2^17: exact where its base is a root of
/// two (scale ≥ 0), else a bucket counts at its upper bound. Nothing for a scale outside -10 … 20
/// or more than 10,000 buckets. Zeros and negative values count in the first bucket.
std::optional<Classic> ClassicOfExponential(const Point& point);

}  // namespace tocsin::otlp
