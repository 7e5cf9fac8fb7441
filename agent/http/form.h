#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/http/request.h"

namespace tocsin::http {

/// Decoded parameters of a query string and, for application/x-www-form-urlencoded, of the body.
/// A name may stand several times; the body's come first, as in Go's net/http. At most
/// kMaxParameters are kept.
class Form {
 public:
  static constexpr std::size_t kMaxParameters = 1000;

  /// Never fails: a bad %-escape is kept as it stands.
  static Form Parse(const Request& request);

  /// The first value, or empty.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  std::vector<std::string_view> All(std::string_view name) const;

 private:
  void Add(std::string_view encoded);

  std::vector<std::pair<std::string, std::string>> values_;
};

}  // namespace tocsin::http
