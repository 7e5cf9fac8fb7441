#include "rules/trend/detector.h"

#include <algorithm>
#include <cmath>

#include "rules/trend/bfloat16.h"

namespace tocsin::trend {
namespace {

// A gap of more buckets than this empties the ring of its scale: what stands in it says nothing
// about the time after.
constexpr std::int64_t kLargestGap = 255;
// Sums and slopes of these stay finite as floats.
constexpr double kMostValue = 1e30;
constexpr double kMostWork = 1e30;
// A clock that is set back by more has been wrong: what was seen under it cannot be placed.
constexpr std::int64_t kLargestStepBack = 3600;
// Nobody looked for so long: the agent was away, or the collector hung.
constexpr std::int64_t kGapSeconds = 600;
// How far a forecast may be corrected by what was seen while it was watched, if that was long
// enough.
constexpr double kLeastCorrection = 0.6;
constexpr double kMostCorrection = 1.6;
constexpr double kCorrectionSpan = 0.3;
// Widen the confidence of the slope to about 80 % coverage of the time left (measured).
constexpr double kEarlier = 0.8;
constexpr double kLater = 1.25;
// A leak is over when its floor gains less than this part of the forecast over as long as it was
// watched for.
constexpr double kStillGrowing = 0.2;
// Scales whose rings together reach back from 8 hours to days.
constexpr int kFirstLongScale = 4;
constexpr int kLastLongScale = 6;
constexpr double kAsMuchWork = 0.9;
// A rate before the window needs so many buckets.
constexpr std::size_t kLeastBefore = 4;

}  // namespace

const Detector::Pending& Detector::Suspicions::Of(int scale) const {
  static constexpr Pending kNone;
  return all_ ? (*all_)[static_cast<std::size_t>(scale)] : kNone;
}

void Detector::Suspicions::Set(int scale, const Pending& pending) {
  if (!all_) all_ = std::make_unique<All>();
  (*all_)[static_cast<std::size_t>(scale)] = pending;
}

void Detector::Suspicions::Clear(int scale) {
  if (!all_) return;
  (*all_)[static_cast<std::size_t>(scale)] = {};
  const bool empty = std::all_of(all_->begin(), all_->end(),
                                 [](const Pending& pending) { return pending.since == 0; });
  if (empty) all_.reset();
}

std::size_t Detector::HeapBytes() const {
  static_assert(sizeof(Detector) <= 640, "a series may cost 3 KB");
  std::size_t bytes = suspicions_.HeapBytes();
  for (const Scale& scale : scales_) bytes += scale.ring.HeapBytes();
  return bytes;
}

std::optional<Leak> Detector::Push(const Reading& reading, const DetectorOptions& options) {
  const bool usable = reading.value >= 0 && reading.value <= kMostValue &&
                      !(options.zero_is_missing && reading.value == 0) && reading.t_seconds >= 0 &&
                      reading.t_seconds <= kLastSecond;
  if (!usable) return std::nullopt;
  const auto narrow = static_cast<float>(reading.value);
  if (reading.t_seconds < last_t_ - kLargestStepBack) Reset();
  if (reading.t_seconds < last_t_) return std::nullopt;
  // What was read before a gap would be the floor after it: a leak would seem to have stood still.
  if (confirmed_.at != 0 && reading.t_seconds - last_t_ > kGapSeconds) recent_.fill(narrow);
  last_t_ = reading.t_seconds;
  if (first_t_ < 0) first_t_ = last_t_;
  // The median of three does away with single bad reads.
  if (recent_count_ == recent_.size()) {
    std::rotate(recent_.begin(), recent_.begin() + 1, recent_.end());
    recent_.back() = narrow;
  } else {
    recent_[recent_count_++] = narrow;
    if (recent_count_ < recent_.size()) return std::nullopt;
  }
  const auto [a, b, c] = recent_;
  const float value = std::max(std::min(a, b), std::min(std::max(a, b), c));

  Scale& scale = scales_[0];
  std::optional<Leak> out;
  const auto end = static_cast<std::int32_t>(last_t_ / kFirstWidth + 1);
  if (scale.open_end != end) {
    out = Close(0, reading, options);
    scale.open_end = end;
  }
  scale.open_low = scale.open_high >= 0 ? std::min(scale.open_low, value) : value;
  scale.open_high = std::max(scale.open_high, value);
  // The limit may have been changed, and a bucket may take two hours. One that is another in each
  // reading is computed from what is measured, and tells nothing by that.
  if (confirmed_.at != 0 && reading.limit == limit_) Forecast(reading.limit);
  limit_ = reading.limit;
  if (reading.work >= 0 && reading.work <= kMostWork) {
    scale.open_work += static_cast<float>(reading.work);
    ++scale.open_work_count;
  }
  return out;
}

/// Moves the open bucket into the ring.
void Detector::Append(int k) {
  Scale& scale = scales_[static_cast<std::size_t>(k)];
  const std::int64_t gap = scale.open_end - scale.newest;
  if (scale.ring.size() > 0 && gap > kLargestGap) {
    scale.ring.Clear();
    scale.record = -1;
    suspicions_.Clear(k);
  }
  if (scale.ring.size() == Ring::kMost) scale.record = std::max(scale.record, scale.ring.Low(0));
  scale.ring.Push(
      {.low = scale.open_low,
       .tooth = ToBfloat16(scale.open_high - scale.open_low),
       .work = scale.open_work_count > 0
                   ? ToBfloat16(scale.open_work / static_cast<float>(scale.open_work_count))
                   : kBfloat16Nan,
       .gap = static_cast<std::uint8_t>(std::min(gap, kLargestGap))});
  scale.newest = scale.open_end;
}

/// Hands the open bucket of `k` to the next scale, which may close one by that.
std::optional<Leak> Detector::Cascade(int k, const Reading& reading,
                                      const DetectorOptions& options) {
  if (k + 1 == kScales) return std::nullopt;
  const Scale& scale = scales_[static_cast<std::size_t>(k)];
  Scale& next = scales_[static_cast<std::size_t>(k + 1)];
  const std::int32_t end = (scale.open_end + 1) / 2;
  std::optional<Leak> out;
  if (next.open_end != end) {
    out = Close(k + 1, reading, options);
    next.open_end = end;
  }
  next.open_low = next.open_high >= 0 ? std::min(next.open_low, scale.open_low) : scale.open_low;
  next.open_high = std::max(next.open_high, scale.open_high);
  if (scale.open_work_count > 0) {
    next.open_work += scale.open_work / static_cast<float>(scale.open_work_count);
    ++next.open_work_count;
  }
  return out;
}

std::optional<Leak> Detector::Close(int k, const Reading& reading, const DetectorOptions& options) {
  Scale& scale = scales_[static_cast<std::size_t>(k)];
  if (scale.open_high < 0) return std::nullopt;
  Append(k);
  std::optional<Leak> out = Cascade(k, reading, options);
  scale.open_high = -1;
  scale.open_work = 0;
  scale.open_work_count = 0;
  CheckGoingOn(k, reading);
  if (Watch(k, reading, options) && !out) out = leak();
  const bool judge = scale.ring.size() >= kLeastBuckets && suspicions_.Of(k).since == 0 && !out;
  if (!judge) return out;
  const Window window = MakeWindow(k);
  if (!MayGrow(window, reading.limit, options)) return out;
  const std::int64_t window_end = scale.newest * Width(k);
  const double window_start = static_cast<double>(window_end) - window.span();
  const Context context{.limit = reading.limit,
                        .settled = reading.settled,
                        .rate_before = RateBefore(k, window_start),
                        .floor_at_equal_work = FloorAtEqualWork(window, window_end)};
  if (const auto found = Judge(window, context, options)) {
    suspicions_.Set(k, {.since = scale.newest,
                        .floor = static_cast<float>(found->floor),
                        .slope = static_cast<float>(found->slope),
                        .slope_low = static_cast<float>(found->slope_low),
                        .slope_high = static_cast<float>(found->slope_high),
                        .peak = static_cast<float>(found->peak),
                        .span = static_cast<float>(found->span),
                        .need = static_cast<float>(found->need),
                        .tolerance = static_cast<float>(found->tolerance),
                        .from = static_cast<float>(found->from),
                        .tau = ToBfloat16(static_cast<float>(found->tau)),
                        .signal = ToBfloat16(static_cast<float>(found->signal)),
                        .recent = ToBfloat16(static_cast<float>(found->recent)),
                        .explanation = static_cast<std::uint8_t>(found->explanation)});
  }
  return out;
}

/// The second stage: the forecast must come true on samples it was not made from. True when it has.
bool Detector::Watch(int k, const Reading& reading, const DetectorOptions& options) {
  const Scale& scale = scales_[static_cast<std::size_t>(k)];
  const Pending& pending = suspicions_.Of(k);
  if (pending.since == 0) return false;
  const auto dt = static_cast<double>((scale.newest - pending.since) * Width(k));
  const double gain = static_cast<double>(scale.NewestLow()) - pending.floor;
  if (gain < -pending.tolerance) {
    suspicions_.Clear(k);
    return false;
  }
  if (dt < pending.need || !(reading.limit > 0)) return false;
  const bool came_true = gain >= options.kept * pending.slope * dt;
  if (came_true) Confirm(k, reading, gain);
  suspicions_.Clear(k);
  return came_true;
}

void Detector::Confirm(int k, const Reading& reading, double gain) {
  const Scale& scale = scales_[static_cast<std::size_t>(k)];
  const Pending& pending = suspicions_.Of(k);
  confirmed_.at = last_t_;
  confirmed_.since = pending.since * Width(k) - static_cast<std::int64_t>(pending.span);
  confirmed_.floor = static_cast<float>(pending.floor + gain);
  confirmed_.checkpoint = confirmed_.floor;
  confirmed_.checkpoint_at = scale.newest;
  confirmed_.pending = pending;
  confirmed_.scale = static_cast<std::uint8_t>(k);
  confirmed_.forecast_after = 0;
  Forecast(reading.limit);
}

/// From the growth as it was judged and what the floor gained since, up to the newest bucket.
void Detector::Forecast(double limit) {
  if (!(limit > 0)) return;
  const Pending& pending = confirmed_.pending;
  const Scale& scale = scales_[confirmed_.scale];
  const double gain = NewestFloor(confirmed_.scale) - pending.floor;
  const auto dt = static_cast<double>((scale.newest - pending.since) * Width(confirmed_.scale));
  const double seen = dt > 0 ? gain / (pending.slope * dt) : 1;
  const double slope = dt > kCorrectionSpan * pending.span
                           ? pending.slope * std::clamp(seen, kLeastCorrection, kMostCorrection)
                           : pending.slope;
  const double left = limit - pending.peak - gain;
  const double fastest = std::max<double>(pending.slope_high, slope);
  const double slowest = std::max(1e-9, std::min<double>(pending.slope_low, slope));
  confirmed_.eta = static_cast<float>(std::max(0.0, left / slope));
  confirmed_.eta_low = static_cast<float>(std::max(0.0, kEarlier * left / fastest));
  confirmed_.eta_high = static_cast<float>(std::max(0.0, kLater * left / slowest));
}

/// A leak ends when its memory comes back or its floor stays where it is.
void Detector::CheckGoingOn(int k, const Reading& reading) {
  if (confirmed_.at == 0 || confirmed_.scale != k) return;
  const Scale& scale = scales_[static_cast<std::size_t>(k)];
  const double floor = scale.NewestLow();
  const Pending& pending = confirmed_.pending;
  const double gain = floor - confirmed_.checkpoint;
  const auto dt = static_cast<double>((scale.newest - confirmed_.checkpoint_at) * Width(k));
  if (floor < confirmed_.floor - pending.tolerance) {
    confirmed_ = {};
    return;
  }
  if (dt >= pending.span) {
    if (gain < kStillGrowing * pending.slope * dt) {
      confirmed_ = {};
      return;
    }
    confirmed_.checkpoint = static_cast<float>(floor);
    confirmed_.checkpoint_at = scale.newest;
  }
  // After a gap the newest bucket is from before it.
  const std::int64_t at = std::min(last_t_, (scale.newest + 1) * Width(k));
  confirmed_.forecast_after =
      static_cast<std::int32_t>(std::max<std::int64_t>(at - confirmed_.at, 0));
  Forecast(reading.limit);
}

Window Detector::MakeWindow(int k) const {
  const Scale& scale = scales_[static_cast<std::size_t>(k)];
  Window window;
  window.size = scale.ring.size();
  window.width = static_cast<double>(Width(k));
  std::int64_t widths = 0;
  for (std::size_t i = 0; i < window.size; ++i) {
    const Bucket bucket = scale.ring.At(i);
    if (i > 0) widths += bucket.gap;
    window.t[i] = static_cast<double>(widths * Width(k));
    window.low[i] = bucket.low;
    window.tooth[i] = FromBfloat16(bucket.tooth);
    window.work[i] = FromBfloat16(bucket.work);
  }
  window.record = scale.record;
  window.since_start = static_cast<double>(scale.newest * Width(k) - first_t_) - window.span();
  return window;
}

/// The highest floor of times, before the window's second half, when at least about as much work
/// was done as in its last buckets; NaN if there are fewer than two such times.
double Detector::FloorAtEqualWork(const Window& window, std::int64_t window_end) const {
  const std::size_t n = window.size;
  const double now = (window.work[n - 1] + window.work[n - 2] + window.work[n - 3]) / 3;
  if (!(now > 0)) return std::numeric_limits<double>::quiet_NaN();
  const double before = static_cast<double>(window_end) - 0.5 * window.span();
  float highest = 0;
  int times = 0;
  for (int k = kFirstLongScale; k <= kLastLongScale; ++k) {
    const Scale& scale = scales_[static_cast<std::size_t>(k)];
    std::int64_t end = scale.newest;
    for (std::size_t i = scale.ring.size(); i-- > 0;) {
      const Bucket bucket = scale.ring.At(i);
      const bool in_time = static_cast<double>(end * Width(k)) <= before;
      end -= bucket.gap;
      if (!in_time || !(FromBfloat16(bucket.work) >= kAsMuchWork * now)) continue;
      highest = std::max(highest, bucket.low);
      ++times;
    }
  }
  return times >= 2 ? highest : std::numeric_limits<double>::quiet_NaN();
}

/// Growth a second up to `window_start`, of the next scale, which reaches back twice as far; NaN if
/// that is not far enough.
double Detector::RateBefore(int k, double window_start) const {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  if (k + 1 == kScales) return kUnknown;
  const Scale& scale = scales_[static_cast<std::size_t>(k + 1)];
  std::int64_t end = scale.newest;
  std::size_t last = scale.ring.size();  // of those before the window
  while (last > 0 && static_cast<double>(end * Width(k + 1)) > window_start) {
    --last;
    end -= scale.ring.Gap(last);
  }
  if (last < kLeastBefore) return kUnknown;
  std::int64_t widths = 0;
  for (std::size_t i = 1; i < last; ++i) widths += scale.ring.Gap(i);
  const double rise =
      static_cast<double>(scale.ring.Low(last - 1)) - static_cast<double>(scale.ring.Low(0));
  return rise / static_cast<double>(widths * Width(k + 1));
}

LeakState Detector::state() const {
  if (confirmed_.at != 0) return LeakState::kConfirmed;
  return suspicions_.any() ? LeakState::kSuspected : LeakState::kHealthy;
}

double Detector::NewestFloor(int k) const {
  const Scale& scale = scales_[static_cast<std::size_t>(k)];
  return scale.ring.size() > 0 ? scale.NewestLow() : scale.open_low;
}

std::vector<double> Detector::Floors() const {
  int k = confirmed_.scale;
  if (confirmed_.at == 0) {
    // The longest that is full enough to be judged, or the first.
    for (k = kScales - 1; k > 0; --k) {
      if (scales_[static_cast<std::size_t>(k)].ring.size() >= kLeastBuckets) break;
    }
  }
  const Scale& scale = scales_[static_cast<std::size_t>(k)];
  std::vector<double> floors;
  floors.reserve(scale.ring.size());
  for (std::size_t i = 0; i < scale.ring.size(); ++i) floors.push_back(scale.ring.Low(i));
  return floors;
}

std::optional<Leak> Detector::leak() const {
  if (confirmed_.at == 0) return std::nullopt;
  const Pending& pending = confirmed_.pending;
  return Leak{.confirmed_at = confirmed_.at,
              .forecast_at = confirmed_.at + confirmed_.forecast_after,
              .growing_since = confirmed_.since,
              .eta = confirmed_.eta,
              .eta_low = confirmed_.eta_low,
              .eta_high = confirmed_.eta_high,
              .floor_from = pending.from,
              .floor_to = NewestFloor(confirmed_.scale),
              .slope = pending.slope,
              .slope_low = pending.slope_low,
              .slope_high = pending.slope_high,
              .tau = FromBfloat16(pending.tau),
              .signal = FromBfloat16(pending.signal),
              .recent = FromBfloat16(pending.recent),
              .bucket_seconds = static_cast<double>(Width(confirmed_.scale)),
              .buckets = scales_[confirmed_.scale].ring.size(),
              .explanation = static_cast<Explanation>(pending.explanation)};
}

}  // namespace tocsin::trend
