#include "collectors/net/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "base/thread.h"

namespace tocsin::net {
namespace {

constexpr std::size_t kMaxThreads = 4;
constexpr seconds kIdle{10};
constexpr std::size_t kMaxAddresses = 16;

Resolved Lookup(const std::string& host, IpVersion version, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  hints.ai_family = version == IpVersion::kOnly4   ? AF_INET
                    : version == IpVersion::kOnly6 ? AF_INET6
                                                   : AF_UNSPEC;
  Resolved resolved;
  addrinfo* list = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0) {
    resolved.error = code == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(code);
    return resolved;
  }
  for (const addrinfo* at = list; at && resolved.addresses.size() < kMaxAddresses;
       at = at->ai_next) {
    if (at->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Address address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
    resolved.addresses.push_back(address);
  }
  ::freeaddrinfo(list);
  if (version == IpVersion::kPrefer4 || version == IpVersion::kPrefer6) {
    const int first = version == IpVersion::kPrefer4 ? AF_INET : AF_INET6;
    std::stable_partition(resolved.addresses.begin(), resolved.addresses.end(),
                          [first](const Address& address) { return address.family() == first; });
  }
  if (resolved.addresses.empty()) resolved.error = "no address of this version";
  return resolved;
}

}  // namespace

std::string Address::Ip() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes =
      family() == AF_INET
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(storage).sin_addr)
          : &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
  if (size == 0 || !::inet_ntop(family(), bytes, text.data(), text.size())) return {};
  return text.data();
}

Address Address::WithPort(std::uint16_t port) const {
  Address with = *this;
  if (family() == AF_INET) {
    reinterpret_cast<sockaddr_in&>(with.storage).sin_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in6&>(with.storage).sin6_port = htons(port);
  }
  return with;
}

/// Outlives the resolver while a thread hangs in a lookup.
struct Resolver::State {
  /// Used, and destroyed, on the loop's thread only.
  using Done = std::function<void(Resolved)>;
  struct Question {
    std::string host;
    IpVersion version;
    std::weak_ptr<Done> done;  // expired: nobody waits for the answer any more
  };

  static void Work(const std::shared_ptr<State>& state);
  std::optional<Question> Next() EXCLUDES(mutex);
  void Answer(const std::weak_ptr<Done>& done, Resolved resolved) EXCLUDES(mutex) {
    const MutexLock lock(mutex);
    AnswerLocked(done, std::move(resolved));
  }
  void AnswerLocked(const std::weak_ptr<Done>& done, Resolved resolved) REQUIRES(mutex);

  Mutex mutex;
  CondVar changed;
  Loop* loop GUARDED_BY(mutex) = nullptr;  // null once the resolver is gone
  std::deque<Question> waiting GUARDED_BY(mutex);
  std::size_t threads GUARDED_BY(mutex) = 0;
  std::size_t idle GUARDED_BY(mutex) = 0;
};

std::optional<Resolver::State::Question> Resolver::State::Next() {
  const MutexLock lock(mutex);
  const auto until = std::chrono::steady_clock::now() + kIdle;
  ++idle;
  while (loop && waiting.empty() && std::chrono::steady_clock::now() < until) {
    changed.WaitUntil(mutex, until);
  }
  --idle;
  if (!loop || waiting.empty()) {
    --threads;
    return std::nullopt;
  }
  Question question = std::move(waiting.front());
  waiting.pop_front();
  return question;
}

void Resolver::State::AnswerLocked(const std::weak_ptr<Done>& done, Resolved resolved) {
  if (!loop) return;
  loop->Post([done, resolved = std::move(resolved)] {
    const auto still = done.lock();
    if (still && *still) std::exchange(*still, nullptr)(resolved);
  });
}

void Resolver::State::Work(const std::shared_ptr<State>& state) {
  pthread_setname_np(pthread_self(), "tocsin-resolve");
  while (const auto question = state->Next()) {
    if (question->done.expired()) continue;
    state->Answer(question->done, Lookup(question->host, question->version, 0));
  }
}

Resolver::Resolver(Loop& loop) : loop_(loop), state_(std::make_shared<State>()) {
  const MutexLock lock(state_->mutex);
  state_->loop = &loop;
}

Resolver::~Resolver() {
  const MutexLock lock(state_->mutex);
  state_->loop = nullptr;
  state_->changed.NotifyAll();
}

Resolver::Handle Resolver::Start(const std::string& host, IpVersion version,
                                 std::function<void(Resolved)> done) {
  assert(loop_.IsLoopThread());
  auto waits = std::make_shared<State::Done>(std::move(done));
  Resolved literal = Lookup(host, version, AI_NUMERICHOST);
  if (!literal.addresses.empty()) {
    state_->Answer(waits, std::move(literal));
    return waits;
  }
  const MutexLock lock(state_->mutex);
  state_->waiting.push_back({host, version, waits});
  if (state_->idle < state_->waiting.size() && state_->threads < kMaxThreads) {
    auto thread = StartThread([state = state_] { State::Work(state); });
    if (thread) {
      thread->detach();  // it may hang in a lookup for longer than anybody wants to wait
      ++state_->threads;
    } else if (state_->threads == 0) {
      state_->waiting.pop_back();
      state_->AnswerLocked(waits, {{}, "no thread to look it up: " + thread.error().message()});
      return waits;
    }
  }
  state_->changed.NotifyOne();
  return waits;
}

}  // namespace tocsin::net
