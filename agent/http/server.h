#pragma once
// A door: what brings requests from the network to a Handler. There are two, and they share
// everything behind this header:
//   civetweb_server.h   a thread a connection, IPv4 alone: plain loopback addresses, the default;
//   door/door.h         one thread for all connections, IPv6, unix sockets, TLS, logins: every
//                       other address, and all of them once a web configuration file is given.
// doors.h chooses.

#include <memory>
#include <string>
#include <vector>

#include "agent/http/request.h"
#include "base/clock.h"
#include "base/result.h"

namespace tocsin::http {

/// What a client may cost. Beyond it the connection is closed.
struct ServerLimits {
  std::size_t uri_bytes = 2048;           // path and query; more is 414
  std::size_t header_bytes = 16'384;      // request line and headers; more is 431
  std::size_t header_count = 63;          // more is 431
  std::size_t body_bytes = 1 << 20;       // more is 413
  milliseconds header_timeout{3000};      // for the whole header
  milliseconds body_timeout{5000};        // for the whole body
  milliseconds response_timeout{5000};    // for the client to take the whole response
  milliseconds keep_alive_timeout{1000};  // between two requests
};

struct ServerOptions {
  std::vector<std::string> listen_addresses;  // see ParseListenAddress
  int threads = 32;  // civetweb: connections served at once; door/: requests inside the handler
  ServerLimits limits = {};
};

class Server {
 public:
  /// Stops.
  virtual ~Server() = default;

  /// Where it listens, as ListenAddress::ToString(): with the real port where 0 was asked for.
  virtual std::vector<std::string> addresses() const = 0;

  /// No new connections; requests under way are answered, at most for `limit`. False if some were
  /// not: then a handler is still running, and the process should end soon. A second call does
  /// nothing.
  virtual bool Stop(milliseconds limit) = 0;
};

/// The head of a response up to and including the empty line: status, Date of `now`, type, length,
/// X-Content-Type-Options, and the handler's own headers (those with control characters in them
/// are left out).
std::string ResponseHead(const Response& response, bool keep_alive, WallTime now);

/// Where to listen.
struct ListenAddress {
  enum class Kind {
    kIpv4,  // 0.0.0.0 is every IPv4 address of the host
    kIpv6,  // :: is every address of the host, IPv4 among them, as in Go
    kUnix
  };

  Kind kind = Kind::kIpv4;
  std::string host;        // "127.0.0.1", "::1"; kUnix: the path
  std::uint16_t port = 0;  // 0: the kernel chooses one

  bool IsIpv4Loopback() const { return kind == Kind::kIpv4 && host.starts_with("127."); }
  /// As ParseListenAddress reads it: "127.0.0.1:9909", "[::1]:9909", "unix:/run/tocsin.sock".
  std::string ToString() const;
};

/// "127.0.0.1:9909", "localhost:9909", "[::1]:9909", ":9909" (every address, as "[::]:9909"),
/// "unix:/path". A name is looked up, IPv4 first, which may block. Errors: kInvalid, saying what
/// was meant.
Result<ListenAddress> ParseListenAddress(std::string_view text);

/// The URL at which a client on this host reaches what listens at `address`, as ToString gives it:
/// "http://[::1]:9909", "http://127.0.0.1:9909" also for "[::]:9909", "unix:/path".
enum class Scheme { kHttp, kHttps };
std::string UrlOf(std::string_view address, Scheme scheme);

}  // namespace tocsin::http
