#include "collectors/response/statsd/receiver.h"

#include <linux/sock_diag.h>
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
#include <span>

#include "base/thread.h"
#include "collectors/response/statsd/address.h"

namespace tocsin::statsd {
namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kMaxDatagram = 65'536;
/// Batches of one socket before the others have their turn.
constexpr int kMaxBatches = 64;

Error OsError(const std::string& what, int error) {
  return {Errc::kIo, "statsd: " + what + ": " + std::strerror(error)};
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

Result<std::unique_ptr<Receiver>> Receiver::Start(const ReceiverOptions& options,
                                                  SharedTable& table) {
  std::unique_ptr<Receiver> receiver(new Receiver(table));
  for (const std::string& address : options.udp) {
    TRY(receiver->BindUdp(address, options.receive_buffer));
  }
  if (!options.unixgram.empty()) {
    TRY(receiver->BindUnix(options.unixgram, options.unixgram_mode, options.receive_buffer));
  }
  if (!options.tcp.empty()) {
    TRY_ASSIGN(receiver->tcp_, TcpServer::Listen(options.tcp, options.tcp_limits, table));
  }
  receiver->wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (receiver->wake_ < 0) return OsError("eventfd", errno);
  auto started = StartThread([r = receiver.get()] { r->Run(); });
  if (!started) return std::move(started).error().Under("statsd: no thread");
  receiver->thread_ = *std::move(started);
  return receiver;
}

Receiver::~Receiver() {
  if (thread_.joinable()) {
    stopping_ = true;
    Wake();
    thread_.join();
  }
  for (const Socket& socket : sockets_) ::close(socket.fd);
  if (wake_ >= 0) ::close(wake_);
  if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
}

Status Receiver::BindUdp(const std::string& address, std::size_t buffer) {
  TRY_ASSIGN(const int fd,
             BindSocket(address, SOCK_DGRAM, [&](int socket) { AskForBuffer(socket, buffer); }));
  sockets_.push_back({fd, Listener::kUdp});
  return Unit{};
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
  const std::size_t datagrams = 1 + sockets_.size();
  std::vector<pollfd> waits{{wake_, POLLIN, 0}};
  for (const Socket& socket : sockets_) waits.push_back({socket.fd, POLLIN, 0});
  while (!stopping_) {
    waits.resize(datagrams);
    if (tcp_) tcp_->AddWaits(waits);
    if (::poll(waits.data(), waits.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      if (waits[i + 1].revents != 0) Drain(sockets_[i], batch);
    }
    if (tcp_) {
      tcp_->Serve(std::span<const pollfd>(waits).subspan(datagrams),
                  {batch.bytes.get(), kMaxDatagram});
    }
    if (waits[0].revents == 0) continue;
    std::uint64_t times = 0;
    if (::read(wake_, &times, sizeof times) > 0 && tcp_) tcp_->MoveTo(now_);
  }
}

/// An eventfd takes a 1 unless it holds 2^64 - 2 already.
void Receiver::Wake() const {
  const std::uint64_t one = 1;
  if (::write(wake_, &one, sizeof one) < 0) return;
}

void Receiver::MoveTo(MonoTime now) {
  if (!tcp_) return;
  now_ = now;
  Wake();
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
    if (socket.listener == Listener::kUdp) ports.push_back(PortOf(socket.fd));
  }
  return ports;
}

std::vector<std::uint16_t> Receiver::TcpPorts() const {
  return tcp_ ? tcp_->Ports() : std::vector<std::uint16_t>();
}

}  // namespace tocsin::statsd
