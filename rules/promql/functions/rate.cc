#include <algorithm>

#include "rules/promql/context.h"
#include "rules/promql/functions/families.h"
#include "rules/promql/functions/windows.h"

namespace tocsin::promql::rate {
namespace {

using Samples = std::span<const Sample>;

enum class Kind : std::uint8_t { kGauge, kCounter };

/// What a counter lost at resets within a window. Resets are rare: they are looked up in a list
/// made once a series instead of comparing all samples of every window.
class ResetFinder {
 public:
  explicit ResetFinder(Samples samples) {
    for (std::size_t i = 1; i < samples.size(); ++i) {
      if (samples[i].value < samples[i - 1].value) {
        resets_.push_back({static_cast<std::uint32_t>(i), samples[i - 1].value});
      }
    }
  }

  /// Adds to `increase` what stood on the counter before each reset in the window, oldest first.
  double Correct(double increase, const Window& window) {
    // The first sample of a window has none before it in the window.
    while (first_ < resets_.size() && resets_[first_].at <= window.lo) ++first_;
    for (std::size_t i = first_; i < resets_.size() && resets_[i].at < window.hi; ++i) {
      increase += resets_[i].before;
    }
    return increase;
  }

 private:
  struct Reset {
    std::uint32_t at;
    double before;
  };
  std::vector<Reset> resets_;
  std::size_t first_ = 0;  // windows only move forward
};

/// How far the increase between the first and the last sample is extrapolated, as a factor: to the
/// bounds of the range if the samples come near them, else by half the mean distance between
/// samples; for a counter never past where it would have been zero (Prometheus,
/// promql/functions.go: extrapolatedRate).
double ExtrapolationFactor(Samples samples, double increase, std::int64_t range_end_ms,
                           std::int64_t range_ms, Kind kind, Compat compat) {
  const Sample& first = samples.front();
  const Sample& last = samples.back();
  double to_start = static_cast<double>(first.t_ms - (range_end_ms - range_ms)) / 1000;
  double to_end = static_cast<double>(range_end_ms - last.t_ms) / 1000;
  const double sampled = static_cast<double>(last.t_ms - first.t_ms) / 1000;
  const double distance = sampled / static_cast<double>(samples.size() - 1);
  const double near = distance * 1.1;
  const auto stop_at_zero = [&] {
    if (kind != Kind::kCounter || !(increase > 0) || !(first.value >= 0)) return;
    const double to_zero = sampled * (first.value / increase);
    if (to_zero < to_start) to_start = to_zero;
  };
  // Prometheus 2 looked for the zero first, and so extrapolated to it where it was near.
  if (compat == Compat::kV2) stop_at_zero();
  if (to_start >= near) to_start = distance / 2;
  if (compat == Compat::kV3) stop_at_zero();
  if (to_end >= near) to_end = distance / 2;
  return (sampled + to_start + to_end) / sampled;
}

template <Kind kKind, bool kPerSecond>
void Extrapolated(const RangeBatch& batch, double* out) {
  ResetFinder resets(kKind == Kind::kCounter ? batch.samples : Samples{});
  const double range_seconds = static_cast<double>(batch.range_ms) / 1000;
  for (std::size_t step = 0; step < batch.windows.size(); ++step) {
    const Samples samples = batch.At(step);
    if (samples.size() < 2) continue;
    double increase = samples.back().value - samples.front().value;
    if constexpr (kKind == Kind::kCounter) {
      increase = resets.Correct(increase, batch.windows[step]);
    }
    double factor = ExtrapolationFactor(samples, increase, batch.ends.At(step), batch.range_ms,
                                        kKind, batch.context.options().compat);
    if constexpr (kPerSecond) factor /= range_seconds;
    out[step] = increase * factor;
  }
}

template <Kind kKind>
void LastTwo(const RangeBatch& batch, double* out) {
  ForEachWindow(batch, out, [](Samples samples, std::size_t) {
    if (samples.size() < 2) return Absent();
    const Sample& before = samples[samples.size() - 2];
    const Sample& last = samples.back();
    if constexpr (kKind == Kind::kGauge) return last.value - before.value;
    const double increase = last.value < before.value ? last.value : last.value - before.value;
    return increase / (static_cast<double>(last.t_ms - before.t_ms) / 1000);
  });
}

/// Counts the neighbours in each window for which `differs`, by prefix sums over the series.
template <class Differs>
void CountNeighbours(const RangeBatch& batch, double* out, Differs differs) {
  std::vector<double>& before = batch.scratch;  // before[i]: how many of the first i + 1 samples
  before.resize(batch.samples.size());
  double count = 0;
  for (std::size_t i = 0; i < batch.samples.size(); ++i) {
    if (i > 0 && differs(batch.samples[i - 1].value, batch.samples[i].value)) ++count;
    before[i] = count;
  }
  for (std::size_t step = 0; step < batch.windows.size(); ++step) {
    const Window& window = batch.windows[step];
    if (window.lo != window.hi) out[step] = before[window.hi - 1] - before[window.lo];
  }
}

}  // namespace

void Rate(const RangeBatch& batch, double* out) { Extrapolated<Kind::kCounter, true>(batch, out); }
void Increase(const RangeBatch& batch, double* out) {
  Extrapolated<Kind::kCounter, false>(batch, out);
}
void Delta(const RangeBatch& batch, double* out) { Extrapolated<Kind::kGauge, false>(batch, out); }

void Irate(const RangeBatch& batch, double* out) { LastTwo<Kind::kCounter>(batch, out); }
void Idelta(const RangeBatch& batch, double* out) { LastTwo<Kind::kGauge>(batch, out); }

void Changes(const RangeBatch& batch, double* out) {
  CountNeighbours(batch, out, [](double before, double after) {
    return after != before && !(std::isnan(after) && std::isnan(before));
  });
}

void Resets(const RangeBatch& batch, double* out) {
  CountNeighbours(batch, out, [](double before, double after) { return after < before; });
}

}  // namespace tocsin::promql::rate
