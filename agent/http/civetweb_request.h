#pragma once
// What civetweb parsed, read again strictly. Internal to civetweb_server.cc.

#include <optional>
#include <string>

#include "agent/http/request_check.h"

struct mg_request_info;

namespace tocsin::http {

/// The request in civetweb's buffer. Views point into it or into `names`.
struct CivetwebRequest {
  Request request;
  HttpVersion version = HttpVersion::k11;
  std::string names;  // lower-case header names
};

/// Fills `out` (which stays where it is) from `info`. An answer to refuse it with, if its bytes are
/// not what civetweb made of them: lines that end in a bare LF, blanks before a colon, folded
/// lines, more headers than civetweb has places for.
std::optional<Response> ReadRequest(const mg_request_info& info, const ServerLimits& limits,
                                    CivetwebRequest& out);

}  // namespace tocsin::http
