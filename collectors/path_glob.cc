#include "collectors/path_glob.h"

#include <fnmatch.h>

#include <algorithm>

namespace tocsin {

std::vector<std::string> ExpandGlob(const HostFs& fs, std::string_view pattern) {
  // What stands before the first wildcard needs no look. Then one component after the other: every
  // path found so far, times what matches below it.
  const auto wildcard = pattern.find_first_of("*?[\\");
  const auto fixed = pattern.substr(0, wildcard).rfind('/');
  std::vector<std::string> found{
      std::string(pattern.substr(0, fixed == std::string_view::npos ? 0 : fixed + 1))};
  pattern.remove_prefix(found.front().size());
  while (!pattern.empty()) {
    const auto start = pattern.find_first_not_of('/');
    if (start == std::string_view::npos) break;
    const auto end = std::min(pattern.find('/', start), pattern.size());
    const std::string component(pattern.substr(start, end - start));
    pattern.remove_prefix(end);
    std::vector<std::string> next;
    for (const std::string& base : found) {
      const std::string prefix = base.empty() || base.ends_with('/') ? base : base + "/";
      if (!IsGlob(component)) {
        if (fs.Exists(prefix + component)) next.push_back(prefix + component);
        continue;
      }
      const auto names = fs.List(base.empty() ? "." : base);
      if (!names) continue;
      for (const std::string& name : *names) {
        if (::fnmatch(component.c_str(), name.c_str(), 0) == 0) next.push_back(prefix + name);
      }
    }
    found = std::move(next);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace tocsin
