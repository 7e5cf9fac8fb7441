// Extensions to Prometheus's functions, about slow growth under noise and sawteeth.

#include <cmath>

#include "rules/promql/evaluator.h"
#include "rules/promql/functions/families.h"
#include "rules/promql/functions/windows.h"
#include "rules/trend/range_functions.h"

namespace tocsin::promql::growth {
namespace {

using Samples = std::span<const Sample>;

}  // namespace

void FloorOverTime(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [&](Samples samples, std::size_t step) {
    const double bucket = batch.args[0].At(step) * 1000;
    // A bucket as long as all time is one bucket; NaN is none.
    constexpr double kLongest = 1e15;
    if (!(bucket >= 1)) return Absent();
    const auto bucket_ms = static_cast<std::int64_t>(std::min(bucket, kLongest));
    return tocsin::trend::FloorOverTime(samples, batch.ends.At(step), bucket_ms).value_or(Absent());
  });
}

void TheilSenSlope(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [](Samples samples, std::size_t) {
    return tocsin::trend::TheilSenSlope(samples).value_or(Absent());
  });
}

void MannKendallTau(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [](Samples samples, std::size_t) {
    return tocsin::trend::MannKendallTau(samples).value_or(Absent());
  });
}

void TimeToReach(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [&](Samples samples, std::size_t step) {
    return tocsin::trend::TimeToReach(samples, batch.args[0].At(step)).value_or(Absent());
  });
}

}  // namespace tocsin::promql::growth
