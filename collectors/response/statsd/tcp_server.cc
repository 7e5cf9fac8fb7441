#include "collectors/response/statsd/tcp_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/parse.h"
#include "collectors/response/statsd/address.h"

namespace tocsin::statsd {
namespace {

constexpr int kBacklog = 128;
/// Connections taken before those that are open have their turn.
constexpr int kMaxAccepts = 32;

}  // namespace

Result<std::unique_ptr<TcpServer>> TcpServer::Listen(const std::vector<std::string>& addresses,
                                                     const TcpLimits& limits, SharedTable& table) {
  std::unique_ptr<TcpServer> server(new TcpServer(limits, table));
  for (const std::string& address : addresses) {
    TRY_ASSIGN(const int fd, BindSocket(address, SOCK_STREAM, [](int socket) {
                 const int on = 1;
                 ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
               }));
    server->listeners_.push_back(fd);
    if (::listen(fd, kBacklog) != 0) {
      return Error{Errc::kIo, "statsd: " + address + ": " + std::strerror(errno)};
    }
  }
  return server;
}

TcpServer::~TcpServer() {
  for (const int fd : listeners_) ::close(fd);
  for (const Connection& connection : connections_) ::close(connection.fd);
}

std::vector<std::uint16_t> TcpServer::Ports() const {
  std::vector<std::uint16_t> ports;
  ports.reserve(listeners_.size());
  for (const int fd : listeners_) ports.push_back(PortOf(fd));
  return ports;
}

void TcpServer::AddWaits(std::vector<pollfd>& waits) const {
  for (const int fd : listeners_) {
    waits.push_back({fd, static_cast<short>(paused_ ? 0 : POLLIN), 0});
  }
  for (const Connection& connection : connections_) waits.push_back({connection.fd, POLLIN, 0});
}

void TcpServer::Serve(std::span<const pollfd> waits, std::span<char> buffer) {
  const std::span<const pollfd> of_connections = waits.subspan(listeners_.size());
  bool any_end = false;
  for (std::size_t i = 0; i < of_connections.size(); ++i) {
    if (of_connections[i].revents == 0) continue;
    Connection& connection = connections_[i];
    const End end = Read(connection, buffer);
    if (end == End::kNone) continue;
    any_end = true;
    {
      const MutexLock lock(table_.mutex);
      if (end == End::kBroken) ++table_.tcp.errors;
      if (end == End::kTooLong) ++table_.tcp.too_long;
    }
    // Last: who sees the end finds it counted.
    ::close(std::exchange(connection.fd, -1));
  }
  if (any_end) Sweep();
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (waits[i].revents != 0) Accept(listeners_[i]);
  }
}

void TcpServer::Accept(int listener) {
  for (int i = 0; i < kMaxAccepts; ++i) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      paused_ = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
      return;
    }
    const bool room = connections_.size() < limits_.connections;
    if (room) {
      const int on = 1;
      ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
      connections_.push_back({fd, {}, now_});
    }
    {
      const MutexLock lock(table_.mutex);
      ++table_.tcp.connections;
      table_.tcp.open = connections_.size();
      if (!room) ++table_.tcp.over_limit;
    }
    if (!room) ::close(fd);
  }
}

TcpServer::End TcpServer::Read(Connection& connection, std::span<char> buffer) {
  std::string& rest = connection.rest;
  std::memcpy(buffer.data(), rest.data(), rest.size());
  const ssize_t count =
      ::recv(connection.fd, buffer.data() + rest.size(), buffer.size() - rest.size(), MSG_DONTWAIT);
  if (count < 0) {
    const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    return later ? End::kNone : End::kBroken;
  }
  if (count == 0) {
    // The last line need not end.
    if (!rest.empty()) {
      const MutexLock lock(table_.mutex);
      table_.table.TakeText(rest);
    }
    return End::kClosed;
  }
  connection.last_news = now_;
  return TakeLines({buffer.data(), rest.size() + static_cast<std::size_t>(count)}, rest);
}

TcpServer::End TcpServer::TakeLines(std::string_view text, std::string& rest) {
  const MutexLock lock(table_.mutex);
  while (true) {
    const std::size_t end = text.find('\n');
    if (std::min(end, text.size()) > kMaxLine) return End::kTooLong;
    if (end == std::string_view::npos) break;
    table_.table.TakeText(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  rest.assign(text);
  return End::kNone;
}

void TcpServer::MoveTo(MonoTime now) {
  now_ = now;
  paused_ = false;
  bool any_end = false;
  for (Connection& connection : connections_) {
    // Those accepted before the first call have waited since then.
    if (connection.last_news == MonoTime{}) connection.last_news = now;
    if (now - connection.last_news < limits_.idle) continue;
    any_end = true;
    {
      const MutexLock lock(table_.mutex);
      ++table_.tcp.idle;
    }
    ::close(std::exchange(connection.fd, -1));
  }
  if (any_end) Sweep();
}

void TcpServer::Sweep() {
  std::erase_if(connections_, [](const Connection& connection) { return connection.fd < 0; });
  const MutexLock lock(table_.mutex);
  table_.tcp.open = connections_.size();
}

}  // namespace tocsin::statsd
