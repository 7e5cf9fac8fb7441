#include "collectors/response/window_quantiles.h"

#include <cmath>

namespace tocsin {

void EstimateQuantiles(const FineCounts& counts, std::span<const double> quantiles,
                       std::span<double> values) {
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts) total += count;
  for (std::size_t q = 0; q < quantiles.size(); ++q) {
    values[q] = std::nan("");
    if (total == 0) continue;
    const double rank = std::clamp(std::ceil(quantiles[q] * static_cast<double>(total)), 1.0,
                                   static_cast<double>(total));
    double before = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const auto count = static_cast<double>(counts[i]);
      if (before + count < rank) {
        before += count;
        continue;
      }
      // The first bucket is mostly zeros: durations shorter than the log's clock tells.
      const double low = FineLadder::LowerBound(i);
      const double width = i > 0 && i + 1 < counts.size() ? FineLadder::LowerBound(i + 1) - low : 0;
      values[q] = low + width * (rank - before - 0.5) / count;
      break;
    }
  }
}

void WindowCounts::MoveTo(MonoTime now) {
  const std::int64_t slice = now.time_since_epoch() / slice_;
  if (slice <= newest_) return;
  const auto count = static_cast<std::int64_t>(kSlices);
  for (std::int64_t i = std::max(newest_ + 1, slice - count + 1); i <= slice; ++i) {
    slices_[static_cast<std::size_t>(i) % kSlices].fill(0);
  }
  newest_ = slice;
}

void WindowCounts::AddTo(FineCounts& counts) const {
  for (const Slice& slice : slices_) {
    for (std::size_t i = 0; i < slice.size(); ++i) counts[i] += slice[i];
  }
}

}  // namespace tocsin
