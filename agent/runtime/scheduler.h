#pragma once
// Runs jobs on their intervals, on workers it owns, so that one that hangs costs only itself.

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "agent/runtime/timetable.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace tocsin {

/// One periodic piece of work. The scheduler never runs a job twice at once.
struct Job {
  std::string name;
  milliseconds interval;
  milliseconds timeout;
  /// Runs one round; returns a pause that replaces the interval this once, or nothing. May block.
  std::function<std::optional<milliseconds>(MonoTime deadline, std::stop_token)> run;
  /// Called once when a round is past its deadline and still running, from another thread.
  std::function<void()> overdue;
};

/// Threads: `workers` named "tocsin-work", one "tocsin-watch" that sees rounds pass their
/// deadlines. All public functions may be called from any thread. A worker whose round is overdue
/// is written off and replaced until the round returns, so there is at most one thread more for
/// each hung job, and none accumulate: a hung job is not started again.
class Scheduler {
 public:
  Scheduler(const Clock& clock, std::size_t workers);
  /// Stops as Stop(0).
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Returns the job's number; its first round begins at once.
  std::size_t Add(Job job);
  /// A round of it begins as soon as a worker is free, besides those of its interval.
  void RunNow(std::size_t job);
  /// No round of it begins any more. One that is running goes on, and counts as hung if it hangs.
  void Remove(std::size_t job);

  /// Starts no more rounds, asks the running ones to stop, and waits for them until `patience` is
  /// over. Rounds that still hang then are left behind: their threads own what they touch.
  void Stop(milliseconds patience);

  /// Workers alive, hung ones included.
  std::size_t workers() const;

 private:
  struct State;
  static void Work(std::shared_ptr<State> state);
  static void Watch(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
  std::thread watcher_;
};

}  // namespace tocsin
