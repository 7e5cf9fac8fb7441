#include "agent/http/door/workers.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <deque>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"

namespace tocsin::http {
namespace {

/// Further requests are told to come again.
constexpr std::size_t kMaxWaiting = 512;
constexpr std::size_t kMaxLogins = 32;  // a few seconds of checks

using Queue = std::deque<std::unique_ptr<Exchange>>;

}  // namespace

/// Outlives the Workers where a handler hangs.
struct Workers::State {
  ~State() { ::close(wake_fd); }

  /// What to do next, or null.
  std::unique_ptr<Exchange> Take(Lane& lane) REQUIRES(mutex) {
    lane = !logins.empty() && !checking ? Lane::kLogin : Lane::kHandler;
    Queue& queue = lane == Lane::kLogin ? logins : waiting;
    if (queue.empty()) return nullptr;
    std::unique_ptr<Exchange> next = std::move(queue.front());
    queue.pop_front();
    if (lane == Lane::kLogin) checking = true;
    return next;
  }

  Handler handler;
  std::shared_ptr<Policy> policy;
  int max_threads = 0;
  milliseconds idle_time{};
  int wake_fd = -1;

  Mutex mutex;
  CondVar changed;
  Queue waiting GUARDED_BY(mutex);
  Queue logins GUARDED_BY(mutex);
  bool checking GUARDED_BY(mutex) = false;  // a login
  bool stopping GUARDED_BY(mutex) = false;
  int threads GUARDED_BY(mutex) = 0;
  int idle GUARDED_BY(mutex) = 0;
  std::vector<std::unique_ptr<Exchange>> done GUARDED_BY(mutex);
};

Workers::Workers(Handler handler, std::shared_ptr<Policy> policy, int max_threads,
                 milliseconds idle_time)
    : state_(std::make_shared<State>()) {
  state_->handler = std::move(handler);
  state_->policy = std::move(policy);
  state_->max_threads = max_threads;
  state_->idle_time = idle_time;
  state_->wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

Workers::~Workers() { Stop(MonoTime{}); }

int Workers::wake_fd() const { return state_->wake_fd; }

void Workers::Wake() {
  const std::uint64_t one = 1;
  (void)!::write(state_->wake_fd, &one, sizeof one);  // full: it is awake
}

bool Workers::Submit(Lane lane, std::unique_ptr<Exchange>& exchange) {
  const MutexLock lock(state_->mutex);
  Queue& queue = lane == Lane::kLogin ? state_->logins : state_->waiting;
  if (queue.size() >= (lane == Lane::kLogin ? kMaxLogins : kMaxWaiting)) return false;
  const auto queued = static_cast<int>(state_->waiting.size() + state_->logins.size());
  if (state_->idle <= queued && state_->threads < state_->max_threads) {
    try {
      std::thread([state = state_] { Run(state); }).detach();
      ++state_->threads;
    } catch (const std::system_error&) {
      if (state_->threads == 0) return false;
    }
  }
  queue.push_back(std::move(exchange));
  state_->changed.NotifyOne();
  return true;
}

void Workers::Collect(std::vector<std::unique_ptr<Exchange>>& out) {
  std::uint64_t count = 0;
  (void)!::read(state_->wake_fd, &count, sizeof count);  // empty: nothing was announced
  const MutexLock lock(state_->mutex);
  for (auto& exchange : state_->done) out.push_back(std::move(exchange));
  state_->done.clear();
}

void Workers::Run(const std::shared_ptr<State>& state) {
  pthread_setname_np(pthread_self(), "tocsin-http");
  MutexLock lock(state->mutex);
  while (!state->stopping) {
    Lane lane{};
    if (auto exchange = state->Take(lane)) {
      state->mutex.unlock();
      Serve(*state, lane, std::move(exchange));
      state->mutex.lock();
      continue;
    }
    const MonoTime until = SystemClock().Mono() + state->idle_time;
    ++state->idle;
    state->changed.WaitUntil(state->mutex, until);
    --state->idle;
    if (SystemClock().Mono() >= until && state->waiting.empty() && state->logins.empty()) break;
  }
  --state->threads;
  state->changed.NotifyAll();
}

void Workers::Serve(State& state, Lane lane, std::unique_ptr<Exchange> exchange) {
  bool again = false;
  if (!exchange->abandoned.load(std::memory_order_relaxed)) {
    try {
      if (lane == Lane::kHandler) {
        exchange->response = state.handler(exchange->request);
      } else if (state.policy->CheckLogin(exchange->request)) {
        again = true;
      } else {
        exchange->response = state.policy->Refusal(Policy::Verdict::kRefuse);
      }
    } catch (const std::exception& e) {
      LogError("http: a request failed", {{"remote", exchange->remote}, {"error", e.what()}});
      exchange->failed = true;
    }
  }
  const MutexLock lock(state.mutex);
  if (lane == Lane::kLogin) {
    state.checking = false;
    if (!state.logins.empty()) state.changed.NotifyOne();
  }
  if (again) {
    state.waiting.push_front(std::move(exchange));
    state.changed.NotifyOne();
    return;
  }
  const bool first = state.done.empty();
  state.done.push_back(std::move(exchange));
  const std::uint64_t one = 1;
  if (first) (void)!::write(state.wake_fd, &one, sizeof one);
}

bool Workers::Stop(MonoTime deadline) {
  const MutexLock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.NotifyAll();
  while (state_->threads > 0 && SystemClock().Mono() < deadline) {
    state_->changed.WaitUntil(state_->mutex, deadline);
  }
  return state_->threads == 0;
}

}  // namespace tocsin::http
