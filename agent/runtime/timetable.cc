#include "agent/runtime/timetable.h"

#include <algorithm>
#include <cassert>

namespace tocsin {

std::size_t Timetable::Add(milliseconds interval, MonoTime now) {
  assert(interval.count() > 0);
  const auto vacant = std::find_if(jobs_.begin(), jobs_.end(),
                                   [](const Job& job) { return job.removed && !job.running; });
  const auto at = static_cast<std::size_t>(vacant - jobs_.begin());
  if (vacant == jobs_.end()) jobs_.emplace_back();
  jobs_[at] = {interval, now};
  return at;
}

void Timetable::Remove(std::size_t job) { jobs_[job].removed = true; }

void Timetable::Hasten(std::size_t job, MonoTime now) {
  jobs_[job].due = std::min(jobs_[job].due, now);
  jobs_[job].hastened = jobs_[job].running;
}

std::optional<std::size_t> Timetable::TakeDue(MonoTime now) {
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].running || jobs_[i].removed) continue;
    if (jobs_[i].due <= now && (!first || jobs_[i].due < jobs_[*first].due)) {
      first = i;
    }
  }
  if (first) jobs_[*first].running = true;
  return first;
}

std::optional<MonoTime> Timetable::NextDue() const {
  std::optional<MonoTime> next;
  for (const Job& job : jobs_) {
    if (!job.running && !job.removed && (!next || job.due < *next)) next = job.due;
  }
  return next;
}

void Timetable::Done(std::size_t job, MonoTime now, std::optional<milliseconds> pause) {
  Job& done = jobs_[job];
  const milliseconds step = pause.value_or(done.interval);
  done.due = done.hastened ? now : start_ + ((now - start_) / step + 1) * step;
  done.running = false;
  done.hastened = false;
}

}  // namespace tocsin
