#include "agent/http/router.h"

#include <algorithm>
#include <cassert>
#include <exception>

#include "base/log.h"

namespace tocsin::http {
namespace {

bool Allows(const std::vector<std::string_view>& methods, std::string_view method) {
  const auto has = [&](std::string_view m) {
    return std::find(methods.begin(), methods.end(), m) != methods.end();
  };
  return has(method) || (method == "HEAD" && has("GET"));
}

}  // namespace

bool IsPlainPath(std::string_view path) {
  if (!path.starts_with('/')) return false;
  if (path.find("//") != std::string_view::npos || path.find("/.") != std::string_view::npos) {
    return false;
  }
  return std::all_of(path.begin(), path.end(), [](char c) {
    return c > ' ' && c < '\x7F' && c != '%' && c != '\\' && c != '#' && c != '?';
  });
}

void Router::Add(std::string path, std::vector<std::string_view> methods, Handler handler) {
  assert(IsPlainPath(path));
  [[maybe_unused]] const auto added =
      exact_.try_emplace(std::move(path), Route{std::move(methods), std::move(handler)});
  assert(added.second);
}

void Router::AddPrefix(std::string prefix, std::vector<std::string_view> methods, Handler handler) {
  assert(IsPlainPath(prefix) && prefix.ends_with('/'));
  [[maybe_unused]] const auto added =
      prefixes_.try_emplace(std::move(prefix), Route{std::move(methods), std::move(handler)});
  assert(added.second);
}

Response Router::Handle(const Request& request) const {
  const Route* const route = IsPlainPath(request.path) ? Find(request.path) : nullptr;
  if (!route) return TextResponse(404, "404 page not found");
  if (Allows(route->methods, request.method)) return Call(*route, request);
  Response response = TextResponse(405, "405 method not allowed");
  std::string allow;
  for (const std::string_view method : route->methods) {
    if (!allow.empty()) allow += ", ";
    allow.append(method == "GET" ? "GET, HEAD" : method);
  }
  response.headers.emplace_back("Allow", std::move(allow));
  return response;
}

const Router::Route* Router::Find(std::string_view path) const {
  if (const auto found = exact_.find(path); found != exact_.end()) return &found->second;
  const Route* longest = nullptr;
  for (const auto& [prefix, route] : prefixes_) {  // sorted: of two that fit the longer is later
    if (path.size() > prefix.size() && path.starts_with(prefix)) longest = &route;
  }
  return longest;
}

Response Router::Call(const Route& route, const Request& request) {
  try {
    return route.handler(request);
  } catch (const std::exception& e) {
    LogError("a request handler failed",
             {{"path", std::string(request.path)}, {"error", e.what()}});
  } catch (...) {
    LogError("a request handler failed",
             {{"path", std::string(request.path)}, {"error", "unknown"}});
  }
  return TextResponse(500, "500 internal server error");
}

}  // namespace tocsin::http
