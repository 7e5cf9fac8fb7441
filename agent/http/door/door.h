#pragma once
// The door for the world: one thread waits for all connections (epoll), a few more, begun on
// demand, run handlers. A connection that is idle, slow or stalled costs some 250 bytes and no
// thread, so that ten thousand of them keep nobody waiting. IPv4, IPv6, unix sockets, and through
// a Policy TLS and logins.

#include <memory>

#include "agent/http/door/policy.h"
#include "agent/http/server.h"

namespace tocsin::http {

/// What all connections together may cost.
struct DoorLimits {
  /// 0: what RLIMIT_NOFILE allows, less what the rest of the process needs. For a further one the
  /// one that is longest idle, or else longest in the middle of something, is ended.
  std::size_t connections = 0;
  /// Of unfinished requests and untaken responses; beyond it the oldest of these are ended.
  std::size_t held_bytes = std::size_t{32} << 20;
  milliseconds handshake_timeout{5000};
  milliseconds worker_idle_time{10'000};
};

/// Serves until stopped. Threads: "tocsin-door", and up to options.threads of "tocsin-http", which
/// call `handler`; when it throws, the connection is closed without an answer. `policy` may be
/// null. SIGPIPE must be ignored or blocked where TLS is spoken.
/// Errors: kInvalid for a bad address, kIo for one that cannot be listened on.
Result<std::unique_ptr<Server>> StartDoor(const ServerOptions& options, Handler handler,
                                          std::shared_ptr<Policy> policy = nullptr,
                                          const DoorLimits& limits = {});

}  // namespace tocsin::http
