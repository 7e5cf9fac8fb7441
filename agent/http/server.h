#pragma once
// A door: what brings requests from the network to a Handler. civetweb_server.h makes one; others
// (TLS, IPv6, many slow clients) can stand beside it and share everything behind this header.

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
  int threads = 32;  // requests and idle connections served at once, where a door has threads
  ServerLimits limits = {};
};

class Server {
 public:
  /// Stops.
  virtual ~Server() = default;

  /// Where it listens, as "127.0.0.1:9909": with the real port where 0 was asked for.
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

/// An IPv4 address and port to listen on.
struct ListenAddress {
  std::string host;  // "127.0.0.1"; "0.0.0.0" is every address of the host
  std::uint16_t port;
  std::string ToString() const { return host + ':' + std::to_string(port); }
};

/// "127.0.0.1:9909", "localhost:9909", ":9909" (every address). A name is looked up, which may
/// block. Errors: kInvalid, saying what was meant.
Result<ListenAddress> ParseListenAddress(std::string_view text);

}  // namespace tocsin::http
