#pragma once
// HTTP as the handlers see it. No server library is known here; civetweb_server.h is one way in.

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/shared_text.h"

namespace tocsin::http {

/// A parsed request. Header names are lower case. All views die with the request.
struct Request {
  std::string_view method;  // "GET", "POST", "HEAD" …
  std::string_view path;    // as sent, never decoded: "/metrics"
  std::string_view query;   // without '?'
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::string_view body;
  std::string_view remote;  // "127.0.0.1"

  /// The first header of that (lower-case) name, or empty.
  std::string_view Header(std::string_view name) const;
  /// How many headers have that (lower-case) name.
  std::size_t CountHeader(std::string_view name) const;
};

/// Bytes that several responses share without copying (a rendered page).
using SharedBody = Ref<const SharedText>;

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  SharedBody shared_body;  // instead of `body` when set

  std::string_view Body() const { return shared_body ? std::string_view(shared_body->text) : body; }
  bool HasHeader(std::string_view name) const;  // in any case
};

/// A response of one line of text.
Response TextResponse(int status, std::string_view line);

/// The words that stand behind a status code in a response ("Not Found").
std::string_view StatusText(int status);

/// Thread-safe: the server calls it from several threads at once. A Router answers 500 for one that
/// throws.
using Handler = std::function<Response(const Request&)>;

/// True if the Content-Type is application/json, whatever its parameters.
bool IsJson(const Request& request);

/// ASCII letters only, as HTTP compares header names and tokens.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace tocsin::http
