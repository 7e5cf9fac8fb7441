#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/clock.h"

namespace tocsin {

/// The smallest and the largest of the values of the last while, in fixed memory and without heap.
/// The window is cut into slices of a twelfth; it is told to a slice, never shorter than asked for.
/// One thread at a time.
class WindowExtremes {
 public:
  /// `window` is positive.
  explicit WindowExtremes(nanoseconds window) : slice_(std::max(window / kWhole, nanoseconds(1))) {}

  /// NaN is left out. `now` does not go back.
  void Add(MonoTime now, double value) {
    MoveTo(now.time_since_epoch() / slice_);
    if (std::isnan(value)) return;
    Slice& slice = At(newest_);
    slice.min = std::min(slice.min, value);
    slice.max = std::max(slice.max, value);
  }

  /// True if the window holds no value; min() and max() then mean nothing.
  bool empty() const { return min() > max(); }
  double min() const {
    return std::min_element(slices_.begin(), slices_.end(),
                            [](const Slice& a, const Slice& b) { return a.min < b.min; })
        ->min;
  }
  double max() const {
    return std::max_element(slices_.begin(), slices_.end(),
                            [](const Slice& a, const Slice& b) { return a.max < b.max; })
        ->max;
  }

 private:
  static constexpr std::int64_t kWhole = 12;
  struct Slice {
    double min = std::numeric_limits<double>::infinity();
    double max = -std::numeric_limits<double>::infinity();
  };

  Slice& At(std::int64_t slice) {
    return slices_[static_cast<std::size_t>(slice) % slices_.size()];
  }
  /// Empties the slices between the newest and `slice`.
  void MoveTo(std::int64_t slice) {
    if (slice <= newest_) return;
    const auto count = static_cast<std::int64_t>(slices_.size());
    for (std::int64_t i = std::max(newest_ + 1, slice - count + 1); i <= slice; ++i) At(i) = {};
    newest_ = slice;
  }

  nanoseconds slice_;
  std::int64_t newest_ = 0;
  std::array<Slice, kWhole + 1> slices_{};  // the whole ones and the one that grows
};

}  // namespace tocsin
