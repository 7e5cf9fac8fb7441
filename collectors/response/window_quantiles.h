#pragma once
// Quantiles of durations over the last while, in fixed memory: counts in buckets that are at most
// 12.5 % wide, so that an estimate is no further from the truth than that.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "base/clock.h"

namespace tocsin {

/// The ladder: each power of two from 2^-20 (a microsecond) to 2^40 (for StatsD, whose values may
/// be bytes) in eight equal parts, and what is below and above.
class FineLadder {
 public:
  static constexpr int kLowest = -20;
  static constexpr int kHighest = 40;
  static constexpr int kParts = 8;
  static constexpr std::size_t kBuckets = (kHighest - kLowest) * kParts + 2;

  /// The bucket of a duration that is no NaN and not negative.
  static std::size_t IndexOf(double duration) {
    // The exponent and the first three bits of the mantissa count the parts.
    // (Adding zero makes a plain zero of a negative one.)
    const std::uint64_t parts = std::bit_cast<std::uint64_t>(duration + 0.0) >> 49;
    return std::clamp(parts, kFirst - 1, kFirst - 2 + kBuckets) - (kFirst - 1);
  }
  /// The least duration of a bucket; that of the next one is its end.
  static double LowerBound(std::size_t bucket) {
    if (bucket == 0) return 0;
    return std::bit_cast<double>((kFirst + bucket - 1) << 49);
  }

 private:
  static constexpr std::uint64_t kFirst = (1023 + kLowest) * kParts;
};

using FineCounts = std::array<std::uint64_t, FineLadder::kBuckets>;

/// Estimates each of `quantiles` (0 … 1) by the nearest rank, evenly spread within a bucket. NaN
/// where nothing was counted.
void EstimateQuantiles(const FineCounts& counts, std::span<const double> quantiles,
                       std::span<double> values);

/// Counts of the last while. The window is cut into slices of a sixth; it is told to a slice, never
/// shorter than asked for. One thread at a time.
class WindowCounts {
 public:
  /// `window` is positive.
  explicit WindowCounts(nanoseconds window) : slice_(std::max(window / kWhole, nanoseconds(1))) {}

  /// Later additions belong to `now`, which does not go back.
  void MoveTo(MonoTime now);
  void Add(double value, std::uint32_t times = 1) {
    growing()[FineLadder::IndexOf(value)] += times;
  }
  /// Adds all that the window holds to `counts`.
  void AddTo(FineCounts& counts) const;

 private:
  static constexpr std::int64_t kWhole = 6;
  static constexpr std::size_t kSlices = kWhole + 1;  // the whole ones and the one that grows
  using Slice = std::array<std::uint32_t, FineLadder::kBuckets>;

  Slice& growing() { return slices_[static_cast<std::size_t>(newest_) % kSlices]; }

  nanoseconds slice_;
  std::int64_t newest_ = 0;
  std::array<Slice, kSlices> slices_{};
};

}  // namespace tocsin
