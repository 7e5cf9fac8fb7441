#include "collectors/response/route_table.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "metrics/regex.h"

namespace tocsin {
namespace {

bool IsVariable(std::string_view part) {
  return part == "*" || part.starts_with(':') || (part.starts_with('{') && part.ends_with('}'));
}

}  // namespace

struct RouteTable::Pattern {
  std::size_t route;
  std::vector<std::string> texts;  // what stands before, between and after the variable parts
  bool below = false;              // anything may follow the last text
  std::unique_ptr<const re2::RE2> expression;

  bool Matches(std::string_view path) const {
    if (expression) return re2::RE2::FullMatch({path.data(), path.size()}, *expression);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i > 0) {
        const std::size_t part = std::min(path.find('/'), path.size());
        if (part == 0) return false;
        path.remove_prefix(part);
      }
      if (!path.starts_with(texts[i])) return false;
      path.remove_prefix(texts[i].size());
    }
    return below || path.empty();
  }
};

RouteTable::RouteTable() : names_{"other"} {}
RouteTable::~RouteTable() = default;
RouteTable::RouteTable(RouteTable&&) noexcept = default;
RouteTable& RouteTable::operator=(RouteTable&&) noexcept = default;

std::size_t RouteTable::NumberOf(std::string_view route) {
  const auto found = std::find(names_.begin(), names_.end(), route);
  if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
  // "other" stays the last; patterns of it move with it.
  const std::size_t number = other();
  for (Pattern& pattern : patterns_) pattern.route += pattern.route == number ? 1 : 0;
  names_.emplace(names_.end() - 1, route);
  return number;
}

Status RouteTable::Add(std::string_view pattern, std::string_view route) {
  if (!pattern.starts_with('/')) {
    return Error{Errc::kInvalid, "a route begins with a slash: \"/users/:id\", \"/static/*\""};
  }
  Pattern made{NumberOf(route.empty() ? pattern : route), {""}, false, nullptr};
  std::string_view rest = pattern;
  if (rest.ends_with("/*")) {
    made.below = true;
    rest.remove_suffix(1);
  } else if (rest.size() > 1 && rest.ends_with('/')) {
    rest.remove_suffix(1);
  }
  while (!rest.empty()) {
    made.texts.back() += '/';
    rest.remove_prefix(1);
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(part.size());
    if (IsVariable(part)) {
      made.texts.emplace_back();
    } else {
      made.texts.back() += part;
    }
  }
  patterns_.push_back(std::move(made));
  return Unit{};
}

Status RouteTable::AddRegex(std::string_view expression, std::string_view route) {
  auto compiled = CompileRegex(expression);
  if (!compiled->ok()) return Error{Errc::kInvalid, compiled->error()};
  patterns_.push_back(
      {NumberOf(route.empty() ? expression : route), {}, false, std::move(compiled)});
  return Unit{};
}

std::size_t RouteTable::Find(std::string_view path) const {
  std::string_view bare = path;
  if (bare.size() > 1 && bare.ends_with('/')) bare.remove_suffix(1);
  for (const Pattern& pattern : patterns_) {
    if (pattern.Matches(pattern.below || pattern.expression ? path : bare)) return pattern.route;
  }
  return other();
}

}  // namespace tocsin
