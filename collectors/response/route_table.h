#pragma once
// Which of the configured routes a path belongs to: what bounds the label.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace tocsin {

/// Patterns in their order; the first that a path matches gives its route. Filled, then constant.
class RouteTable {
 public:
  RouteTable();
  ~RouteTable();
  RouteTable(RouteTable&&) noexcept;
  RouteTable& operator=(RouteTable&&) noexcept;

  /// "/users/:id" (also "{id}" or "*" for one part of the path), "/static/*" for all below a
  /// folder, "/health" for itself. A slash at the end of a path makes no difference. `route` is the
  /// label; empty: the pattern itself. Errors: kInvalid if it does not begin with a slash.
  Status Add(std::string_view pattern, std::string_view route);
  /// An expression (RE2) for the whole path. Errors: kInvalid, in RE2's words.
  Status AddRegex(std::string_view expression, std::string_view route);

  /// Routes by number; the last is "other".
  const std::vector<std::string>& names() const { return names_; }
  std::size_t other() const { return names_.size() - 1; }
  /// Whether any pattern was added.
  bool empty() const { return patterns_.empty(); }

  /// The number of the path's route.
  std::size_t Find(std::string_view path) const;

 private:
  struct Pattern;
  std::size_t NumberOf(std::string_view route);

  std::vector<Pattern> patterns_;
  std::vector<std::string> names_;
};

}  // namespace tocsin
