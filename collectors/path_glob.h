#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "collectors/host_fs.h"

namespace tocsin {

/// Whether a path has wildcards at all.
inline bool IsGlob(std::string_view path) {
  return path.find_first_of("*?[\\") != std::string_view::npos;
}

/// The existing paths that match `pattern` (`*`, `?`, `[a-z]`, `\` before a literal; none matches a
/// slash), sorted. Unreadable directories count as empty.
std::vector<std::string> ExpandGlob(const HostFs& fs, std::string_view pattern);

}  // namespace tocsin
