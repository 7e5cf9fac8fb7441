#pragma once
// Statistics of slow growth that a few wild values do not move. Pure; no allocation.

#include <cstddef>
#include <span>

namespace tocsin::trend {

/// The median of `values`, which are reordered and must not be NaN; 0 for none.
double MedianInPlace(std::span<double> values);

inline constexpr std::size_t kMaxTrendPoints = 32;

/// Kendall's tau (a) of `y` in its order: rising minus falling pairs by all pairs, -1 … 1.
double KendallTau(std::span<const double> y);

/// A line by pairwise slopes (Theil 1950, Sen 1968).
struct PairwiseTrend {
  double slope = 0;  // median of the slopes of all pairs
  // 95 % confidence of the slope (Sen): the slopes at ranks (m ∓ 1.96 sigma) / 2 of m, where
  // sigma^2 = n (n-1) (2n+5) / 18 is the variance of Kendall's sum without ties.
  double low = 0;
  double high = 0;
};
/// For at most kMaxTrendPoints points with strictly rising `t`; fewer than two give all zeros.
PairwiseTrend FitPairwise(std::span<const double> t, std::span<const double> y);
/// Its slope alone.
double PairwiseSlope(std::span<const double> t, std::span<const double> y);

/// A parabola by least squares: is the growth slowing down?
struct Bend {
  /// Curvature by its standard error: below -2 or so it is slowing down, above it speeds up.
  double significance = 0;
};
Bend FitBend(std::span<const double> t, std::span<const double> y);

/// Does the work rise over the time?
struct WorkTrend {
  double correlation = 0;  // with time
  double rise = 0;         // of its least-squares line over the whole time, by its mean
};
WorkTrend FitWork(std::span<const double> t, std::span<const double> work);

}  // namespace tocsin::trend
