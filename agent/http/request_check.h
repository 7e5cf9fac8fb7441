#pragma once
// Which requests are served at all: whatever two readers could take differently is refused, since
// a proxy in front may be the other reader. Pure; every door asks it before reading a body.

#include <optional>

#include "agent/http/request.h"
#include "agent/http/server.h"

namespace tocsin::http {

enum class HttpVersion { k10, k11 };

struct CheckedRequest {
  /// Set: answer this and close the connection, without reading a body.
  std::optional<Response> refusal;
  std::size_t body_bytes = 0;     // that follow the header
  bool keep_alive = false;        // the client's wish
  bool expects_continue = false;  // the client waits for 100 before it sends the body
};

/// `request` without its body; headers as sent, folded or oversized ones already refused.
CheckedRequest CheckRequest(const Request& request, HttpVersion version,
                            const ServerLimits& limits);

}  // namespace tocsin::http
