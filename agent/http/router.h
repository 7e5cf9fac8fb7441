#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/http/form.h"
#include "agent/http/request.h"

namespace tocsin::http {

/// A path that every reader takes for the same, so that authorisation and routing agree: without
/// '%', "//", "/." or control characters. Only these can be routed.
bool IsPlainPath(std::string_view path);

/// Exact paths to handlers, besides prefixes that end in '/'. Filled before serving, then constant.
class Router {
 public:
  /// `methods`: "GET", "POST" …, literals; GET implies HEAD. Each path is added once.
  void Add(std::string path, std::vector<std::string_view> methods, Handler handler);
  /// For paths with a name in them: everything below `prefix` (which ends in '/'). The longest
  /// prefix wins; an exact path wins over all.
  void AddPrefix(std::string prefix, std::vector<std::string_view> methods, Handler handler);

  /// 404 for unknown paths, and for any that could mean another one to somebody else: with '%',
  /// "//", "/." or control characters in them. 405 with Allow for known paths with another method.
  /// Exceptions of a handler become 500 and are logged.
  Response Handle(const Request& request) const;

 private:
  struct Route {
    std::vector<std::string_view> methods;
    Handler handler;
  };
  const Route* Find(std::string_view path) const;
  static Response Call(const Route& route, const Request& request);

  std::map<std::string, Route, std::less<>> exact_;
  std::map<std::string, Route, std::less<>> prefixes_;
};

}  // namespace tocsin::http
