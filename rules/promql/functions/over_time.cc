#include <array>
#include <cmath>

#include "rules/promql/aggregate.h"
#include "rules/promql/functions/families.h"
#include "rules/promql/functions/sliding.h"
#include "rules/promql/functions/windows.h"
#include "rules/promql/kahan.h"

namespace tocsin::promql::over_time {
namespace {

using Samples = std::span<const Sample>;

double Seconds(const Sample& sample) { return static_cast<double>(sample.t_ms) / 1000; }

/// Welford's algorithm with compensated sums, as Prometheus has it.
double DirectVariance(Samples samples, Compat compat) {
  KahanSum mean, squares;
  double count = 0;
  for (const Sample& s : samples) {
    const double delta = s.value - mean.TotalUnlooked(compat);
    mean.Add(delta / ++count);
    squares.Add(delta * (s.value - mean.TotalUnlooked(compat)));
  }
  return squares.TotalUnlooked(compat) / count;
}

/// By the sums of the deviations from a reference and of their squares, where that loses no more
/// than a few digits.
template <class Result>
void Variances(const RangeBatch& batch, double* out, Result result) {
  const auto terms = [](const Sample& s, const Sample& reference) {
    const double deviation = s.value - reference.value;
    return std::array{deviation, deviation * deviation};
  };
  const bool fit = FitForSliding(batch.samples);
  SlidingSums<2, decltype(terms)> sums(batch.samples, terms);
  ForEachWindow(batch, out, [&](Samples samples, std::size_t step) {
    if (!fit) return result(DirectVariance(samples, batch.context.options().compat));
    constexpr double kMaxLoss = 1e4;
    const auto [deviations, squares] = sums.Over(batch.windows[step]);
    const auto n = static_cast<double>(samples.size());
    const double shift = deviations.Total() * deviations.Total() / n;
    const double spread = squares.Total() - shift;
    const bool precise = (spread > 0 && spread * kMaxLoss >= shift) || squares.Total() == 0;
    return result(precise ? spread / n : DirectVariance(samples, batch.context.options().compat));
  });
}

template <bool kGreatest, bool kLatest, class Take>
void Extreme(const RangeBatch& batch, double* out, Take take) {
  if (batch.windows.size() == 1) {  // nothing slides
    const Samples samples = batch.At(0);
    if (!samples.empty()) out[0] = take(ExtremeOf<kGreatest, kLatest>(samples));
    return;
  }
  SlidingExtreme<kGreatest, kLatest> extreme(batch.samples);
  ForEachWindow(batch, out,
                [&](Samples, std::size_t step) { return take(extreme.Over(batch.windows[step])); });
}

/// `direct(samples)` where sums may overflow, otherwise `of_sum(sum, count)`.
template <class OfSum, class Direct>
void Sums(const RangeBatch& batch, double* out, OfSum of_sum, Direct direct) {
  if (!FitForSliding(batch.samples)) {
    ForEachWindow(batch, out, [&](Samples samples, std::size_t) { return direct(samples); });
    return;
  }
  const auto terms = [](const Sample& s, const Sample&) { return std::array{s.value}; };
  SlidingSums<1, decltype(terms)> sums(batch.samples, terms);
  ForEachWindow(batch, out, [&](Samples samples, std::size_t step) {
    return of_sum(sums.Over(batch.windows[step])[0], static_cast<double>(samples.size()));
  });
}

double ValueOf(const Sample& sample) { return sample.value; }

}  // namespace

void Avg(const RangeBatch& batch, double* out) {
  Sums(
      batch, out,
      [](const ExactSum& sum, double count) { return sum.sum / count + sum.error / count; },
      [](Samples samples) {
        KahanMean mean;
        for (const Sample& s : samples) mean.Add(s.value);
        return mean.Mean();
      });
}

void Sum(const RangeBatch& batch, double* out) {
  Sums(
      batch, out, [](const ExactSum& sum, double) { return sum.Total(); },
      [](Samples samples) {
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
  Variances(batch, out, [](double variance) { return variance; });
}

void Stddev(const RangeBatch& batch, double* out) {
  Variances(batch, out, [](double variance) { return std::sqrt(variance); });
}

void QuantileOf(const RangeBatch& batch, double* out) {
  if (batch.windows.size() == 1) {  // nothing slides: no need to sort
    batch.scratch.clear();
    for (const Sample& s : batch.At(0)) batch.scratch.push_back(s.value);
    if (!batch.scratch.empty()) out[0] = Quantile(batch.args[0].At(0), batch.scratch);
    return;
  }
  SlidingSorted sorted(batch.samples);
  ForEachWindow(batch, out, [&](Samples, std::size_t step) {
    return SortedQuantile(batch.args[0].At(step), sorted.Over(batch.windows[step]));
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
  SlidingSorted sorted(batch.samples);
  ForEachWindow(batch, out, [&](Samples, std::size_t step) {
    const std::span<const double> values = sorted.Over(batch.windows[step]);
    const double median = SortedQuantile(0.5, values);
    batch.scratch.assign(values.begin(), values.end());
    for (double& v : batch.scratch) v = std::fabs(v - median);
    return Quantile(0.5, batch.scratch);
  });
}

}  // namespace tocsin::promql::over_time
