#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>

#include "agent/http/server.h"
#include "base/parse.h"

namespace tocsin::http {
namespace {

Error Bad(std::string_view text, std::string_view what) {
  return {Errc::kInvalid, "listen address \"" + std::string(text) + "\": " + std::string(what)};
}

}  // namespace

Result<ListenAddress> ParseListenAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return Bad(text, "expected HOST:PORT as in 127.0.0.1:9909, or :9909 for every address");
  }
  const std::string host(text.substr(0, colon));
  if (host.find(':') != std::string::npos || host.find('[') != std::string::npos) {
    return Bad(text, "IPv6 cannot be listened on yet: give an IPv4 address");
  }
  const auto port = ParseInt<std::uint16_t>(text.substr(colon + 1));
  if (!port) return Bad(text, "the port must be a number from 0 to 65535");
  if (host.empty()) return ListenAddress{"0.0.0.0", *port};

  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0) {
    return Bad(text, "the host has no IPv4 address (" + std::string(gai_strerror(code)) + ")");
  }
  std::array<char, INET_ADDRSTRLEN> address{};
  const auto* in = reinterpret_cast<const sockaddr_in*>(found->ai_addr);
  inet_ntop(AF_INET, &in->sin_addr, address.data(), static_cast<socklen_t>(address.size()));
  freeaddrinfo(found);
  return ListenAddress{address.data(), *port};
}

}  // namespace tocsin::http
