#include "collectors/response/probe/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace tocsin::probe {

bool Socket::Open(int family, int type, int protocol) {
  Close();
  fd_ = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  return fd_ >= 0;
}

bool Socket::Set(int level, int option, int value) const {
  return ::setsockopt(fd_, level, option, &value, sizeof value) == 0;
}

bool Socket::BindTo(int family, const std::string& ip) const {
  if (ip.empty()) return true;
  errno = EADDRNOTAVAIL;  // an address of the other IP version
  if (family == AF_INET6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    return ::inet_pton(AF_INET6, ip.c_str(), &v6.sin6_addr) == 1 &&
           ::bind(fd_, reinterpret_cast<const sockaddr*>(&v6), sizeof v6) == 0;
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  return ::inet_pton(AF_INET, ip.c_str(), &v4.sin_addr) == 1 &&
         ::bind(fd_, reinterpret_cast<const sockaddr*>(&v4), sizeof v4) == 0;
}

void Socket::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace tocsin::probe
