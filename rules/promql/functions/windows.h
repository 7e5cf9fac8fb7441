#pragma once
// Turning a function of one window into one of all windows of a series.

#include "rules/promql/context.h"
#include "rules/promql/functions/kinds.h"

namespace tocsin::promql {

/// Calls `f(samples, step)` for each window that is not empty; what it returns is the step's value.
/// Ends early if the query is stopped: long windows at many steps may take seconds.
template <class F>
void ForEachWindow(const RangeBatch& batch, double* out, F f) {
  constexpr std::size_t kSamplesBetweenPolls = 1'000'000;
  std::size_t seen = 0;
  for (std::size_t step = 0; step < batch.windows.size(); ++step) {
    const std::span<const Sample> samples = batch.At(step);
    if (samples.empty()) continue;
    out[step] = f(samples, step);
    seen += samples.size();
    if (seen < kSamplesBetweenPolls) continue;
    if (!batch.context.Poll()) return;
    seen = 0;
  }
}

}  // namespace tocsin::promql
