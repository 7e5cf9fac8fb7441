#include <cmath>

#include "base/format.h"
#include "rules/promql/evaluator.h"
#include "rules/promql/functions/families.h"
#include "rules/promql/functions/windows.h"
#include "rules/promql/kahan.h"

namespace tocsin::promql::trend {
namespace {

using Samples = std::span<const Sample>;

struct Line {
  double slope;      // per second
  double intercept;  // at the time asked for
};

/// Least squares.
Line Regression(Samples samples, std::int64_t at_ms, Compat compat) {
  const double first = samples.front().value;
  bool constant = true;
  KahanSum x_sum, y_sum, xy_sum, xx_sum;
  for (const Sample& s : samples) {
    constant = constant && s.value == first;
    const double x = static_cast<double>(s.t_ms - at_ms) / 1000;
    x_sum.Add(x);
    y_sum.Add(s.value);
    xy_sum.Add(x * s.value);
    xx_sum.Add(x * x);
  }
  if (constant) {
    return std::isinf(first) ? Line{std::nan(""), std::nan("")} : Line{0, first};
  }
  const auto total = [&](const KahanSum& s) { return s.TotalUnlooked(compat); };
  const auto n = static_cast<double>(samples.size());
  const double covariance = total(xy_sum) - total(x_sum) * total(y_sum) / n;
  const double variance = total(xx_sum) - total(x_sum) * total(x_sum) / n;
  const double slope = covariance / variance;
  return {slope, total(y_sum) / n - slope * total(x_sum) / n};
}

double Smoothed(Samples samples, double smoothing, double trend_factor) {
  if (samples.size() < 2) return Absent();
  double before = 0;
  double smoothed = samples[0].value;
  double trend = samples[1].value - samples[0].value;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    if (i > 1) trend = trend_factor * (smoothed - before) + (1 - trend_factor) * trend;
    before = smoothed;
    smoothed = smoothing * samples[i].value + (1 - smoothing) * (smoothed + trend);
  }
  return smoothed;
}

bool IsFactor(double value) { return value > 0 && value < 1; }

}  // namespace

void Deriv(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [&](Samples samples, std::size_t) {
    if (samples.size() < 2) return Absent();
    // Times relative to the first sample keep the sums small.
    return Regression(samples, samples.front().t_ms, batch.compat).slope;
  });
}

void PredictLinear(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [&](Samples samples, std::size_t step) {
    if (samples.size() < 2) return Absent();
    const Line line = Regression(samples, batch.steps.At(step), batch.compat);
    return line.slope * batch.args[0].At(step) + line.intercept;
  });
}

void DoubleExponentialSmoothing(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [&](Samples samples, std::size_t step) {
    return Smoothed(samples, batch.args[0].At(step), batch.args[1].At(step));
  });
}

Status CheckSmoothing(const CallExpr&, std::span<const ScalarSteps> args, Evaluator& evaluator) {
  for (std::size_t step = 0; step < evaluator.steps().count; ++step) {
    if (!IsFactor(args[0].At(step))) {
      return ExecutionError("invalid smoothing factor. Expected: 0 < sf < 1, got: " +
                            FormatGoFloat(args[0].At(step)));
    }
    if (!IsFactor(args[1].At(step))) {
      return ExecutionError("invalid trend factor. Expected: 0 < tf < 1, got: " +
                            FormatGoFloat(args[1].At(step)));
    }
  }
  return Unit{};
}

}  // namespace tocsin::promql::trend
