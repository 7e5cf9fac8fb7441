#include "collectors/net/loop.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "base/thread.h"

namespace tocsin::net {
namespace {

using Work = std::function<void()>;
using Ready = std::function<void(std::uint32_t)>;
using TimerKey = std::pair<MonoTime, std::uint64_t>;

constexpr std::uint64_t kWakeId = 0;
constexpr int kEventsATurn = 64;

struct SetTimer {
  Timer* timer;
  Work call;
};

}  // namespace

struct Loop::State {
  explicit State(const Clock& its_clock) : clock(its_clock) {}

  bool StartLocked() REQUIRES(mutex);
  bool FailStartLocked(const char* why) REQUIRES(mutex);
  void Run();
  void RunQueue();
  void FireTimers();
  int WaitMilliseconds();

  const Clock& clock;

  Mutex mutex;
  std::vector<Work> queue GUARDED_BY(mutex);
  bool stopping GUARDED_BY(mutex) = false;
  bool start_failed GUARDED_BY(mutex) = false;
  std::thread thread;
  std::atomic<std::thread::id> thread_id{};
  int epoll_fd = -1;
  int wake_fd = -1;

  // Of the loop's thread.
  std::uint64_t next_id = kWakeId + 1;
  std::map<TimerKey, SetTimer> timers;
  std::unordered_map<std::uint64_t, std::shared_ptr<Ready>> watchers;
};

void Loop::StateDeleter::operator()(State* state) const { delete state; }

/// Tried anew at the next Post().
bool Loop::State::FailStartLocked(const char* why) {
  if (!start_failed) LogError("networked collectors wait", {{"error", why}});
  start_failed = true;
  if (epoll_fd >= 0) ::close(std::exchange(epoll_fd, -1));
  if (wake_fd >= 0) ::close(std::exchange(wake_fd, -1));
  return false;
}

bool Loop::State::StartLocked() {
  if (thread.joinable()) return true;
  epoll_fd = ::epoll_create1(EPOLL_CLOEXEC);
  wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event wake{};
  wake.events = EPOLLIN;
  wake.data.u64 = kWakeId;
  if (epoll_fd < 0 || wake_fd < 0 || ::epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &wake) != 0) {
    return FailStartLocked(std::strerror(errno));
  }
  auto started = StartThread([this] { Run(); });
  if (!started) return FailStartLocked(started.error().message().c_str());
  thread = *std::move(started);
  return true;
}

void Loop::State::Run() {
  pthread_setname_np(pthread_self(), "tocsin-net");
  thread_id = std::this_thread::get_id();
  sigset_t pipe;  // OpenSSL and libcurl write to sockets without MSG_NOSIGNAL
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);

  std::array<epoll_event, kEventsATurn> events{};
  while (true) {
    RunQueue();
    FireTimers();
    const int n = ::epoll_wait(epoll_fd, events.data(), kEventsATurn, WaitMilliseconds());
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      const std::uint64_t id = event.data.u64;  // the structure is packed: no references into it
      const std::uint32_t ready_events = event.events;
      if (id == kWakeId) {
        std::uint64_t ignored = 0;
        [[maybe_unused]] const auto drained = ::read(wake_fd, &ignored, sizeof ignored);
        continue;
      }
      const auto found = watchers.find(id);
      if (found == watchers.end()) continue;  // ended by a callback of this turn
      const std::shared_ptr<Ready> ready = found->second;
      (*ready)(ready_events);
    }
    const MutexLock lock(mutex);
    if (stopping) return;
  }
}

void Loop::State::RunQueue() {
  std::vector<Work> now;
  {
    const MutexLock lock(mutex);
    if (stopping) return;
    now.swap(queue);
  }
  for (Work& work : now) {
    work();
    work = nullptr;
  }
}

void Loop::State::FireTimers() {
  const MonoTime now = clock.Mono();
  std::vector<TimerKey> due;
  for (const auto& [key, set] : timers) {
    if (key.first > now) break;
    due.push_back(key);
  }
  for (const TimerKey& key : due) {
    auto node = timers.extract(key);
    if (node.empty()) continue;  // cancelled by one before
    node.mapped().timer->id_ = 0;
    node.mapped().call();
  }
}

int Loop::State::WaitMilliseconds() {
  {
    const MutexLock lock(mutex);
    if (stopping || !queue.empty()) return 0;
  }
  if (timers.empty()) return -1;
  const auto left = timers.begin()->first.first - clock.Mono();
  // Rounded up: a turn too early finds nothing due.
  const auto whole = std::chrono::ceil<milliseconds>(left).count();
  return static_cast<int>(std::clamp<long long>(whole, 0, 3'600'000));
}

Loop::Loop(const Clock& clock) : clock_(clock), state_(new State(clock)) {}

void Loop::Post(std::function<void()> work) {
  const MutexLock lock(state_->mutex);
  if (state_->stopping) return;
  state_->queue.push_back(std::move(work));
  if (!state_->StartLocked()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto woken = ::write(state_->wake_fd, &one, sizeof one);
}

void Loop::Stop() {
  {
    const MutexLock lock(state_->mutex);
    state_->stopping = true;
    if (state_->thread.joinable()) {
      const std::uint64_t one = 1;
      [[maybe_unused]] const auto woken = ::write(state_->wake_fd, &one, sizeof one);
    }
  }
  if (state_->thread.joinable()) state_->thread.join();
  state_->thread_id = std::thread::id();
  // What is destroyed here may own timers and watchers: one at a time, outside the containers.
  std::vector<Work> queue;
  {
    const MutexLock lock(state_->mutex);
    queue.swap(state_->queue);
  }
  queue.clear();
  while (!state_->timers.empty()) {
    auto node = state_->timers.extract(state_->timers.begin());
    node.mapped().timer->id_ = 0;
  }
  while (!state_->watchers.empty()) {
    auto node = state_->watchers.extract(state_->watchers.begin());
  }
  if (state_->epoll_fd >= 0) ::close(std::exchange(state_->epoll_fd, -1));
  if (state_->wake_fd >= 0) ::close(std::exchange(state_->wake_fd, -1));
}

bool Loop::IsLoopThread() const { return state_->thread_id == std::this_thread::get_id(); }

void Timer::Set(MonoTime at, std::function<void()> call) {
  assert(loop_.IsLoopThread());
  Cancel();
  id_ = loop_.state_->next_id++;
  at_ = at;
  loop_.state_->timers.emplace(TimerKey{at_, id_}, SetTimer{this, std::move(call)});
}

void Timer::Cancel() {
  if (id_ == 0) return;
  // Taken out before it is destroyed: it may own this timer.
  const auto node = loop_.state_->timers.extract(TimerKey{at_, std::exchange(id_, 0)});
}

bool Watcher::Set(int fd, std::uint32_t events, std::function<void(std::uint32_t)> ready) {
  assert(loop_.IsLoopThread());
  Clear();
  Loop::State& state = *loop_.state_;
  const std::uint64_t id = state.next_id++;
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (::epoll_ctl(state.epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) return false;
  state.watchers.emplace(id, std::make_shared<Ready>(std::move(ready)));
  id_ = id;
  fd_ = fd;
  events_ = events;
  return true;
}

void Watcher::Change(std::uint32_t events) {
  assert(id_ != 0);
  if (events == events_) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = id_;
  // A library may have closed the descriptor and opened another one of the same number.
  if (::epoll_ctl(loop_.state_->epoll_fd, EPOLL_CTL_MOD, fd_, &event) != 0) {
    ::epoll_ctl(loop_.state_->epoll_fd, EPOLL_CTL_ADD, fd_, &event);
  }
  events_ = events;
}

void Watcher::Clear() {
  if (id_ == 0) return;
  ::epoll_ctl(loop_.state_->epoll_fd, EPOLL_CTL_DEL, fd_, nullptr);
  const auto node = loop_.state_->watchers.extract(std::exchange(id_, 0));
}

}  // namespace tocsin::net
