#pragma once
// Sums and extremes over windows that only move forward, in constant amortised time.

#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "metrics/sample.h"
#include "rules/promql/functions/kinds.h"

namespace tocsin::promql {

/// A sum with the exact error of each addition kept beside it (Knuth's TwoSum). For finite numbers.
struct ExactSum {
  double sum = 0;
  double error = 0;

  void Add(double value) {
    const double next = sum + value;
    const double taken = next - sum;
    error += (sum - (next - taken)) + (value - taken);
    sum = next;
  }
  void Add(const ExactSum& other) {
    Add(other.sum);
    error += other.error;
  }
  double Total() const { return sum + error; }
};

/// True if every value is finite and sums of them cannot overflow, squares and products with
/// times included.
bool FitForSliding(std::span<const Sample> samples);

/// K sums over a sliding window, by two stacks: what is in the window is either before a mark,
/// where the sums of all suffixes are kept, or behind it, where one running sum is. So samples
/// leave without being subtracted, and nothing drifts.
///
/// `Terms` is called as terms(sample, reference) and gives the K summands; the reference is a
/// sample in or next to the window, so that differences from it are small.
template <std::size_t K, class Terms>
class SlidingSums {
 public:
  SlidingSums(std::span<const Sample> samples, Terms terms) : samples_(samples), terms_(terms) {}

  using Sums = std::array<ExactSum, K>;

  /// The sums over a window that is not empty and neither of whose ends lies before the last one's.
  Sums Over(const Window& window) {
    if (window.lo >= end_) {
      mark_ = end_ = window.lo;
      back_ = {};
      reference_ = samples_[window.lo];
    } else if (window.lo > mark_) {
      MarkEnd(window.lo);
    }
    for (; end_ < window.hi; ++end_) AddTo(back_, samples_[end_]);
    Sums sums = back_;
    if (window.lo < mark_) {
      for (std::size_t k = 0; k < K; ++k) sums[k].Add(suffixes_[mark_ - 1 - window.lo][k]);
    }
    return sums;
  }

  /// What the sums of the last window are relative to.
  const Sample& reference() const { return reference_; }

 private:
  void AddTo(Sums& sums, const Sample& sample) const {
    const std::array<double, K> terms = terms_(sample, reference_);
    for (std::size_t k = 0; k < K; ++k) sums[k].Add(terms[k]);
  }

  /// Moves the mark to the end of what has been seen: suffixes_[i] is the sum of the last i + 1.
  void MarkEnd(std::uint32_t lo) {
    mark_ = end_;
    reference_ = samples_[end_ - 1];
    back_ = {};
    suffixes_.clear();
    Sums sums{};
    for (std::uint32_t i = end_; i-- > lo;) {
      AddTo(sums, samples_[i]);
      suffixes_.push_back(sums);
    }
  }

  std::span<const Sample> samples_;
  Terms terms_;
  Sample reference_{};
  Sums back_{};
  std::vector<Sums> suffixes_;
  std::uint32_t mark_ = 0;
  std::uint32_t end_ = 0;
};

/// Whether the greatest (or least) value so far gives way to the next one. Of equals the first is
/// taken, with `kLatest` the last.
template <bool kGreatest, bool kLatest>
bool Yields(double standing, double value) {
  if (kLatest && standing == value) return true;
  return kGreatest ? standing < value : standing > value;
}

/// The greatest (or least) of some samples. NaN is passed over; where all are, the last.
template <bool kGreatest, bool kLatest>
const Sample& ExtremeOf(std::span<const Sample> samples) {
  const Sample* best = nullptr;
  for (const Sample& s : samples) {
    if (std::isnan(s.value)) continue;
    if (!best || Yields<kGreatest, kLatest>(best->value, s.value)) best = &s;
  }
  return best ? *best : samples.back();
}

/// The same of a sliding window: a queue of those that may still become it.
template <bool kGreatest, bool kLatest>
class SlidingExtreme {
 public:
  explicit SlidingExtreme(std::span<const Sample> samples) : samples_(samples) {}

  /// Of a window as SlidingSums takes it.
  const Sample& Over(const Window& window) {
    for (; end_ < window.hi; ++end_) {
      const double value = samples_[end_].value;
      if (std::isnan(value)) continue;
      while (first_ < queue_.size() &&
             Yields<kGreatest, kLatest>(samples_[queue_.back()].value, value)) {
        queue_.pop_back();
      }
      queue_.push_back(end_);
    }
    while (first_ < queue_.size() && queue_[first_] < window.lo) ++first_;
    return first_ < queue_.size() ? samples_[queue_[first_]] : samples_[window.hi - 1];
  }

 private:
  std::span<const Sample> samples_;
  std::vector<std::uint32_t> queue_;  // the live part starts at first_
  std::size_t first_ = 0;
  std::uint32_t end_ = 0;
};

/// The values of a sliding window in rising order, NaN first.
class SlidingSorted {
 public:
  explicit SlidingSorted(std::span<const Sample> samples) : samples_(samples) {}

  /// Of a window as SlidingSums takes it. Valid until the next call.
  std::span<const double> Over(const Window& window);

 private:
  std::span<const Sample> samples_;
  std::vector<double> sorted_;
  Window window_{0, 0};
};

}  // namespace tocsin::promql
