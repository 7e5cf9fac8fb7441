#pragma once
// Turning a function of one window into one of all windows of a series.

#include "rules/promql/functions/kinds.h"

namespace tocsin::promql {

/// Calls `f(samples, step)` for each window that is not empty; what it returns is the step's value.
template <class F>
void ForEachWindow(const RangeBatch& batch, double* out, F f) {
  for (std::size_t step = 0; step < batch.windows.size(); ++step) {
    const std::span<const Sample> samples = batch.At(step);
    if (!samples.empty()) out[step] = f(samples, step);
  }
}

}  // namespace tocsin::promql
