#pragma once
// The ways in which functions compute.

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "base/result.h"
#include "rules/promql/engine.h"
#include "rules/promql/steps.h"

namespace tocsin::promql {

class Evaluator;
class QueryContext;
struct CallExpr;

/// One value of a vector to another; the metric name goes. The first argument is the vector, the
/// others are scalars: `args` has them at the step in hand. May return Absent().
struct ElementFunction {
  double (*apply)(double value, std::span<const double> args);
  /// Set if a call without its vector means vector(time()).
  bool of_time_by_default = false;
};

/// Samples lo ≤ i < hi of a series fall into the range of a step.
struct Window {
  std::uint32_t lo;
  std::uint32_t hi;
};

/// One series and its windows at all steps.
struct RangeBatch {
  std::span<const Sample> samples;  // without stale markers
  std::span<const Window> windows;  // one a step
  Steps steps;                      // when the result is evaluated
  Steps ends;                       // where the ranges end: steps with @ and offset applied
  std::int64_t range_ms;
  std::span<const ScalarSteps> args;  // the scalar arguments
  QueryContext& context;
  std::vector<double>& scratch;

  std::span<const Sample> At(std::size_t step) const {
    return samples.subspan(windows[step].lo, windows[step].hi - windows[step].lo);
  }
};

/// A range vector to a vector. Writes one value a step to `out`, Absent() for none; `out` comes
/// filled with Absent(). Where the query has been stopped meanwhile, it may leave the rest undone.
struct WindowFunction {
  void (*compute)(const RangeBatch& batch, double* out);
  bool keeps_name = false;
  /// Set for rate and increase: a name that is no counter's is worth an info.
  bool wants_counter = false;
  /// Looks at the scalar arguments, once there is any series; may be null.
  Status (*check)(const CallExpr& call, std::span<const ScalarSteps> args,
                  Evaluator& evaluator) = nullptr;
};

/// Anything that yields a vector.
struct VectorFunction {
  Status (*compute)(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
  /// Set if its result tells by labels alone: no two series that differ in the name only.
  bool drops_name = true;
};

/// Anything that yields a scalar.
struct ScalarFunction {
  Result<ScalarSteps> (*compute)(const CallExpr& call, Evaluator& evaluator);
};

/// Known by name, refused by the parser.
struct NativeHistogramFunction {};

using FunctionKind = std::variant<NativeHistogramFunction, ElementFunction, WindowFunction,
                                  VectorFunction, ScalarFunction>;

}  // namespace tocsin::promql
