#pragma once
// Kahan summation in Neumaier's form, as Prometheus sums.

#include <cmath>

#include "rules/promql/engine.h"

namespace tocsin::promql {

struct KahanSum {
  double sum = 0;
  double correction = 0;

  void Add(double value) {
    const double next = sum + value;
    if (std::isinf(next)) {
      correction = 0;
    } else if (std::fabs(sum) >= std::fabs(value)) {
      correction += (sum - next) + value;
    } else {
      correction += (value - next) + sum;
    }
    sum = next;
  }
  double Total() const { return std::isinf(sum) ? sum : sum + correction; }
  /// Prometheus 2 had an infinite correction of an infinite sum where it did not look.
  double TotalUnlooked(Compat compat) const {
    return compat == Compat::kV2 && std::isinf(sum) ? std::nan("") : sum + correction;
  }
};

/// A mean that sums as long as the sum is finite, then goes on incrementally.
class KahanMean {
 public:
  void Add(double value) {
    ++count_;
    if (!incremental_) {
      KahanSum next = total_;
      next.Add(value);
      if (count_ == 1 || !std::isinf(next.sum)) {
        total_ = next;
        return;
      }
      incremental_ = true;
      total_.sum /= count_ - 1;  // from here on the mean
      total_.correction /= count_ - 1;
    }
    const double weight = (count_ - 1) / count_;
    total_.sum *= weight;
    total_.correction *= weight;
    total_.Add(value / count_);
  }
  double Mean() const {
    if (incremental_) return total_.sum + total_.correction;
    return total_.sum / count_ + total_.correction / count_;
  }

 private:
  KahanSum total_;
  double count_ = 0;
  bool incremental_ = false;
};

}  // namespace tocsin::promql
