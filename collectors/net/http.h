#pragma once
// HTTP requests on the loop, by libcurl's multi interface. libcurl is loaded at the first one.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/outgoing/exchange.h"
#include "collectors/net/failure.h"
#include "collectors/net/loop.h"
#include "collectors/net/resolver.h"
#include "collectors/net/tls_peer.h"

namespace tocsin::net {

enum class HttpVersion : std::uint8_t { kAuto, kHttp1, kHttp2, kHttp2PriorKnowledge };

struct HttpCall {
  /// `limits.max_answer_bytes` is of the body as it is after decompression: more fails with
  /// kTooLarge. A method of "HEAD" sends no body. Redirects are not followed: HttpReply
  /// says where they lead.
  outgoing::HttpRequest request;
  std::string unix_socket;  // instead of TCP
  /// Connects to this address instead of resolving the host of the URL, or empty.
  std::string connect_ip;
  std::string source_ip;
  /// Only kAny, kOnly4 and kOnly6: whoever prefers one resolves the name and sets `connect_ip`.
  IpVersion ip_version = IpVersion::kAny;
  HttpVersion version = HttpVersion::kAuto;
  bool inspect_tls = false;       // fills HttpReply::tls
  bool fresh_connection = false;  // no connection used before, and none left behind
  bool accept_compressed = true;  // decoded before it is handed over
};

/// Each from its own beginning. A connection used again has no first three.
struct HttpPhases {
  nanoseconds resolve{0};
  nanoseconds connect{0};
  nanoseconds tls{0};
  nanoseconds processing{0};  // from the request sent to the first byte of the answer
  nanoseconds transfer{0};
};

struct HttpReply {
  int status = 0;                         // 0: no answer
  std::string version;                    // "1.1", "2"
  std::vector<outgoing::Header> headers;  // of the last answer, names in lower case
  std::string body;
  std::int64_t content_length = -1;  // as the answer declared it
  std::string redirect_url;          // absolute, if the answer is a redirect
  std::string ip;                    // of the other side
  HttpPhases phases;
  std::optional<TlsPeer> tls;

  /// The first header called `name` (lower case), or nothing.
  const std::string* Header(std::string_view name) const;
};

/// What is known of the answer stands in `reply` also after a failure.
struct HttpOutcome {
  std::optional<Failure> failure;
  HttpReply reply;
};

/// Loop thread only. Connections are kept and used again.
class HttpPool {
 public:
  explicit HttpPool(Loop& loop);
  ~HttpPool();
  HttpPool(const HttpPool&) = delete;
  HttpPool& operator=(const HttpPool&) = delete;

  /// `done` is called once, later and never from within, unless the request is cancelled first.
  std::uint64_t Start(HttpCall call, std::function<void(HttpOutcome)> done);
  void Cancel(std::uint64_t id);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::net
