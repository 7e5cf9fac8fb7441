#pragma once
// The one thread on which everything networked waits.

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.h"

namespace tocsin::net {

/// epoll, timers and a queue on a thread "tocsin-net", which starts at the first Post(). Nothing
/// that runs on it may block. Post() may be called from any thread; Timer and Watcher are used, and
/// destroyed, on the loop's thread only.
class Loop {
 public:
  /// `clock` outlives the loop. Timers follow its monotonic side.
  explicit Loop(const Clock& clock);
  ~Loop() { Stop(); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs `work` on the loop's thread, in the order of posting. Never runs it at once, not even
  /// when called on the loop's thread.
  void Post(std::function<void()> work);

  /// Ends the thread: no callback runs any more. What is queued, now or later, is destroyed on the
  /// caller's thread without being run; timers and watchers may be destroyed there from now on.
  void Stop();

  bool IsLoopThread() const;
  const Clock& clock() const { return clock_; }
  MonoTime Now() const { return clock_.Mono(); }

 private:
  friend class Timer;
  friend class Watcher;
  struct State;
  struct StateDeleter {
    void operator()(State* state) const;
  };

  const Clock& clock_;
  const std::unique_ptr<State, StateDeleter> state_;
};

/// Calls back once at a time. Destroying it, also from within its own callback, cancels.
class Timer {
 public:
  explicit Timer(Loop& loop) : loop_(loop) {}
  ~Timer() { Cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Replaces what was set before. A time in the past: at the loop's next turn.
  void Set(MonoTime at, std::function<void()> call);
  void Cancel();
  bool IsSet() const { return id_ != 0; }

 private:
  friend class Loop;
  Loop& loop_;
  MonoTime at_{};
  std::uint64_t id_ = 0;
};

/// Watches one descriptor, level-triggered. Destroying it, also from within its own callback, ends
/// that; it must end before the descriptor is closed.
class Watcher {
 public:
  explicit Watcher(Loop& loop) : loop_(loop) {}
  ~Watcher() { Clear(); }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// `events` of epoll: EPOLLIN, EPOLLOUT; EPOLLERR and EPOLLHUP are always told. False if the
  /// kernel refuses (no memory, too many watches, a descriptor that cannot be watched).
  [[nodiscard]] bool Set(int fd, std::uint32_t events, std::function<void(std::uint32_t)> ready);
  /// Other events for the same descriptor.
  void Change(std::uint32_t events);
  void Clear();
  bool IsSet() const { return id_ != 0; }

 private:
  Loop& loop_;
  int fd_ = -1;
  std::uint32_t events_ = 0;
  std::uint64_t id_ = 0;
};

}  // namespace tocsin::net
