#include "agent/http/door/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tocsin::http {
namespace {

constexpr int kBacklog = 4096;

/// A sockaddr of any family.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress ToSocketAddress(const ListenAddress& address) {
  SocketAddress result;
  if (address.kind == ListenAddress::Kind::kUnix) {
    auto& un = reinterpret_cast<sockaddr_un&>(result.storage);
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, address.host.c_str(), address.host.size() + 1);
    result.size = sizeof un;
  } else if (address.kind == ListenAddress::Kind::kIpv6) {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(result.storage);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(address.port);
    inet_pton(AF_INET6, address.host.c_str(), &in6.sin6_addr);
    result.size = sizeof in6;
  } else {
    auto& in = reinterpret_cast<sockaddr_in&>(result.storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    inet_pton(AF_INET, address.host.c_str(), &in.sin_addr);
    result.size = sizeof in;
  }
  return result;
}

int NewSocket(ListenAddress::Kind kind) {
  const int family = kind == ListenAddress::Kind::kUnix   ? AF_UNIX
                     : kind == ListenAddress::Kind::kIpv6 ? AF_INET6
                                                          : AF_INET;
  return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

Error Failed(const ListenAddress& address, const char* why) {
  return {Errc::kIo, "cannot listen on " + address.ToString() + ": " + why};
}

/// Whether there is a socket file at the path that nobody listens on.
bool IsStale(const ListenAddress& address) {
  struct stat info {};
  if (::lstat(address.host.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  const int fd = NewSocket(address.kind);
  if (fd < 0) return false;
  const SocketAddress to = ToSocketAddress(address);
  const bool refused = ::connect(fd, to.get(), to.size) != 0 && errno == ECONNREFUSED;
  ::close(fd);
  return refused;
}

std::uint16_t BoundPort(int fd) {
  SocketAddress bound;
  bound.size = sizeof bound.storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound.storage), &bound.size);
  if (bound.storage.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(bound.storage).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(bound.storage).sin_port);
}

std::uint64_t InodeOf(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

}  // namespace

Result<Listener> Listener::Open(const ListenAddress& address) {
  int fd = NewSocket(address.kind);
  if (fd < 0 && errno == EAFNOSUPPORT && address.host == "::") {
    return Open({ListenAddress::Kind::kIpv4, "0.0.0.0", address.port});
  }
  if (fd < 0) return Failed(address, std::strerror(errno));
  Listener listener(fd, address);
  TRY(listener.Bind());
  return listener;
}

Status Listener::Bind() {
  const int on = 1;
  const int off = 0;
  const bool unix_socket = address_.kind == ListenAddress::Kind::kUnix;
  if (!unix_socket) ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address_.kind == ListenAddress::Kind::kIpv6) {
    ::setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, address_.host == "::" ? &off : &on, sizeof on);
  }
  const SocketAddress at = ToSocketAddress(address_);
  int bound = ::bind(fd_, at.get(), at.size);
  if (bound != 0 && errno == EADDRINUSE && unix_socket) {
    if (IsStale(address_)) ::unlink(address_.host.c_str());
    bound = ::bind(fd_, at.get(), at.size);
  }
  if (bound != 0) return Failed(address_, std::strerror(errno));
  if (unix_socket) inode_ = InodeOf(address_.host);
  if (::listen(fd_, kBacklog) != 0) return Failed(address_, std::strerror(errno));
  if (!unix_socket) address_.port = BoundPort(fd_);
  return Unit{};
}

Listener::Listener(Listener&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      address_(std::move(other.address_)),
      inode_(std::exchange(other.inode_, 0)) {}

Listener::~Listener() {
  if (fd_ < 0) return;
  if (inode_ != 0 && InodeOf(address_.host) == inode_) ::unlink(address_.host.c_str());
  ::close(fd_);
}

}  // namespace tocsin::http
