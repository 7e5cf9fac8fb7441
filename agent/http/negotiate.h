#pragma once
// Which of our representations a client wants, from its Accept and Accept-Encoding headers
// (RFC 9110, 12.5).

#include "agent/http/request.h"
#include "metrics/exposition/format.h"

namespace tocsin::http {

/// OpenMetrics 1.0.0 if the client likes it at least as well as text, as Prometheus says it does;
/// text 0.0.4 otherwise, also when it accepts neither, as exporters do. Of equals the first named
/// wins.
exposition::Format NegotiateFormat(const Request& request);

/// Whether gzip is acceptable: named, or covered by "*", and not at q=0.
bool AcceptsGzip(const Request& request);

}  // namespace tocsin::http
