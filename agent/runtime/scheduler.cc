#include "agent/runtime/scheduler.h"

#include <pthread.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/thread.h"

namespace tocsin {

/// Shared with the workers, so that one that hangs past the scheduler's end has what it needs.
struct Scheduler::State {
  explicit State(const Clock& c) : clock(c), timetable(c.Mono()) {}

  /// A job by its number in the timetable. Shared with the worker that runs it.
  struct Slot {
    std::shared_ptr<const Job> job;
    std::optional<MonoTime> deadline;  // set while the job runs
    bool overdue = false;
    bool removed = false;
  };

  const Clock& clock;
  std::stop_source stop;
  mutable Mutex mutex;
  CondVar changed;  // a round ended or began, or stop was asked for
  Timetable timetable GUARDED_BY(mutex);
  std::vector<Slot> slots GUARDED_BY(mutex);
  std::size_t workers GUARDED_BY(mutex) = 0;
  std::size_t overdue GUARDED_BY(mutex) = 0;
  std::size_t wanted_workers GUARDED_BY(mutex) = 0;
  std::vector<MonoTime> wakes GUARDED_BY(mutex);  // until when each idle worker sleeps

  void Sleep() REQUIRES(mutex);
  void WakeOneFor(MonoTime due) REQUIRES(mutex);
  static void StartMissing(const std::shared_ptr<State>& state) REQUIRES(state->mutex);
};

/// Until the next job is due or something changed.
void Scheduler::State::Sleep() {
  const MonoTime wake = timetable.NextDue().value_or(clock.Mono() + seconds(3600));
  wakes.push_back(wake);
  changed.WaitUntil(mutex, wake);
  wakes.erase(std::find(wakes.begin(), wakes.end(), wake));
}

/// Idle workers sleep until what was due when they fell asleep: a job that becomes due earlier must
/// not wait for that.
void Scheduler::State::WakeOneFor(MonoTime due) {
  if (!wakes.empty() && *std::min_element(wakes.begin(), wakes.end()) > due) changed.NotifyAll();
}

Scheduler::Scheduler(const Clock& clock, std::size_t workers)
    : state_(std::make_shared<State>(clock)) {
  {
    const MutexLock lock(state_->mutex);
    state_->wanted_workers = workers;
    State::StartMissing(state_);
  }
  watcher_ = std::thread([state = state_] { Watch(state); });
}

Scheduler::~Scheduler() { Stop(milliseconds(0)); }

std::size_t Scheduler::Add(Job job) {
  const MutexLock lock(state_->mutex);
  const std::size_t index = state_->timetable.Add(job.interval, state_->clock.Mono());
  if (index == state_->slots.size()) state_->slots.emplace_back();
  state_->slots[index] = {std::make_shared<const Job>(std::move(job)), std::nullopt, false, false};
  state_->changed.NotifyAll();
  return index;
}

void Scheduler::RunNow(std::size_t job) {
  const MutexLock lock(state_->mutex);
  const MonoTime now = state_->clock.Mono();
  state_->timetable.Hasten(job, now);
  state_->WakeOneFor(now);
}

void Scheduler::Remove(std::size_t job) {
  std::shared_ptr<const Job> ended;  // what it owns ends outside the lock
  const MutexLock lock(state_->mutex);
  state_->timetable.Remove(job);
  State::Slot& slot = state_->slots[job];
  slot.removed = true;
  if (!slot.deadline) ended = std::move(slot.job);
}

void Scheduler::Stop(milliseconds patience) {
  state_->stop.request_stop();
  // Whoever has just seen that nothing stops holds the mutex until it sleeps, and must be woken.
  { const MutexLock lock(state_->mutex); }
  state_->changed.NotifyAll();
  if (watcher_.joinable()) watcher_.join();
  const MonoTime until = std::chrono::steady_clock::now() + patience;
  // Workers that have ended may hold on to the state for a moment: what jobs own, which may refer
  // to things of the caller's, must not end with it on their threads.
  std::vector<std::shared_ptr<const Job>> ended;
  MutexLock lock(state_->mutex);
  while (state_->workers > state_->overdue && std::chrono::steady_clock::now() < until) {
    state_->changed.WaitUntil(state_->mutex, until);
  }
  for (State::Slot& slot : state_->slots) {
    if (!slot.deadline) ended.push_back(std::move(slot.job));
  }
}

std::size_t Scheduler::workers() const {
  const MutexLock lock(state_->mutex);
  return state_->workers;
}

/// A host at its limit of threads gives none: the watcher asks again in a second.
void Scheduler::State::StartMissing(const std::shared_ptr<State>& state) {
  while (state->workers < state->wanted_workers + state->overdue) {
    auto worker = StartThread([state] { Work(state); });
    if (!worker) return;
    pthread_setname_np(worker->native_handle(), "tocsin-work");
    worker->detach();
    ++state->workers;
  }
}

void Scheduler::Work(std::shared_ptr<State> state) {
  MutexLock lock(state->mutex);
  while (!state->stop.stop_requested() &&
         state->workers <= state->wanted_workers + state->overdue) {
    const auto index = state->timetable.TakeDue(state->clock.Mono());
    if (!index) {
      state->Sleep();
      continue;
    }
    std::shared_ptr<const Job> job = state->slots[*index].job;
    const MonoTime deadline = state->clock.Mono() + job->timeout;
    state->slots[*index].deadline = deadline;
    state->mutex.unlock();
    const auto pause = job->run(deadline, state->stop.get_token());
    state->mutex.lock();
    State::Slot& slot = state->slots[*index];
    if (slot.overdue) --state->overdue;
    slot.deadline.reset();
    slot.overdue = false;
    state->timetable.Done(*index, state->clock.Mono(), pause);
    if (const auto due = state->timetable.NextDue()) state->WakeOneFor(*due);
    if (!slot.removed) continue;
    slot.job = nullptr;
    state->mutex.unlock();
    job = nullptr;
    state->mutex.lock();
  }
  --state->workers;
  state->changed.NotifyAll();
}

void Scheduler::Watch(const std::shared_ptr<State>& state) {
  pthread_setname_np(pthread_self(), "tocsin-watch");
  MutexLock lock(state->mutex);
  while (!state->stop.stop_requested()) {
    const MonoTime now = state->clock.Mono();
    State::StartMissing(state);
    // Rounds begin without waking this thread: one that begins now is looked at in a second.
    MonoTime next = now + seconds(1);
    for (std::size_t i = 0; i < state->slots.size(); ++i) {
      State::Slot& slot = state->slots[i];
      if (!slot.deadline || slot.overdue) continue;
      if (*slot.deadline > now) {
        next = std::min(next, *slot.deadline);
        continue;
      }
      slot.overdue = true;
      ++state->overdue;
      State::StartMissing(state);
      const std::shared_ptr<const Job> job = slot.job;
      state->mutex.unlock();
      job->overdue();
      state->mutex.lock();
    }
    state->changed.WaitUntil(state->mutex, next);
  }
}

}  // namespace tocsin
