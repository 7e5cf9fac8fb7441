#pragma once
// Handlers around handlers: what every door does the same way.

#include "agent/http/request.h"
#include "metrics/exposition/page.h"

namespace tocsin::http {

/// Compresses the answers of `inner` for clients that accept gzip: text or JSON of
/// kGzipMinBytes and more, unless it is encoded already or shared.
Handler Compressed(Handler inner);

/// At most `max` requests at once inside `inner`; 503 with Retry-After for more.
Handler Limited(Handler inner, int max);

/// Answers OPTIONS, by which a browser asks before it sends a login or JSON to another origin, with
/// 204; and everything with the headers that let pages of `origin` ("*": any) read it, unless that
/// is empty.
Handler CrossOrigin(Handler inner, std::string origin);

/// The metrics page in the format and coding that the client asks for; `collect[]` and
/// `exclude[]` select collectors. 400 for an unknown one or both lists. `page` outlives the
/// handler.
Handler MetricsHandler(exposition::Page& page);

}  // namespace tocsin::http
