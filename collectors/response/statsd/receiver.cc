#include "collectors/response/statsd/receiver.h"

#include <linux/sock_diag.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/parse.h"

namespace tocsin::statsd {
namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kMaxDatagram = 65'536;
/// Batches of one socket before the others have their turn.
constexpr int kMaxBatches = 64;

Error OsError(const std::string& what, int error) {
  return {Errc::kIo, "statsd: " + what + ": " + std::strerror(error)};
}

struct HostPort {
  std::string host;  // empty: every address
  std::string port;
};

Result<HostPort> Split(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  const Error wrong(Errc::kInvalid, "\"" + address +
                                        "\": expected an address and a port, \"127.0.0.1:9125\", "
                                        "\"[::1]:9125\" or \":9125\"");
  if (colon == std::string::npos) return wrong;
  HostPort split{address.substr(0, colon), address.substr(colon + 1)};
  if (split.host.starts_with('[') && split.host.ends_with(']')) {
    split.host = split.host.substr(1, split.host.size() - 2);
  } else if (split.host.find(':') != std::string::npos) {
    return wrong;
  }
  if (!ParseInt<std::uint16_t>(split.port)) return wrong;
  if (split.host == "localhost") split.host = "127.0.0.1";
  return split;
}

/// Calls `use` with the socket address, which is numeric: nothing is asked of a name server.
Status WithAddress(const std::string& address,
                   FunctionRef<Status(const sockaddr* where, socklen_t bytes)> use) {
  TRY_ASSIGN(const HostPort split, Split(address));
  addrinfo hints{};
  hints.ai_family = split.host.empty() ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(split.host.empty() ? nullptr : split.host.c_str(), split.port.c_str(), &hints,
                    &found) != 0) {
    return Error{Errc::kInvalid, "\"" + address + "\": expected a numeric address and a port"};
  }
  Status used = use(found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  return used;
}

/// As much of `bytes` as this process may have.
void AskForBuffer(int fd, std::size_t bytes) {
  const int size = static_cast<int>(std::min<std::size_t>(bytes, 1 << 30));
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
}

/// Whether somebody receives at a unix socket that exists.
bool IsAlive(const sockaddr_un& address) {
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return true;
  const bool refused =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno == ECONNREFUSED;
  ::close(fd);
  return !refused;
}

}  // namespace

/// What recvmmsg(2) fills. Pages of the buffers that no datagram reaches are never touched.
struct Receiver::Batch {
  Batch() : bytes(new char[kBatch * kMaxDatagram]) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts[i] = {bytes.get() + i * kMaxDatagram, kMaxDatagram};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
  std::unique_ptr<char[]> bytes;  // NOLINT: not to be cleared
  std::array<iovec, kBatch> parts{};
  std::array<mmsghdr, kBatch> messages{};
};

Status CheckUdpAddress(const std::string& address) {
  return WithAddress(address, [](const sockaddr*, socklen_t) -> Status { return Unit{}; });
}

Result<std::unique_ptr<Receiver>> Receiver::Start(const ReceiverOptions& options,
                                                  SharedTable& table) {
  std::unique_ptr<Receiver> receiver(new Receiver(table));
  for (const std::string& address : options.udp) {
    TRY(receiver->BindUdp(address, options.receive_buffer));
  }
  if (!options.unixgram.empty()) {
    TRY(receiver->BindUnix(options.unixgram, options.unixgram_mode, options.receive_buffer));
  }
  receiver->wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (receiver->wake_ < 0) return OsError("eventfd", errno);
  receiver->thread_ = std::thread([r = receiver.get()] { r->Run(); });
  return receiver;
}

Receiver::~Receiver() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    // An eventfd takes a first 1 in any case.
    if (::write(wake_, &one, sizeof one) == sizeof one) thread_.join();
  }
  for (const Socket& socket : sockets_) ::close(socket.fd);
  if (wake_ >= 0) ::close(wake_);
  if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
}

Status Receiver::BindUdp(const std::string& address, std::size_t buffer) {
  return WithAddress(address, [&](const sockaddr* where, socklen_t bytes) -> Status {
    const int fd = ::socket(where->sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return OsError(address, errno);
    sockets_.push_back({fd, Listener::kUdp});
    const int off = 0;
    if (where->sa_family == AF_INET6) {
      ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    AskForBuffer(fd, buffer);
    if (::bind(fd, where, bytes) != 0) return OsError(address, errno);
    return Unit{};
  });
}

Status Receiver::BindUnix(const std::string& path, std::uint32_t mode, std::size_t buffer) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return OsError(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode) || IsAlive(address)) return OsError(path, EADDRINUSE);
    ::unlink(path.c_str());
  }
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return OsError(path, errno);
  sockets_.push_back({fd, Listener::kUnix});
  AskForBuffer(fd, buffer);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return OsError(path, errno);
  }
  unix_path_ = path;
  if (::chmod(path.c_str(), mode) != 0) return OsError(path, errno);
  return Unit{};
}

void Receiver::Run() {
  ::pthread_setname_np(::pthread_self(), "tocsin-statsd");
  Batch batch;
  std::vector<pollfd> waits{{wake_, POLLIN, 0}};
  for (const Socket& socket : sockets_) waits.push_back({socket.fd, POLLIN, 0});
  while (true) {
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
    if (waits[0].revents != 0) return;
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      if (waits[i + 1].revents != 0) Drain(sockets_[i], batch);
    }
  }
}

void Receiver::Drain(const Socket& socket, Batch& batch) {
  for (int i = 0; i < kMaxBatches; ++i) {
    const int count = ::recvmmsg(socket.fd, batch.messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (count <= 0) return;
    const MutexLock lock(table_.mutex);
    for (std::size_t m = 0; m < static_cast<std::size_t>(count); ++m) {
      table_.table.TakePacket(
          {static_cast<const char*>(batch.parts[m].iov_base), batch.messages[m].msg_len},
          socket.listener);
    }
    if (static_cast<std::size_t>(count) < kBatch) return;
  }
}

std::uint64_t Receiver::KernelDrops() const {
  std::uint64_t drops = 0;
  for (const Socket& socket : sockets_) {
    std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
    socklen_t bytes = sizeof info;
    if (::getsockopt(socket.fd, SOL_SOCKET, SO_MEMINFO, info.data(), &bytes) == 0) {
      drops += info[SK_MEMINFO_DROPS];
    }
  }
  return drops;
}

std::size_t Receiver::ReceiveBufferBytes() const {
  std::size_t least = 0;
  for (const Socket& socket : sockets_) {
    int size = 0;
    socklen_t bytes = sizeof size;
    if (::getsockopt(socket.fd, SOL_SOCKET, SO_RCVBUF, &size, &bytes) != 0) continue;
    const auto got = static_cast<std::size_t>(size);
    least = least == 0 ? got : std::min(least, got);
  }
  return least;
}

std::vector<std::uint16_t> Receiver::Ports() const {
  std::vector<std::uint16_t> ports;
  for (const Socket& socket : sockets_) {
    if (socket.listener != Listener::kUdp) continue;
    sockaddr_storage address{};
    socklen_t bytes = sizeof address;
    if (::getsockname(socket.fd, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) continue;
    const auto port = address.ss_family == AF_INET
                          ? reinterpret_cast<const sockaddr_in&>(address).sin_port
                          : reinterpret_cast<const sockaddr_in6&>(address).sin6_port;
    ports.push_back(ntohs(port));
  }
  return ports;
}

}  // namespace tocsin::statsd
