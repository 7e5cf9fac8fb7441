#pragma once
// Finds a gauge that grows until it hits its limit, hours before it does: leaking memory,
// descriptors, a filling disk. Streaming: a fixed state per series, O(1) amortised a sample.
//
// The method (RATCHET, docs/leaks.md): the floor of a leak rises. Minima of buckets at eight scales
// (1 to 128 min) are kept, 32 a scale. When a bucket closes on a new high of the floor, slope,
// spread and shape of the minima are judged (judge.h); and before an alarm the forecast must come
// true for a while. What the process did meanwhile (its work) and what its older siblings hold
// tells a leak from a day's load and from a warm-up.

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rules/trend/judge.h"
#include "rules/trend/options.h"
#include "rules/trend/ring.h"

namespace tocsin::trend {

/// One sample with what is known at its time. NaN: unknown.
struct Reading {
  std::int64_t t_seconds = 0;
  double value = 0;
  /// What the value must not reach, in its unit; not above 0: unknown, and nothing is found.
  double limit = 0;
  /// Work done a second by the same process: requests, connections or CPU.
  double work = std::numeric_limits<double>::quiet_NaN();
  /// The value that older processes of the same program hold without growing.
  double settled = std::numeric_limits<double>::quiet_NaN();
};

enum class LeakState : std::uint8_t { kHealthy, kSuspected, kConfirmed };

/// What was found. Times in seconds, slopes a second, the rest in the value's unit.
struct Leak {
  std::int64_t confirmed_at = 0;
  std::int64_t forecast_at = 0;    // the last bucket that went into the forecast
  std::int64_t growing_since = 0;  // beginning of the window that was judged
  // From `forecast_at` until the limit is reached: middle, and the bounds of about 80 %.
  double eta = 0;
  double eta_low = 0;
  double eta_high = 0;
  double floor_from = 0;  // at growing_since
  double floor_to = 0;    // now
  double slope = 0;
  double slope_low = 0;
  double slope_high = 0;
  // Evidence: Kendall's tau, growth by scatter, recent by whole slope; width and number of the
  // buckets.
  double tau = 0;
  double signal = 0;
  double recent = 0;
  double bucket_seconds = 0;
  std::size_t buckets = 0;
  Explanation explanation = Explanation::kUnknown;
};

/// One series: half a kilobyte at first, 3 KB after some days. A copy is a copy of the state. One
/// thread at a time.
class Detector {
 public:
  /// Takes a sample; gives the leak when this sample confirms one, or confirms it anew with a newer
  /// forecast. Readings must not go back in time: an older one is dropped, as are NaN, negative
  /// values, ones beyond 1e30 and, with zero_is_missing, zeros. A reading that is older by more
  /// than an hour means that the clock has been set right: everything begins anew with it.
  std::optional<Leak> Push(const Reading& reading, const DetectorOptions& options);

  LeakState state() const;
  /// The first and the last sample; -1: none yet.
  std::int64_t first_seconds() const { return first_t_; }
  std::int64_t last_seconds() const { return last_t_; }
  /// The leak that is going on.
  std::optional<Leak> leak() const;

  /// The lows of the buckets of one scale, oldest first: that of the leak, else the longest that
  /// has enough of them to be judged. For drawing.
  std::vector<double> Floors() const;

  /// Forgets everything: another process has taken the series over (its start time or the id of its
  /// cgroup has changed). Not for a value that merely falls: a collector's sawtooth does that.
  void Reset() { *this = Detector(); }

  /// What it takes besides itself.
  std::size_t HeapBytes() const;

  /// The state as bytes, FORMAT.md.
  std::string Export() const;
  /// Errors: kMalformed for bytes that Export has not written; kUnsupported for another version.
  static Result<Detector> Import(std::string_view bytes);

 private:
  static constexpr int kScales = 8;
  static constexpr std::int64_t kFirstWidth = 60;  // seconds
  // Bucket numbers are 32 bits wide: this is the year 5138.
  static constexpr std::int64_t kLastSecond = 100'000'000'000;

  /// A Suspicion that waits to come true, in little room.
  struct Pending {
    std::int32_t since = 0;  // bucket end, in widths; 0: none
    float floor = 0;
    float slope = 0;
    float slope_low = 0;
    float slope_high = 0;
    float peak = 0;
    float span = 0;
    float need = 0;
    float tolerance = 0;
    float from = 0;
    std::uint16_t tau = 0;  // these three as bfloat16
    std::uint16_t signal = 0;
    std::uint16_t recent = 0;
    std::uint8_t explanation = 0;
  };

  struct Scale {
    Ring ring;
    std::int32_t newest = 0;    // end of the newest bucket, in widths
    std::int32_t open_end = 0;  // end of the open one; 0: never opened
    float open_low = 0;
    float open_high = -1;  // -1: nothing is in it
    float open_work = 0;   // sum
    std::uint16_t open_work_count = 0;
    float record = -1;  // highest low that has left the ring; -1: none has

    float NewestLow() const { return ring.Low(ring.size() - 1); }
  };

  /// A suspicion of each scale. Few series have any, so there is room for them only where there is
  /// one.
  class Suspicions {
   public:
    Suspicions() = default;
    Suspicions(const Suspicions& other)
        : all_(other.all_ ? std::make_unique<All>(*other.all_) : nullptr) {}
    Suspicions(Suspicions&&) noexcept = default;
    Suspicions& operator=(Suspicions other) noexcept {
      all_.swap(other.all_);
      return *this;
    }
    bool any() const { return all_ != nullptr; }
    std::size_t HeapBytes() const { return all_ ? sizeof(All) : 0; }
    const Pending& Of(int scale) const;
    void Set(int scale, const Pending& pending);
    void Clear(int scale);

   private:
    using All = std::array<Pending, kScales>;
    std::unique_ptr<All> all_;
  };

  /// The leak that is going on, and what would end it.
  struct Confirmed {
    std::int64_t at = 0;  // 0: none
    std::int64_t since = 0;
    float eta = 0;
    float eta_low = 0;
    float eta_high = 0;
    float floor = 0;
    float checkpoint = 0;             // floor when it was last seen to grow
    std::int32_t checkpoint_at = 0;   // bucket end, in widths of its scale
    std::int32_t forecast_after = 0;  // seconds since `at`
    Pending pending;                  // as it was confirmed
    std::uint8_t scale = 0;
  };

  static std::int64_t Width(int scale) { return kFirstWidth << scale; }
  std::optional<Leak> Close(int scale, const Reading& reading, const DetectorOptions& options);
  void Append(int scale);
  std::optional<Leak> Cascade(int scale, const Reading& reading, const DetectorOptions& options);
  bool Watch(int scale, const Reading& reading, const DetectorOptions& options);
  void Confirm(int scale, const Reading& reading, double gain);
  void Forecast(double limit);
  void CheckGoingOn(int scale, const Reading& reading);
  double NewestFloor(int scale) const;
  Window MakeWindow(int scale) const;
  double FloorAtEqualWork(const Window& window, std::int64_t window_end) const;
  double RateBefore(int scale, double window_start) const;

  std::array<Scale, kScales> scales_;
  Suspicions suspicions_;
  Confirmed confirmed_;
  std::int64_t first_t_ = -1;
  std::int64_t last_t_ = -1;
  double limit_ = 0;  // of the last reading; not worth keeping over a restart
  std::array<float, 3> recent_{};
  std::uint8_t recent_count_ = 0;

  friend class DetectorCodec;
};

}  // namespace tocsin::trend
