#pragma once
#include <memory>

#include "agent/http/door/policy.h"
#include "agent/http/server.h"

namespace tocsin::http {

/// Listens on every address of `options` with the door that suits it (see server.h): civetweb for
/// plain IPv4 loopback addresses, the event-driven one for all others, and for all if there is a
/// `policy`. addresses() are in the order of `options`.
/// Errors: kInvalid for a bad address, kIo for one that cannot be listened on.
Result<std::unique_ptr<Server>> StartDoors(const ServerOptions& options, Handler handler,
                                           std::shared_ptr<Policy> policy);

}  // namespace tocsin::http
