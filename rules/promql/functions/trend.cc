#include <algorithm>
#include <array>
#include <cmath>

#include "base/format.h"
#include "rules/promql/evaluator.h"
#include "rules/promql/functions/families.h"
#include "rules/promql/functions/sliding.h"
#include "rules/promql/functions/windows.h"
#include "rules/promql/kahan.h"

namespace tocsin::promql::trend {
namespace {

using Samples = std::span<const Sample>;

struct Line {
  double slope;      // per second
  double intercept;  // at the time asked for
};

double SecondsBetween(std::int64_t from_ms, std::int64_t to_ms) {
  return static_cast<double>(to_ms - from_ms) / 1000;
}

/// Least squares over one window, as Prometheus sums it.
Line DirectRegression(Samples samples, std::int64_t at_ms, Compat compat) {
  KahanSum x_sum, y_sum, xy_sum, xx_sum;
  for (const Sample& s : samples) {
    const double x = SecondsBetween(at_ms, s.t_ms);
    x_sum.Add(x);
    y_sum.Add(s.value);
    xy_sum.Add(x * s.value);
    xx_sum.Add(x * x);
  }
  const auto total = [&](const KahanSum& s) { return s.TotalUnlooked(compat); };
  const auto n = static_cast<double>(samples.size());
  const double covariance = total(xy_sum) - total(x_sum) * total(y_sum) / n;
  const double variance = total(xx_sum) - total(x_sum) * total(x_sum) / n;
  const double slope = covariance / variance;
  return {slope, total(y_sum) / n - slope * total(x_sum) / n};
}

/// The same around the means, which needs no compensation. For finite values.
Line CenteredRegression(Samples samples, std::int64_t at_ms) {
  const Sample& reference = samples.front();
  const auto n = static_cast<double>(samples.size());
  double x_mean = 0;
  double y_mean = 0;
  for (const Sample& s : samples) {
    x_mean += SecondsBetween(reference.t_ms, s.t_ms);
    y_mean += s.value - reference.value;
  }
  x_mean /= n;
  y_mean /= n;
  double covariance = 0;
  double variance = 0;
  for (const Sample& s : samples) {
    const double x = SecondsBetween(reference.t_ms, s.t_ms) - x_mean;
    covariance += x * (s.value - reference.value - y_mean);
    variance += x * x;
  }
  const double slope = covariance / variance;
  const double at = SecondsBetween(reference.t_ms, at_ms);
  return {slope, reference.value + y_mean + slope * (at - x_mean)};
}

Line LineOfEquals(double value) {
  return std::isinf(value) ? Line{std::nan(""), std::nan("")} : Line{0, value};
}

/// Lines through all windows of a series.
class Regressions {
 public:
  explicit Regressions(const RangeBatch& batch)
      : batch_(batch), fit_(FitForSliding(batch.samples)), sums_(batch.samples, {}) {
    if (batch.windows.size() == 1) return;  // nothing slides
    run_starts_.reserve(batch.samples.size());
    for (std::uint32_t i = 0; i < batch.samples.size(); ++i) {
      const bool goes_on = i > 0 && batch.samples[i].value == batch.samples[i - 1].value;
      run_starts_.push_back(goes_on ? run_starts_.back() : i);
    }
  }

  /// The line of a window of two samples or more, its intercept at `at_ms`.
  Line Of(std::size_t step, std::int64_t at_ms) {
    const Window& window = batch_.windows[step];
    const Samples samples = batch_.At(step);
    if (batch_.windows.size() == 1) return OnlyLine(samples, at_ms);
    if (run_starts_[window.hi - 1] <= window.lo) {  // all the same
      return LineOfEquals(samples.front().value);
    }
    if (!fit_) return DirectRegression(samples, at_ms, batch_.context.options().compat);
    const auto [x_sum, y_sum, xy_sum, xx_sum] = sums_.Over(window);
    const Sample& reference = sums_.reference();
    const auto n = static_cast<double>(samples.size());
    const double covariance = xy_sum.Total() - x_sum.Total() * y_sum.Total() / n;
    const double variance = xx_sum.Total() - x_sum.Total() * x_sum.Total() / n;
    const double slope = covariance / variance;
    const double at = SecondsBetween(reference.t_ms, at_ms);
    return {slope, reference.value + y_sum.Total() / n + slope * (at - x_sum.Total() / n)};
  }

 private:
  Line OnlyLine(Samples samples, std::int64_t at_ms) const {
    const double first = samples.front().value;
    if (std::all_of(samples.begin(), samples.end(),
                    [&](const Sample& s) { return s.value == first; })) {
      return LineOfEquals(first);
    }
    if (fit_) return CenteredRegression(samples, at_ms);
    return DirectRegression(samples, at_ms, batch_.context.options().compat);
  }

  struct Terms {
    std::array<double, 4> operator()(const Sample& s, const Sample& reference) const {
      const double x = SecondsBetween(reference.t_ms, s.t_ms);
      const double y = s.value - reference.value;
      return {x, y, x * y, x * x};
    }
  };

  const RangeBatch& batch_;
  const bool fit_;
  SlidingSums<4, Terms> sums_;
  std::vector<std::uint32_t> run_starts_;  // of the run of equal values that each sample is in
};

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
  Regressions regressions(batch);
  ForEachWindow(batch, out, [&](Samples samples, std::size_t step) {
    if (samples.size() < 2) return Absent();
    // Times relative to the first sample keep the sums small.
    return regressions.Of(step, samples.front().t_ms).slope;
  });
}

void PredictLinear(const RangeBatch& batch, double* out) {
  Regressions regressions(batch);
  ForEachWindow(batch, out, [&](Samples samples, std::size_t step) {
    if (samples.size() < 2) return Absent();
    const Line line = regressions.Of(step, batch.steps.At(step));
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
