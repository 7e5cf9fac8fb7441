#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>

#include "agent/http/server.h"
#include "base/parse.h"

namespace tocsin::http {
namespace {

constexpr std::string_view kUnix = "unix:";

Error Bad(std::string_view text, std::string_view what) {
  return {Errc::kInvalid, "listen address \"" + std::string(text) + "\": " + std::string(what)};
}

Result<ListenAddress> UnixAddress(std::string_view text) {
  ListenAddress address{ListenAddress::Kind::kUnix, std::string(text.substr(kUnix.size())), 0};
  if (!address.host.starts_with('/')) {
    return Bad(text, "expected an absolute path as in unix:/run/tocsin.sock");
  }
  if (address.host.size() >= sizeof(sockaddr_un::sun_path)) {
    return Bad(text, "the path of a unix socket has at most 107 bytes");
  }
  return address;
}

/// The first address of `family` that `host` has, as text; empty if none.
std::string Resolve(const std::string& host, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return {};
  std::array<char, NI_MAXHOST> name{};
  const int code = getnameinfo(found->ai_addr, found->ai_addrlen, name.data(),
                               static_cast<socklen_t>(name.size()), nullptr, 0, NI_NUMERICHOST);
  freeaddrinfo(found);
  return code == 0 ? name.data() : std::string();
}

/// "::1" of "[::1]"; nothing else may have a colon.
Result<std::string> HostOf(std::string_view text, std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']'))
    return std::string(host.substr(1, host.size() - 2));
  if (host.find_first_of(":[]") != host.npos) {
    return Bad(text, "an IPv6 address stands in brackets, as in [::1]:9909");
  }
  return std::string(host);
}

}  // namespace

std::string ListenAddress::ToString() const {
  if (kind == Kind::kUnix) return std::string(kUnix) + host;
  const std::string name = kind == Kind::kIpv6 ? '[' + host + ']' : host;
  return name + ':' + std::to_string(port);
}

Result<ListenAddress> ParseListenAddress(std::string_view text) {
  if (text.starts_with(kUnix)) return UnixAddress(text);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return Bad(text, "expected HOST:PORT as in 127.0.0.1:9909, or :9909 for every address");
  }
  TRY_ASSIGN(const std::string host, HostOf(text, text.substr(0, colon)));
  const auto port = ParseInt<std::uint16_t>(text.substr(colon + 1));
  if (!port) return Bad(text, "the port must be a number from 0 to 65535");
  if (host.empty()) return ListenAddress{ListenAddress::Kind::kIpv6, "::", *port};
  if (std::string v4 = Resolve(host, AF_INET); !v4.empty()) {
    return ListenAddress{ListenAddress::Kind::kIpv4, std::move(v4), *port};
  }
  if (std::string v6 = Resolve(host, AF_INET6); !v6.empty()) {
    return ListenAddress{ListenAddress::Kind::kIpv6, std::move(v6), *port};
  }
  return Bad(text, "the host has no address");
}

std::string UrlOf(std::string_view address, Scheme scheme) {
  if (address.starts_with(kUnix)) return std::string(address);
  std::string host(address.substr(0, address.rfind(':')));
  const std::string_view port = address.substr(host.size());
  if (host.empty() || host == "[::]" || host == "0.0.0.0") host = "127.0.0.1";
  return (scheme == Scheme::kHttps ? "https://" : "http://") + host + std::string(port);
}

}  // namespace tocsin::http
