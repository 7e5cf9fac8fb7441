#pragma once
#include "agent/http/server.h"

namespace tocsin::http {

/// Times that no busy test machine exceeds.
inline ServerLimits Patient() {
  ServerLimits limits;
  limits.header_timeout = limits.body_timeout = limits.response_timeout = seconds(60);
  limits.keep_alive_timeout = seconds(60);
  return limits;
}

}  // namespace tocsin::http
