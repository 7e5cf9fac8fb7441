#pragma once
// Which names a collector keeps: devices, mount points, fields of a file.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/yaml.h"

namespace re2 {
class RE2;
}

namespace tocsin {

/// Two regular expressions (RE2, not anchored, as in node_exporter's flags): a name is kept if
/// `include` finds something in it and `exclude` does not. Immutable, cheap to copy. Matching costs
/// a microsecond or so: remember the answer while the name stands (RowCache).
class NameFilter {
 public:
  /// Keeps everything.
  NameFilter() = default;
  /// An empty pattern is no condition. Errors: kInvalid in RE2's words.
  static Result<NameFilter> Make(std::string_view include, std::string_view exclude);

  bool Keeps(std::string_view name) const;

 private:
  std::shared_ptr<const re2::RE2> include_;
  std::shared_ptr<const re2::RE2> exclude_;
};

/// The keys of the settings that hold a filter, and what counts if they are not set.
struct NameFilterKeys {
  std::string_view include = {};  // empty: there is no such setting
  std::string_view exclude = {};
  std::string_view default_include = {};
  std::string_view default_exclude = {};
  /// False: setting both is an error, and setting one drops the default of the other.
  bool both_allowed = false;
};

/// Reads a filter from a collector's settings. Errors: kInvalid with position.
Result<NameFilter> ReadNameFilter(YamlFields& fields, const NameFilterKeys& keys);

}  // namespace tocsin
