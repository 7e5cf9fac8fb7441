#include "collectors/net/stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/parse.h"
#include "collectors/net/loop.h"
#include "collectors/net/network.h"
#include "collectors/net/tls_session.h"

namespace tocsin::net {
namespace {

constexpr std::size_t kReadSize = 16 << 10;
/// What one stream may read in a turn, so that an endless sender leaves time for the others.
constexpr std::size_t kReadATurn = 256 << 10;

using Step = TlsSession::Step;

Failure Local(std::string what) { return {Reason::kLocal, std::move(what)}; }

Result<Address> UnixAddress(const std::string& path) {
  Address address;
  auto& unix_address = reinterpret_cast<sockaddr_un&>(address.storage);
  if (path.size() >= sizeof unix_address.sun_path) {
    return Error{Errc::kInvalid, "the path of the socket is too long"};
  }
  unix_address.sun_family = AF_UNIX;
  std::memcpy(unix_address.sun_path, path.data(), path.size());
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

bool BindTo(int fd, const std::string& ip) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  if (::inet_pton(AF_INET, ip.c_str(), &v4.sin_addr) == 1) {
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&v4), sizeof v4) == 0;
  }
  if (::inet_pton(AF_INET6, ip.c_str(), &v6.sin6_addr) == 1) {
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&v6), sizeof v6) == 0;
  }
  errno = EADDRNOTAVAIL;
  return false;
}

}  // namespace

Result<Endpoint> Endpoint::Parse(std::string_view text, std::uint16_t default_port) {
  Endpoint endpoint;
  endpoint.port = default_port;
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  // A colon within an address of IPv6 ends no host: that one stands in brackets, or alone.
  const bool has_port =
      colon != std::string_view::npos &&
      (bracket == std::string_view::npos ? text.find(':') == colon : colon == bracket + 1);
  if (has_port) {
    const auto port = ParseInt<std::uint16_t>(text.substr(colon + 1));
    if (!port || *port == 0) {
      return Error{Errc::kInvalid, "the port of an address is a number from 1 to 65535"};
    }
    endpoint.port = *port;
    text = text.substr(0, colon);
  }
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  if (text.empty() || text.find_first_of(" \t\r\n[]/@") != std::string_view::npos) {
    return Error{Errc::kInvalid, "expected an address: host:port"};
  }
  endpoint.host = text;
  return endpoint;
}

std::string Endpoint::Text() const {
  if (!path.empty()) return path;
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return shown + ":" + std::to_string(port);
}

struct Stream::State : std::enable_shared_from_this<Stream::State> {
  State(Network& its_network, StreamUser& its_user)
      : network(its_network),
        loop(its_network.loop()),
        user(&its_user),
        watcher(loop),
        deadline(loop),
        soon(loop) {}

  enum class Phase { kClosed, kResolving, kConnecting, kHandshake, kOpen };

  void Connect(StreamOptions wanted);
  void OnResolved(Resolved resolved);
  void TryNextAddress();
  void OnConnectReady();
  void BeginTls(const outgoing::TlsOptions& tls);
  void MoveHandshake();
  void Opened();
  void OnReady(std::uint32_t events);
  void Flush();
  void ReadAll();
  Step ReadOnce(std::size_t& size);
  Step WriteOnce(std::size_t& size);
  void Deliver();
  void WatchFor(std::uint32_t events);
  void Fail(Failure failure);
  void FailSoon(Failure failure);
  void Close();

  Network& network;
  Loop& loop;
  StreamUser* user;  // null once the stream is gone
  Phase phase = Phase::kClosed;
  StreamOptions options;
  Resolver::Handle lookup;
  std::vector<Address> addresses;
  std::size_t next_address = 0;
  std::string last_error;
  int fd = -1;
  std::unique_ptr<TlsSession> tls;
  Watcher watcher;
  Timer deadline;
  Timer soon;
  MonoTime phase_began;
  std::string unread;
  std::string unsent;
  std::size_t sent = 0;
  bool wants_write = false;      // TLS must write before it reads on
  std::uint64_t generation = 0;  // changes when the stream is closed or connected anew
  ConnectPhases phases;
  Address address;
  std::optional<TlsPeer> peer;
};

void Stream::State::Connect(StreamOptions wanted) {
  Close();
  options = std::move(wanted);
  phases = {};
  address = {};
  peer.reset();
  last_error.clear();
  phase_began = loop.Now();
  deadline.Set(options.deadline, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->Fail({Reason::kTimeout, "not connected to " + self->options.to.Text() + " in time"});
    }
  });
  if (!options.to.path.empty()) {
    auto unix_address = UnixAddress(options.to.path);
    if (!unix_address) return FailSoon(Local(unix_address.error().message()));
    addresses = {*unix_address};
    next_address = 0;
    return TryNextAddress();
  }
  phase = Phase::kResolving;
  lookup = network.resolver().Start(options.to.host, options.ip_version,
                                    [weak = weak_from_this()](Resolved resolved) {
                                      if (const auto self = weak.lock()) {
                                        self->OnResolved(std::move(resolved));
                                      }
                                    });
}

void Stream::State::OnResolved(Resolved resolved) {
  lookup.reset();
  const MonoTime now = loop.Now();
  phases.resolve = now - phase_began;
  phase_began = now;
  if (resolved.addresses.empty()) {
    return Fail({Reason::kResolve, options.to.host + ": " + resolved.error});
  }
  addresses.clear();
  for (const Address& found : resolved.addresses) {
    addresses.push_back(found.WithPort(options.to.port));
  }
  next_address = 0;
  TryNextAddress();
}

void Stream::State::TryNextAddress() {
  while (next_address < addresses.size()) {
    address = addresses[next_address++];
    watcher.Clear();
    if (fd >= 0) ::close(std::exchange(fd, -1));
    fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return FailSoon(Local(std::string("no socket: ") + std::strerror(errno)));
    if (address.family() != AF_UNIX) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (!options.source_ip.empty() && !BindTo(fd, options.source_ip)) {
      last_error = options.source_ip + ": " + std::strerror(errno);
      continue;
    }
    phase = Phase::kConnecting;
    const int result =
        ::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size);
    if (result != 0 && errno != EINPROGRESS) {
      last_error = std::strerror(errno);
      continue;
    }
    // Also a connection that stands at once is told of from the loop.
    return WatchFor(EPOLLOUT);
  }
  if (fd >= 0) {
    watcher.Clear();
    ::close(std::exchange(fd, -1));
  }
  FailSoon({Reason::kConnect, options.to.Text() + ": " + last_error});
}

void Stream::State::OnConnectReady() {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    last_error = std::strerror(error);
    return TryNextAddress();
  }
  const MonoTime now = loop.Now();
  phases.connect = now - phase_began;
  if (options.tls) return BeginTls(*options.tls);
  Opened();
}

void Stream::State::BeginTls(const outgoing::TlsOptions& wanted) {
  phase_began = loop.Now();
  const std::string& name = wanted.server_name.empty() ? options.to.host : wanted.server_name;
  auto session = TlsSession::Start(fd, wanted, name);
  if (!session) return Fail(Local(session.error().message()));
  tls = *std::move(session);
  phase = Phase::kHandshake;
  MoveHandshake();
}

void Stream::State::MoveHandshake() {
  switch (tls->Handshake()) {
    case Step::kWantRead:
      return WatchFor(EPOLLIN);
    case Step::kWantWrite:
      return WatchFor(EPOLLOUT);
    case Step::kClosed:
      return Fail({Reason::kTls, "the connection was closed in the TLS handshake"});
    case Step::kFailed:
      return Fail({Reason::kTls, "TLS: " + tls->error()});
    case Step::kDone:
      break;
  }
  phases.tls = loop.Now() - phase_began;
  peer = tls->Inspect();
  Opened();
}

void Stream::State::Opened() {
  phase = Phase::kOpen;
  WatchFor(EPOLLIN);
  user->OnConnected();
}

void Stream::State::WatchFor(std::uint32_t events) {
  if (watcher.IsSet()) return watcher.Change(events);
  const bool watched = watcher.Set(fd, events, [weak = weak_from_this()](std::uint32_t ready) {
    if (const auto self = weak.lock()) self->OnReady(ready);
  });
  if (!watched) FailSoon(Local("the socket cannot be watched"));
}

void Stream::State::OnReady(std::uint32_t events) {
  switch (phase) {
    case Phase::kConnecting:
      return OnConnectReady();
    case Phase::kHandshake:
      return MoveHandshake();
    case Phase::kOpen:
      break;
    default:
      return;
  }
  const std::uint64_t mine = generation;
  if (!unsent.empty()) Flush();
  if (generation != mine || phase != Phase::kOpen) return;
  if ((events & ~std::uint32_t{EPOLLOUT}) != 0 || wants_write) ReadAll();
}

Step Stream::State::WriteOnce(std::size_t& size) {
  const std::string_view rest = std::string_view(unsent).substr(sent);
  if (tls) return tls->Write(rest, size);
  const ssize_t n = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
  if (n >= 0) {
    size = static_cast<std::size_t>(n);
    return Step::kDone;
  }
  if (errno == EAGAIN || errno == EINTR) return Step::kWantWrite;
  last_error = std::strerror(errno);
  return Step::kClosed;
}

void Stream::State::Flush() {
  while (sent < unsent.size()) {
    std::size_t size = 0;
    switch (WriteOnce(size)) {
      case Step::kDone:
        sent += size;
        continue;
      case Step::kWantRead:
        return WatchFor(EPOLLIN);
      case Step::kWantWrite:
        return WatchFor(EPOLLIN | EPOLLOUT);
      case Step::kClosed:
        // What the other side said before it went is still to be read: reading ends the stream.
        unsent.clear();
        sent = 0;
        return WatchFor(EPOLLIN);
      case Step::kFailed:
        return FailSoon({Reason::kTls, "TLS: " + tls->error()});
    }
  }
  unsent.clear();
  sent = 0;
  WatchFor(EPOLLIN);
}

Step Stream::State::ReadOnce(std::size_t& size) {
  std::array<char, kReadSize> buffer;
  if (tls) {
    const Step step = tls->Read(buffer.data(), buffer.size(), size);
    if (step == Step::kDone) unread.append(buffer.data(), size);
    return step;
  }
  const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (n > 0) {
    size = static_cast<std::size_t>(n);
    unread.append(buffer.data(), size);
    return Step::kDone;
  }
  if (n == 0) {
    last_error = "closed by the other side";
    return Step::kClosed;
  }
  if (errno == EAGAIN || errno == EINTR) return Step::kWantRead;
  last_error = std::strerror(errno);
  return Step::kClosed;
}

void Stream::State::ReadAll() {
  const std::uint64_t mine = generation;
  wants_write = false;
  std::size_t total = 0;
  Step step = Step::kDone;
  while (step == Step::kDone && total < kReadATurn && unread.size() <= options.max_unread) {
    std::size_t size = 0;
    step = ReadOnce(size);
    total += size;
  }
  if (total > 0) Deliver();
  if (generation != mine) return;
  if (unread.size() > options.max_unread) {
    return Fail({Reason::kTooLarge,
                 "the answer is larger than " + std::to_string(options.max_unread) + " bytes"});
  }
  switch (step) {
    case Step::kDone:
      // TLS may hold more than the socket shows.
      return soon.Set(loop.Now(), [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->ReadAll();
      });
    case Step::kWantRead:
      return;
    case Step::kWantWrite:
      wants_write = true;
      return WatchFor(EPOLLIN | EPOLLOUT);
    case Step::kClosed:
      if (tls) last_error = tls->error().empty() ? "closed by the other side" : tls->error();
      return Fail({Reason::kClosed, options.to.Text() + ": " + last_error});
    case Step::kFailed:
      return Fail({Reason::kTls, "TLS: " + tls->error()});
  }
}

void Stream::State::Deliver() {
  const std::uint64_t mine = generation;
  const std::size_t taken = user->OnData(unread);
  if (generation != mine) return;
  assert(taken <= unread.size());
  unread.erase(0, taken);
}

void Stream::State::Fail(Failure failure) {
  const auto keep = shared_from_this();
  StreamUser* const told = user;
  Close();
  if (told) told->OnEnd(failure);
}

void Stream::State::FailSoon(Failure failure) {
  watcher.Clear();
  soon.Set(loop.Now(), [weak = weak_from_this(), failure = std::move(failure)] {
    if (const auto self = weak.lock()) self->Fail(failure);
  });
}

void Stream::State::Close() {
  ++generation;
  phase = Phase::kClosed;
  lookup.reset();
  watcher.Clear();
  deadline.Cancel();
  soon.Cancel();
  tls.reset();
  if (fd >= 0) ::close(std::exchange(fd, -1));
  unread.clear();
  unsent.clear();
  sent = 0;
  wants_write = false;
}

Stream::Stream(Network& network, StreamUser& user)
    : state_(std::make_shared<State>(network, user)) {}

Stream::~Stream() {
  state_->user = nullptr;
  state_->Close();
}

void Stream::Connect(StreamOptions options) { state_->Connect(std::move(options)); }

void Stream::StartTls(const outgoing::TlsOptions& tls) {
  assert(connected() && !state_->tls);
  if (!state_->unread.empty()) {
    return state_->FailSoon({Reason::kProtocol, "bytes in clear where TLS should begin"});
  }
  state_->watcher.Clear();
  // Not at once: OnConnected() and OnEnd() come from the loop.
  state_->soon.Set(state_->loop.Now(), [weak = std::weak_ptr(state_), tls] {
    if (const auto self = weak.lock()) self->BeginTls(tls);
  });
}

void Stream::Write(std::string_view bytes) {
  assert(connected());
  state_->unsent.append(bytes);
  state_->Flush();
}

void Stream::SetDeadline(std::optional<MonoTime> deadline) {
  if (!deadline) return state_->deadline.Cancel();
  state_->deadline.Set(*deadline, [weak = std::weak_ptr(state_)] {
    if (const auto self = weak.lock()) self->Fail({Reason::kTimeout, "no answer in time"});
  });
}

void Stream::Close() { state_->Close(); }
bool Stream::connected() const { return state_->phase == State::Phase::kOpen; }
const ConnectPhases& Stream::phases() const { return state_->phases; }
const Address& Stream::address() const { return state_->address; }
const std::optional<TlsPeer>& Stream::tls_peer() const { return state_->peer; }

}  // namespace tocsin::net
