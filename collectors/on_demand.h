#pragma once
// What a collector answers between its rounds: one target, asked for by name (/probe, /scrape).

#include <string>
#include <string_view>

#include "base/function_ref.h"

namespace tocsin {

/// A GET request. Views live during the call only.
struct OnDemandRequest {
  std::string_view path;  // "/probe"
  /// The decoded value of a parameter, or empty.
  FunctionRef<std::string_view(std::string_view)> param;
  std::string_view scrape_timeout;  // X-Prometheus-Scrape-Timeout-Seconds, or empty
};

struct OnDemandReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// Thread-safe: called on the threads of the HTTP server, also while a round runs.
class OnDemand {
 public:
  virtual ~OnDemand() = default;
  /// Blocks until the target has answered, at most for the timeout that the request implies.
  virtual OnDemandReply Answer(const OnDemandRequest& request) = 0;
};

}  // namespace tocsin
