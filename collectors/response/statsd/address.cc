#include "collectors/response/statsd/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/parse.h"

namespace tocsin::statsd {
namespace {

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

/// False where the kernel was started without it (ipv6.disable=1).
bool HasIpv6() {
  const int fd = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno != EAFNOSUPPORT;
  ::close(fd);
  return true;
}

/// Calls `use` with the socket address, which is numeric: nothing is asked of a name server.
Status WithAddress(const std::string& address,
                   FunctionRef<Status(const sockaddr* where, socklen_t bytes)> use) {
  TRY_ASSIGN(const HostPort split, Split(address));
  addrinfo hints{};
  hints.ai_family = !split.host.empty() ? AF_UNSPEC : HasIpv6() ? AF_INET6 : AF_INET;
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

}  // namespace

Status CheckAddress(const std::string& address) {
  return WithAddress(address, [](const sockaddr*, socklen_t) -> Status { return Unit{}; });
}

Result<int> BindSocket(const std::string& address, int type, FunctionRef<void(int fd)> prepare) {
  int fd = -1;
  TRY(WithAddress(address, [&](const sockaddr* where, socklen_t bytes) -> Status {
    const auto failed = [&] {
      return Error{Errc::kIo, "statsd: " + address + ": " + std::strerror(errno)};
    };
    fd = ::socket(where->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return failed();
    const int off = 0;
    if (where->sa_family == AF_INET6) {
      ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    prepare(fd);
    if (::bind(fd, where, bytes) == 0) return Unit{};
    Error error = failed();
    ::close(fd);
    return error;
  }));
  return fd;
}

std::uint16_t PortOf(int fd) {
  sockaddr_storage address{};
  socklen_t bytes = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) return 0;
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  }
  if (address.ss_family != AF_INET6) return 0;
  return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

}  // namespace tocsin::statsd
