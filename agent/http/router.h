#pragma once
// HTTP as the handlers see it. No server library is known here; civetweb_server.h is one way in.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
};

/// Bytes that several responses share without copying (a rendered page).
using SharedBody = std::shared_ptr<const std::string>;

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  SharedBody shared_body;  // instead of `body` when set

  std::string_view Body() const { return shared_body ? std::string_view(*shared_body) : body; }
};

/// Decoded parameters of a query string and, for application/x-www-form-urlencoded, of the body.
/// A name may stand several times.
class Form {
 public:
  /// Never fails: a bad %-escape is kept as it stands.
  static Form Parse(const Request& request);

  /// The first value, or empty.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  std::vector<std::string_view> All(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// Thread-safe: the server calls it from several threads at once.
using Handler = std::function<Response(const Request&)>;

/// Exact paths to handlers, besides prefixes that end in '/'. Filled before serving, then constant.
class Router {
 public:
  /// `methods`: "GET", "POST" …; GET implies HEAD.
  void Add(std::string path, std::vector<std::string_view> methods, Handler handler);
  /// For paths with a name in them: everything below `prefix` (which ends in '/').
  void AddPrefix(std::string prefix, std::vector<std::string_view> methods, Handler handler);

  /// 404 for unknown paths (also any with '%', "//" or ".." in them), 405 with Allow for known ones
  /// with another method. Exceptions of a handler become 500 and are logged.
  Response Handle(const Request& request) const;

 private:
  struct Route {
    std::vector<std::string_view> methods;
    Handler handler;
  };
  static Response Call(const Route& route, const Request& request);
  std::map<std::string, Route, std::less<>> exact_;
  std::map<std::string, Route, std::less<>> prefixes_;
};

}  // namespace tocsin::http
