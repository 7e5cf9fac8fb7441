#pragma once
// The client-credentials grant of OAuth 2.0 (RFC 6749, 4.4).

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "collectors/net/http.h"
#include "collectors/response/probe/module.h"

namespace tocsin::probe {

/// The request for a token. Errors: of Secret::Reveal.
Result<net::HttpCall> TokenCall(const OAuth2& oauth2, milliseconds timeout);

/// The token in the answer. Errors: kIo, kMalformed; never with the token in them.
Result<std::string> TokenOf(const net::HttpOutcome& outcome);

}  // namespace tocsin::probe
