#include "rules/trend/judge.h"

#include <algorithm>
#include <cmath>

namespace tocsin::trend {
namespace {

constexpr double kHour = 3600;
// From here on a span tells daily noise from growth better, so less growth is believed.
constexpr double kLongSpan = 3 * kHour;
constexpr double kShortGrowth = 0.03;  // of the first floor
constexpr double kLongGrowth = 0.002;
constexpr double kShortTau = 0.8;
constexpr double kShortSignal = 5;
constexpr double kLongSignal = 3;
constexpr double kLargestJump = 0.7;  // of the growth between two buckets: more is a step
constexpr double kSteeper = 1.3;      // the second half by the whole: then the second half counts
constexpr double kUrgencyPower = 1.2;
// Collectors run full against the limit: then the floor, not the peak, is what is left.
constexpr double kPinned = 0.93;
constexpr double kPinnedFloor = 0.9;
// A program that has just started fills its pools and caches for an hour or so.
constexpr double kStartupSeconds = 1.5 * kHour;
constexpr double kStartupPatience = 2.5;
// Of older processes: up to here it is a warm-up, unless it began there already.
constexpr double kSettledSlack = 0.05;
constexpr double kSettledStart = 0.04;
// Work that rises by this much, with this correlation to time, might explain a growth.
constexpr double kWorkRise = 0.09;
constexpr double kWorkCorrelation = 0.4;
// As much work was done before with this part of the growth missing: work does not explain it.
constexpr double kMoreAtEqualWork = 0.4;
// Curvature by its error: a growth that slows down is not cleared by anything; no warm-up and no
// fill speeds up.
constexpr double kSlowing = -1.8;
constexpr double kSpeedingUp = 2.4;
// Nor is one that was so many times as fast before the window: what grows with the logarithm looks
// straight in any window that is short by its age.
constexpr double kFasterBefore = 1.6;
// What work says is believed only over spans longer than most fills and ramps begin with.
constexpr double kClearSpan = 1.5 * kHour;

double Median(std::span<const double> values) {
  std::array<double, kMaxTrendPoints> copy;
  std::copy(values.begin(), values.end(), copy.begin());
  return MedianInPlace(std::span(copy).first(values.size()));
}

/// The least of the middle and the last third's parts of the growth.
double SmallestThird(std::span<const double> y) {
  const std::size_t third = y.size() / 3;
  const double start = Median(y.first(2));
  const double one = Median(y.subspan(third - 1, 2));
  const double two = Median(y.subspan(2 * third - 1, 2));
  const double end = Median(y.last(2));
  return end > start ? std::min(two - one, end - two) / (end - start) : -1;
}

bool IsLong(const Window& w) { return w.span() >= kLongSpan; }

double LeastGrowth(const Window& w) {
  return (IsLong(w) ? kLongGrowth : kShortGrowth) * w.first_floor();
}

double LargestStep(std::span<const double> y) {
  double largest = 0;
  for (std::size_t i = 1; i < y.size(); ++i) largest = std::max(largest, y[i] - y[i - 1]);
  return largest;
}

/// What work says, and where that is clear, how the growth bends.
struct Explained {
  Explanation explanation;
  Bend bend;
};

Explained Explain(const Window& w, const Context& context, double growth) {
  const bool below_settled = w.last_floor() <= context.settled * (1 + kSettledSlack) &&
                             w.first_floor() < context.settled * (1 - kSettledStart);
  if (below_settled) return {Explanation::kExplained, {}};
  for (const double work : w.works()) {
    if (std::isnan(work)) return {Explanation::kUnknown, {}};
  }
  const WorkTrend work = FitWork(w.times(), w.works());
  if (work.rise > kWorkRise / 2 && !std::isnan(context.floor_at_equal_work)) {
    const double more = w.last_floor() - context.floor_at_equal_work;
    if (more < kMoreAtEqualWork * growth) return {Explanation::kExplained, {}};
  } else if (work.rise > kWorkRise && work.correlation > kWorkCorrelation) {
    return {Explanation::kUnclear, {}};
  }
  if (w.span() < kClearSpan) return {Explanation::kUnknown, {}};
  const Bend bend = FitBend(w.times(), w.floors());
  const bool slowing =
      bend.significance < kSlowing || context.rate_before > kFasterBefore * growth / w.span();
  return {slowing ? Explanation::kUnknown : Explanation::kClear, bend};
}

Gates GatesFor(Explanation explanation, const Window& w, const Context& context, const Bend& bend,
               const DetectorOptions& options) {
  if (explanation == Explanation::kUnclear) return options.unclear;
  if (explanation != Explanation::kClear) return options.normal;
  Gates gates = options.clear;
  double sooner = 1;
  if (bend.significance > kSpeedingUp) sooner *= options.speeding_up;
  if (w.last_floor() > context.settled * (1 + kSettledSlack)) {
    sooner *= options.above_settled;
    gates.confirmation /= options.above_settled;
  }
  gates.urgency *= sooner;
  gates.max_urgency *= sooner;
  return gates;
}

/// How long the floor has been growing: since it left the first tenth of its growth.
double Evidence(const Window& w) {
  const double tenth = w.first_floor() + 0.1 * (w.last_floor() - w.first_floor());
  for (std::size_t i = w.size; i-- > 0;) {
    if (w.low[i] <= tenth) return std::max(w.width, w.span() - w.t[i]);
  }
  return w.span();
}

/// The height at which the limit is felt.
double Peak(const Window& w, double floor, double slope, double limit) {
  std::array<double, kMaxTrendPoints> teeth = w.tooth;
  double highest = 0;
  for (std::size_t i = 0; i < w.size; ++i) highest = std::max(highest, w.low[i] + w.tooth[i]);
  const double tooth = MedianInPlace(std::span(teeth).first(w.size)) - slope * w.width;
  const bool pinned = highest > kPinned * limit && floor < kPinnedFloor * limit;
  return pinned ? floor : floor + std::max(0.0, tooth);
}

}  // namespace

bool MayGrow(const Window& w, double limit, const DetectorOptions& options) {
  return limit > 0 && w.last_floor() - w.first_floor() > 0.5 * LeastGrowth(w) &&
         !(options.needs_new_high && w.last_floor() <= w.record);
}

std::optional<Suspicion> Judge(const Window& w, const Context& context,
                               const DetectorOptions& options) {
  const std::span<const double> t = w.times();
  const std::span<const double> y = w.floors();
  const bool is_long = IsLong(w);
  const double least_growth = LeastGrowth(w);
  const double third = SmallestThird(y);
  if (third < options.clear.third) return std::nullopt;
  const double tau = KendallTau(y);
  if (tau < (is_long ? options.clear.long_tau : kShortTau)) return std::nullopt;

  const PairwiseTrend line = FitPairwise(t, y);
  const double growth = line.slope * w.span();
  if (!(line.slope > 0) || growth < least_growth) return std::nullopt;
  const auto [explanation, bend] = Explain(w, context, growth);
  if (explanation == Explanation::kExplained) return std::nullopt;
  const Gates gates = GatesFor(explanation, w, context, bend, options);
  if (third < gates.third || (is_long && tau < gates.long_tau)) return std::nullopt;
  if (LargestStep(y) > kLargestJump * growth) return std::nullopt;

  std::array<double, kMaxTrendPoints> work;
  const auto rest = std::span(work).first(w.size);
  for (std::size_t i = 0; i < w.size; ++i) rest[i] = y[i] - line.slope * t[i];
  const double level = MedianInPlace(rest);
  for (std::size_t i = 0; i < w.size; ++i) rest[i] = std::fabs(y[i] - line.slope * t[i] - level);
  const double sigma = 1.4826 * MedianInPlace(rest) + options.resolution;
  if (growth / sigma < (is_long ? kLongSignal : kShortSignal)) return std::nullopt;
  const std::size_t half = w.size / 2;
  const double recent = PairwiseSlope(t.subspan(half), y.subspan(half));
  if (recent < gates.second_half * line.slope) return std::nullopt;

  const bool steeper = recent > kSteeper * line.slope;
  const double slope = steeper ? recent : line.slope;
  const double floor = steeper ? Median(y.last(3)) : level + line.slope * w.span();
  const double peak = Peak(w, floor, line.slope, context.limit);
  const double eta = std::max(0.0, context.limit - peak) / slope;
  const double evidence = Evidence(w);
  const double urgency =
      std::min(gates.max_urgency, gates.urgency * std::pow(evidence / kHour, kUrgencyPower));
  if (eta > urgency * evidence || eta > options.horizon_seconds) return std::nullopt;

  const bool starting =
      w.since_start + w.span() < kStartupSeconds && w.since_start < 0.1 * w.span() + 2 * w.width;
  const double confirmation = gates.confirmation * (starting ? kStartupPatience : 1);
  return Suspicion{.floor = w.last_floor(),
                   .from = w.first_floor(),
                   .slope = slope,
                   .slope_low = std::min({line.low, line.slope, recent}),
                   .slope_high = std::max({line.high, line.slope, recent}),
                   .peak = peak,
                   .span = w.span(),
                   .need = confirmation * std::min(w.span(), eta),
                   .tolerance = std::max(2 * sigma, 0.25 * slope * confirmation * w.span()),
                   .tau = tau,
                   .signal = growth / sigma,
                   .recent = recent / line.slope,
                   .explanation = explanation};
}

}  // namespace tocsin::trend
