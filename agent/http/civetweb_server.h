#pragma once
// The door that stands on the packaged civetweb. It has a thread a connection, so that
// `threads` idle or slow clients keep others waiting (for 3 s at most each, see ServerLimits); it
// knows neither TLS nor IPv6. civetweb only accepts, parses and keeps connections alive here: what
// it is lenient about is refused after it, and bodies and responses pass it by, because it knows
// no deadline for a whole one.

#include "agent/http/server.h"

namespace tocsin::http {

/// Serves until stopped. `handler` is called from the server's threads; when it throws, the
/// connection is closed without an answer.
/// Errors: kInvalid for a bad address, kIo for one that cannot be listened on. Sets SIGPIPE and
/// SIGCHLD to be ignored, as civetweb does.
Result<std::unique_ptr<Server>> StartCivetweb(const ServerOptions& options, Handler handler);

}  // namespace tocsin::http
