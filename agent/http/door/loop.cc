#include "agent/http/door/loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace tocsin::http {
namespace {

constexpr std::size_t kReadBytes = 16'384;  // a TLS record
constexpr int kEventsAtOnce = 256;
constexpr int kAcceptsAtOnce = 64;
constexpr milliseconds kLingerTime{500};
constexpr milliseconds kAcceptPause{100};
constexpr milliseconds kRefreshInterval{1000};
constexpr seconds kWarnInterval{60};
/// Descriptors that collectors, files and receivers need.
constexpr std::size_t kReservedDescriptors = 256;
/// Where the kernel would allow a million, memory would not.
constexpr std::size_t kMostConnections = 16'384;
/// What makes ending a connection for its memory worth it.
constexpr std::size_t kWorthReclaiming = 4096;

/// Tags of epoll events; everything else is a connection's address.
constexpr std::uint64_t kWakeTag = 0;
constexpr std::uint64_t kFirstListenerTag = 1;

/// All phases in which a connection's time is limited.
constexpr Phase kTimed[] = {Phase::kHandshake, Phase::kHeader, Phase::kBody,
                            Phase::kResponse,  Phase::kIdle,   Phase::kLinger};

bool LacksResources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

std::size_t AllowedConnections(std::size_t wish) {
  if (wish > 0) return wish;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto descriptors = static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
  const std::size_t reserve = std::min(kReservedDescriptors, descriptors / 2);
  return std::clamp<std::size_t>(descriptors - reserve, 1, kMostConnections);
}

}  // namespace

Loop::Loop(std::vector<Listener> listeners, const ServerOptions& options, const DoorLimits& limits,
           Handler handler, std::shared_ptr<Policy> policy)
    : limits_(options.limits),
      door_(limits),
      max_connections_(AllowedConnections(limits.connections)),
      policy_(std::move(policy)),
      workers_(std::move(handler), policy_, options.threads, limits.worker_idle_time),
      listeners_(std::move(listeners)),
      buffer_(kReadBytes) {}

Loop::~Loop() {
  if (epoll_ >= 0) ::close(epoll_);
}

Status Loop::Register(int fd, std::uint32_t events, std::uint64_t tag) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0) return Unit{};
  return Error{Errc::kIo, std::string("epoll: ") + std::strerror(errno)};
}

Status Loop::Prepare() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return Error{Errc::kIo, std::string("epoll: ") + std::strerror(errno)};
  TRY(Register(workers_.wake_fd(), EPOLLIN, kWakeTag));
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    TRY(Register(listeners_[i].fd(), EPOLLIN, kFirstListenerTag + i));
  }
  return Unit{};
}

void Loop::TellToStop(MonoTime deadline) {
  stop_at_ = deadline.time_since_epoch().count();
  told_to_stop_ = true;
  workers_.Wake();
}

void Loop::Run() {
  std::array<epoll_event, kEventsAtOnce> events;
  now_ = clock_.Mono();
  while (!BeginStopping()) {
    const int n = ::epoll_wait(epoll_, events.data(), kEventsAtOnce, WaitMilliseconds());
    now_ = clock_.Mono();
    if (policy_ && n > 0 && now_ - refreshed_ >= kRefreshInterval) {
      policy_->Refresh();
      refreshed_ = now_;
    }
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      Dispatch(event.data.u64, event.events);
    }
    Expire();
    ended_.clear();
  }
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    while (Connection* c = lists_.Oldest(static_cast<Phase>(phase))) Close(*c);
  }
  ended_.clear();
}

/// True when nothing is left to wait for.
bool Loop::BeginStopping() {
  if (!told_to_stop_.load()) return false;
  if (!stopping_) {
    stopping_ = true;
    listeners_.clear();
    for (const Phase phase : {Phase::kHandshake, Phase::kHeader, Phase::kBody, Phase::kIdle}) {
      while (Connection* c = lists_.Oldest(phase)) Close(*c);
    }
    ended_.clear();
  }
  const bool answered = !lists_.Oldest(Phase::kHandling) && !lists_.Oldest(Phase::kResponse);
  return answered || now_ >= MonoTime(MonoTime::duration(stop_at_.load()));
}

milliseconds Loop::TimeAllowed(Phase phase) const {
  switch (phase) {
    case Phase::kHandshake:
      return door_.handshake_timeout;
    case Phase::kHeader:
      return limits_.header_timeout;
    case Phase::kBody:
      return limits_.body_timeout;
    case Phase::kResponse:
      return limits_.response_timeout;
    case Phase::kIdle:
      return limits_.keep_alive_timeout;
    case Phase::kLinger:
    case Phase::kHandling:
    case Phase::kClosed:
      break;
  }
  return kLingerTime;
}

int Loop::WaitMilliseconds() const {
  MonoTime first = MonoTime::max();
  for (const Phase phase : kTimed) {
    if (const Connection* c = lists_.Oldest(phase)) {
      first = std::min(first, c->since + TimeAllowed(phase));
    }
  }
  if (paused_) first = std::min(first, accept_again_);
  if (stopping_) first = std::min(first, MonoTime(MonoTime::duration(stop_at_.load())));
  if (first == MonoTime::max()) return -1;
  const auto left = std::chrono::ceil<milliseconds>(first - now_).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void Loop::Dispatch(std::uint64_t tag, std::uint32_t events) {
  if (tag == kWakeTag) return Collect();
  const std::uint64_t listener = tag - kFirstListenerTag;
  if (listener < listeners_.size()) {
    if (!paused_) AcceptFrom(listeners_[listener]);
    return;
  }
  auto* const connection = reinterpret_cast<Connection*>(tag);
  if (connection->phase != Phase::kClosed) OnEvent(*connection, events);
}

void Loop::Collect() {
  workers_.Collect(finished_);
  for (auto& exchange : finished_) Finished(std::move(exchange));
  finished_.clear();
}

void Loop::Expire() {
  if (paused_ && now_ >= accept_again_) {
    paused_ = false;
    ListenFor(EPOLLIN);
  }
  for (const Phase phase : kTimed) {
    while (Connection* c = lists_.Oldest(phase)) {
      if (c->since + TimeAllowed(phase) > now_) break;
      if (phase == Phase::kBody || (phase == Phase::kHeader && !c->in.empty())) {
        Refuse(*c, TextResponse(408, "408 the request did not arrive in time"));
        Advance(*c);
      } else {
        Close(*c);
      }
    }
  }
}

void Loop::AcceptFrom(const Listener& listener) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    if (lists_.size() >= max_connections_ && !Evict()) return PauseAccepting();
    const int fd = ::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      if (listener.address().kind != ListenAddress::Kind::kUnix) {
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      }
      Admit(fd);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno != EINTR && errno != ECONNABORTED && !(LacksResources(errno) && Evict())) {
      return PauseAccepting();  // what waits can wait a little longer
    }
  }
}

void Loop::Admit(int fd) {
  auto connection = std::make_unique<Connection>();
  connection->fd = fd;
  connection->wanted = connection->registered = EPOLLIN;
  const bool secure = policy_ && policy_->secure();
  if (secure) connection->secure = policy_->Secure(fd);
  const auto tag = reinterpret_cast<std::uint64_t>(connection.get());
  if ((secure && !connection->secure) || !Register(fd, EPOLLIN, tag)) {
    ::close(fd);
    return;
  }
  Move(*connection.release(), secure ? Phase::kHandshake : Phase::kHeader);
}

void Loop::ListenFor(std::uint32_t events) {
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = kFirstListenerTag + i;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, listeners_[i].fd(), &event);
  }
}

/// Without a pause, epoll would report the waiting connections over and over.
void Loop::PauseAccepting() {
  paused_ = true;
  accept_again_ = now_ + kAcceptPause;
  ListenFor(0);
}

/// Ends the connection that can best be missed. False if every one is in a handler.
bool Loop::Evict() {
  Connection* victim = lists_.Oldest(Phase::kLinger);
  if (!victim) victim = lists_.Oldest(Phase::kIdle);
  if (!victim) {
    for (const Phase phase : {Phase::kHandshake, Phase::kHeader, Phase::kBody, Phase::kResponse}) {
      Connection* const oldest = lists_.Oldest(phase);
      if (oldest && (!victim || oldest->since < victim->since)) victim = oldest;
    }
  }
  if (!victim) return false;
  if (warned_ == MonoTime{} || now_ - warned_ >= kWarnInterval) {
    warned_ = now_;
    LogWarn("http: too many connections, the longest idle or unfinished ones are ended",
            {{"connections", std::to_string(lists_.size())}});
  }
  Close(*victim);
  return true;
}

void Loop::Reclaim(const Connection& spared) {
  for (const Phase phase : {Phase::kBody, Phase::kHeader, Phase::kResponse}) {
    for (Connection* c = lists_.Oldest(phase); c && held_ > door_.held_bytes;) {
      Connection* const next = c->next;
      if (c != &spared && c->held >= kWorthReclaiming) Close(*c);
      c = next;
    }
  }
}

void Loop::OnEvent(Connection& connection, std::uint32_t events) {
  constexpr std::uint32_t kGone = EPOLLHUP | EPOLLERR;
  connection.reported = events;
  if ((events & (connection.wanted | kGone)) != 0) {
    switch (connection.phase) {
      case Phase::kHandshake:
        Shake(connection);
        break;
      case Phase::kHeader:
      case Phase::kBody:
      case Phase::kIdle:
        Read(connection);
        break;
      case Phase::kResponse:
        Flush(connection);
        break;
      case Phase::kLinger:
        Drain(connection);
        break;
      case Phase::kHandling:
        if ((events & kGone) != 0) Close(connection);
        break;
      case Phase::kClosed:
        break;
    }
  }
  Advance(connection);
}

/// Tells epoll what to report. What it reports too much is only taken back once it has: most
/// requests are answered before anything else arrives.
void Loop::Arm(Connection& connection) const {
  const std::uint32_t wanted = connection.phase == Phase::kHandling ? 0 : connection.wanted;
  const bool lacks = (wanted & ~connection.registered) != 0;
  const bool in_vain = (connection.registered & ~wanted & connection.reported) != 0;
  connection.reported = 0;
  if (!lacks && !in_vain) return;
  epoll_event event{};
  event.events = connection.registered = wanted;
  event.data.u64 = reinterpret_cast<std::uint64_t>(&connection);
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
}

void Loop::Close(Connection& connection) {
  if (connection.secure && connection.phase == Phase::kIdle) connection.secure->SayGoodbye();
  if (connection.handled) {
    connection.handled->connection = nullptr;
    connection.handled->abandoned.store(true, std::memory_order_relaxed);
  }
  ::close(connection.fd);
  held_ -= connection.held;
  Move(connection, Phase::kClosed);
  ended_.emplace_back(&connection);
}

void Loop::Move(Connection& connection, Phase phase) { lists_.Move(connection, phase, now_); }

}  // namespace tocsin::http
