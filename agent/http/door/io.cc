#include "agent/http/door/io.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

namespace tocsin::http {
namespace {

IoStep StepOf(SecureStream::Step step) {
  switch (step) {
    case SecureStream::Step::kDone:
      return IoStep::kDone;
    case SecureStream::Step::kWantRead:
      return IoStep::kWantRead;
    case SecureStream::Step::kWantWrite:
      return IoStep::kWantWrite;
    case SecureStream::Step::kEnded:
      break;
  }
  return IoStep::kEnded;
}

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

IoStep ReadSome(Connection& connection, char* data, std::size_t room, std::size_t& size) {
  if (connection.secure) return StepOf(connection.secure->Read(data, room, size));
  ssize_t n;
  do {
    n = ::recv(connection.fd, data, room, MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return WouldBlock() ? IoStep::kWantRead : IoStep::kEnded;
  size = static_cast<std::size_t>(n);
  return n == 0 ? IoStep::kEnded : IoStep::kDone;
}

IoStep WriteSome(Connection& connection, std::string_view head, std::string_view body,
                 std::size_t& size) {
  if (connection.secure) {
    return StepOf(connection.secure->Write(head.empty() ? body : head, size));
  }
  std::array<iovec, 2> parts{{{const_cast<char*>(head.data()), head.size()},
                              {const_cast<char*>(body.data()), body.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  ssize_t n;
  do {
    n = ::sendmsg(connection.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return WouldBlock() ? IoStep::kWantWrite : IoStep::kEnded;
  size = static_cast<std::size_t>(n);
  return IoStep::kDone;
}

std::string RemoteName(int socket) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return "unknown";
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (peer.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(peer);
    ::inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
  } else if (peer.ss_family == AF_INET6) {
    const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
    const bool v4 = IN6_IS_ADDR_V4MAPPED(&address);
    ::inet_ntop(v4 ? AF_INET : AF_INET6, address.s6_addr + (v4 ? 12 : 0), text.data(), text.size());
  } else {
    return "unix";
  }
  return text.data();
}

}  // namespace tocsin::http
