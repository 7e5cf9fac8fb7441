#include <algorithm>
#include <cmath>

#include "rules/promql/aggregate.h"
#include "rules/promql/functions/families.h"
#include "rules/promql/functions/windows.h"
#include "rules/promql/kahan.h"

namespace tocsin::promql::over_time {
namespace {

using Samples = std::span<const Sample>;

double Seconds(const Sample& sample) { return static_cast<double>(sample.t_ms) / 1000; }

double Variance(Samples samples, Compat compat) {
  KahanSum mean, squares;
  double count = 0;
  for (const Sample& s : samples) {
    const double delta = s.value - mean.TotalUnlooked(compat);
    mean.Add(delta / ++count);
    squares.Add(delta * (s.value - mean.TotalUnlooked(compat)));
  }
  return squares.TotalUnlooked(compat) / count;
}

std::vector<double>& CopyValues(Samples samples, std::vector<double>& scratch) {
  scratch.clear();
  for (const Sample& s : samples) scratch.push_back(s.value);
  return scratch;
}

/// The last extreme sample of each window; NaN only where nothing else is. With `kLatest` later
/// equals replace earlier ones.
template <bool kGreatest, bool kLatest, class Take>
void Extreme(const RangeBatch& batch, double* out, Take take) {
  ForEachWindow(batch, out, [&](Samples samples, std::size_t) {
    const Sample* best = &samples.front();
    for (const Sample& s : samples) {
      const bool better = kGreatest ? (kLatest ? s.value >= best->value : s.value > best->value)
                                    : (kLatest ? s.value <= best->value : s.value < best->value);
      if (better || std::isnan(best->value)) best = &s;
    }
    return take(*best);
  });
}

double ValueOf(const Sample& sample) { return sample.value; }

}  // namespace

void Avg(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [](Samples samples, std::size_t) {
    KahanMean mean;
    for (const Sample& s : samples) mean.Add(s.value);
    return mean.Mean();
  });
}

void Sum(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [](Samples samples, std::size_t) {
    KahanSum sum;
    for (const Sample& s : samples) sum.Add(s.value);
    return sum.Total();
  });
}

void Count(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out,
                [](Samples samples, std::size_t) { return static_cast<double>(samples.size()); });
}

void First(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [](Samples samples, std::size_t) { return samples.front().value; });
}

void Last(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [](Samples samples, std::size_t) { return samples.back().value; });
}

void Present(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [](Samples, std::size_t) { return 1.0; });
}

void Max(const RangeBatch& batch, double* out) { Extreme<true, false>(batch, out, ValueOf); }
void Min(const RangeBatch& batch, double* out) { Extreme<false, false>(batch, out, ValueOf); }
void TsOfMax(const RangeBatch& batch, double* out) { Extreme<true, true>(batch, out, Seconds); }
void TsOfMin(const RangeBatch& batch, double* out) { Extreme<false, true>(batch, out, Seconds); }

void TsOfFirst(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [](Samples samples, std::size_t) { return Seconds(samples.front()); });
}

void TsOfLast(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [](Samples samples, std::size_t) { return Seconds(samples.back()); });
}

void Stdvar(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out,
                [&](Samples samples, std::size_t) { return Variance(samples, batch.compat); });
}

void Stddev(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [&](Samples samples, std::size_t) {
    return std::sqrt(Variance(samples, batch.compat));
  });
}

void QuantileOf(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [&](Samples samples, std::size_t step) {
    return Quantile(batch.args[0].At(step), CopyValues(samples, batch.scratch));
  });
}

Status CheckQuantileArg(const CallExpr& call, std::span<const ScalarSteps> args,
                        Evaluator& evaluator) {
  for (std::size_t step = 0; step < evaluator.steps().count; ++step) {
    CheckQuantile(args[0].At(step), call.args.front()->pos, evaluator.context());
  }
  return Unit{};
}

void Mad(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [&](Samples samples, std::size_t) {
    const double median = Quantile(0.5, CopyValues(samples, batch.scratch));
    for (double& v : batch.scratch) v = std::fabs(v - median);
    return Quantile(0.5, batch.scratch);
  });
}

}  // namespace tocsin::promql::over_time
