#pragma once
// The mathematics of the PromQL extension functions about slow growth, over the samples of one
// range vector. Pure. Samples rise in time; NaN and infinite values are left out. Too few samples
// give nothing.

#include <cstdint>
#include <optional>
#include <span>

#include "metrics/sample.h"

namespace tocsin::trend {

/// floor_over_time(v[r], bucket): the median of the minima of buckets of `bucket_ms`, counted back
/// from `end_ms`: where a sawtooth comes down to, whatever its teeth. Needs one sample and a
/// bucket > 0.
std::optional<double> FloorOverTime(std::span<const Sample> samples, std::int64_t end_ms,
                                    std::int64_t bucket_ms);

/// theil_sen_slope(v[r]): the median of the slopes of all pairs of samples, a second. Beyond
/// kMaxExactPoints samples are first joined in equal groups, each at its median time and value.
/// Needs two samples.
std::optional<double> TheilSenSlope(std::span<const Sample> samples);
inline constexpr std::size_t kMaxExactPoints = 400;

/// mann_kendall_tau(v[r]): Kendall's tau (a) of the values against time, -1 … 1, exact for any
/// number of samples in O(n log n). Needs two samples.
std::optional<double> MannKendallTau(std::span<const Sample> samples);

/// time_to_reach(v[r], limit): seconds from the last sample until the Theil-Sen line through the
/// samples reaches `limit` going up; 0 if it has, +Inf if it does not rise. Needs two samples.
std::optional<double> TimeToReach(std::span<const Sample> samples, double limit);

}  // namespace tocsin::trend
