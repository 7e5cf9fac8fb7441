// Paths of cgroups, one a line, and the table of mounts: both are written by any local user who may
// make folders.

#include <cstdlib>

#include "base/parse.h"
#include "collectors/cgroup/cgroup_path.h"
#include "collectors/system/mounts.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tocsin;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string_view rest = input;
  while (!rest.empty()) {
    const std::string_view path = TakeLine(rest);
    const auto identity = IdentifyCgroup(path);
    if (!identity) continue;
    // A container has an id and a unit has none; nothing is longer than what it came from.
    if (identity->container.empty() != identity->runtime.empty()) std::abort();
    if (identity->name.empty() || identity->name.size() > path.size()) std::abort();
    if (!identity->pod.empty() && path.find("kubepods") == path.npos) std::abort();
  }
  if (const auto mounts = ParseMounts(input)) {
    for (const Mount& mount : *mounts) {
      if (mount.point.size() > input.size()) std::abort();
    }
  }
  return 0;
}
