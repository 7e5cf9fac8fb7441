#pragma once
// When each job is due. Pure: told the time, owned by the scheduler, tested by hand-set time.

#include <optional>
#include <vector>

#include "base/clock.h"

namespace tocsin {

/// Jobs of one interval are due together, at whole multiples of it since the start, so that the
/// host is woken once for all of them. A job that took longer than its interval skips what it
/// missed; it never catches up.
class Timetable {
 public:
  explicit Timetable(MonoTime start) : start_(start) {}

  /// Returns the job's number. Its first round is due at `now`.
  std::size_t Add(milliseconds interval, MonoTime now);

  /// The job is never due again. Its number may be given to another once it is not running.
  void Remove(std::size_t job);

  /// The job is due now; one that runs is due again as soon as it has ended.
  void Hasten(std::size_t job, MonoTime now);

  /// A waiting job whose time has come, the longest overdue first; it counts as running until Done.
  std::optional<std::size_t> TakeDue(MonoTime now);

  /// When TakeDue can next give a job; nothing if all are running.
  std::optional<MonoTime> NextDue() const;

  /// A round ended: the job waits again, or is gone if it was removed. `pause` replaces its
  /// interval this once (for a source that is absent).
  void Done(std::size_t job, MonoTime now, std::optional<milliseconds> pause = {});

 private:
  struct Job {
    milliseconds interval;
    MonoTime due;
    bool running = false;
    bool removed = false;
    bool hastened = false;
  };

  MonoTime start_;
  std::vector<Job> jobs_;
};

}  // namespace tocsin
