#pragma once
// Time is a parameter: only agent/runtime asks a Clock; everything else is given instants.

#include <chrono>
#include <mutex>

namespace tocsin {

/// An instant of the wall clock, as samples and alerts carry it.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
/// An instant of the monotonic clock, for intervals and deadlines. Does not count suspend.
using MonoTime = std::chrono::steady_clock::time_point;

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

inline double ToSeconds(nanoseconds d) { return std::chrono::duration<double>(d).count(); }
inline double ToSeconds(WallTime t) {
  return std::chrono::duration<double>(t.time_since_epoch()).count();
}
inline std::int64_t ToMillis(WallTime t) { return t.time_since_epoch().count(); }
inline WallTime FromMillis(std::int64_t ms) { return WallTime(milliseconds(ms)); }

/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime Wall() const = 0;
  virtual MonoTime Mono() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime Wall() const override {
    return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  }
  MonoTime Mono() const override { return std::chrono::steady_clock::now(); }
};

/// Stands still until told to move. For tests and replays.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start) : wall_(start) {}

  WallTime Wall() const override {
    const std::scoped_lock lock(mutex_);
    return wall_;
  }
  MonoTime Mono() const override {
    const std::scoped_lock lock(mutex_);
    return mono_;
  }
  /// Both clocks go on by `d`.
  void Advance(milliseconds d) {
    const std::scoped_lock lock(mutex_);
    wall_ += d;
    mono_ += d;
  }
  /// Only the wall clock is set, as by an administrator or after suspend.
  void StepWall(milliseconds d) {
    const std::scoped_lock lock(mutex_);
    wall_ += d;
  }

 private:
  mutable std::mutex mutex_;
  WallTime wall_;
  MonoTime mono_{};
};

}  // namespace tocsin
