#pragma once
// The grid on which an expression is evaluated, and series and scalars over it.

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "metrics/labels.h"
#include "metrics/sample.h"

namespace tocsin::promql {

/// start, start + step, … ; a step of 0 is the same instant `count` times.
struct Steps {
  std::int64_t start_ms = 0;
  std::int64_t step_ms = 0;
  std::size_t count = 1;

  std::int64_t At(std::size_t i) const { return start_ms + static_cast<std::int64_t>(i) * step_ms; }
  std::int64_t Last() const { return At(count - 1); }
  Steps ShiftedBy(std::int64_t ms) const { return {start_ms + ms, step_ms, count}; }
};

/// Marks a step at which a series has no sample. It is the stale marker: a signalling NaN, which no
/// arithmetic yields and no selector lets through.
inline double Absent() { return StaleNan(); }
inline bool IsAbsent(double value) { return IsStaleNan(value); }

/// One series of an instant vector over all steps.
struct StepSeries {
  Labels labels;
  std::vector<double> values;  // one a step; Absent() where there is no sample

  bool Empty() const {
    for (const double v : values) {
      if (!IsAbsent(v)) return false;
    }
    return true;
  }
};

/// Takes the series of a vector one after another. It may move from the series it is given; what it
/// leaves is used again. Series may be empty.
using SeriesSink = FunctionRef<Status(StepSeries&)>;

/// A scalar over all steps.
class ScalarSteps {
 public:
  static ScalarSteps Constant(double value) { return ScalarSteps({value}, 0); }
  static ScalarSteps Varying(std::vector<double> values) {
    return ScalarSteps(std::move(values), 1);
  }

  double At(std::size_t step) const { return values_[step * stride_]; }
  bool IsConstant() const { return stride_ == 0; }

  /// `f` of it at each of `steps` steps.
  template <class F>
  ScalarSteps Map(std::size_t steps, F f) const {
    if (IsConstant()) return Constant(f(At(0)));
    std::vector<double> values(steps);
    for (std::size_t i = 0; i < steps; ++i) values[i] = f(At(i));
    return Varying(std::move(values));
  }

 private:
  ScalarSteps(std::vector<double> values, std::size_t stride)
      : values_(std::move(values)), stride_(stride) {}
  std::vector<double> values_;
  std::size_t stride_;
};

}  // namespace tocsin::promql
