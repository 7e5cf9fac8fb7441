#pragma once
// Asking name servers for SRV records, without blocking the loop.

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "collectors/net/loop.h"
#include "collectors/net/resolver.h"

namespace tocsin::net {

struct SrvRecord {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string host;  // without the last dot
};

/// What a name server's message says to the query `id`; none if there is no such name. Errors:
/// kMalformed for what is no answer to it; kIo for an error of the server; kLimit for a cut answer.
Result<std::vector<SrvRecord>> ReadSrvAnswer(std::string_view message, std::uint16_t id);

/// "192.0.2.1", "192.0.2.1:8600", "[2001:db8::1]:53". Errors: kInvalid.
Result<Address> ParseServerAddress(std::string_view text);

/// The name servers of /etc/resolv.conf, or the one of this host.
std::vector<Address> SystemNameServers();

/// One question; each server is asked twice, 2 s each, by UDP. Loop thread only; destroying it
/// cancels.
class SrvQuery {
 public:
  using Done = std::function<void(Result<std::vector<SrvRecord>>)>;
  /// `name` is a complete one (no search list). `done` is called once, on the loop, later; the
  /// query may be destroyed within.
  SrvQuery(Loop& loop, std::string name, std::vector<Address> servers, Done done);
  ~SrvQuery();
  SrvQuery(const SrvQuery&) = delete;
  SrvQuery& operator=(const SrvQuery&) = delete;

 private:
  void TryNext();
  Status Ask(const Address& server);
  void Receive();
  void CloseSocket();

  Loop& loop_;
  const std::string name_;
  const std::vector<Address> servers_;
  Done done_;
  std::size_t tried_ = 0;
  int fd_ = -1;
  std::uint16_t query_id_ = 0;
  Error last_error_{Errc::kTimeout, "no name server answered"};
  Watcher watcher_;
  Timer timer_;
};

}  // namespace tocsin::net
