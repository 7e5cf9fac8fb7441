#pragma once
// Names to addresses without blocking the loop.

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collectors/net/loop.h"

namespace tocsin::net {

enum class IpVersion : std::uint8_t {
  kAny,      // in the system's order of preference
  kPrefer4,  // IPv4 first, IPv6 if there is none
  kPrefer6,
  kOnly4,
  kOnly6,
};

/// A socket address of either version.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  int family() const { return storage.ss_family; }
  /// "192.0.2.1", "2001:db8::1"
  std::string Ip() const;
  /// With another port.
  Address WithPort(std::uint16_t port) const;
};

/// In its order of preference; not empty unless `error` says why.
struct Resolved {
  std::vector<Address> addresses;
  std::string error;
};

/// getaddrinfo on up to four threads "tocsin-resolve", which start at need and end when idle. A
/// name server that does not answer holds one of them; literal addresses need none.
class Resolver {
 public:
  explicit Resolver(Loop& loop);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Loop thread. `done` is called on it later, never from within, and exactly once unless the
  /// returned handle is gone by then.
  using Handle = std::shared_ptr<void>;
  [[nodiscard]] Handle Start(const std::string& host, IpVersion version,
                             std::function<void(Resolved)> done);

 private:
  struct State;
  Loop& loop_;
  const std::shared_ptr<State> state_;
};

}  // namespace tocsin::net
