#include "collectors/response/own_names.h"

#include <algorithm>
#include <vector>

#include "collectors/catalog.h"

namespace tocsin {

std::function<bool(std::string_view)> OwnNames(std::span<const FamilySpec> besides) {
  std::vector<std::string_view> names;
  for (const CatalogEntry& entry : CollectorCatalog()) {
    const bool own = entry.room == "system" || entry.room == "process" || entry.room == "cgroup";
    if (!own) continue;
    for (const FamilySpec& family : entry.families) names.push_back(family.name);
  }
  for (const FamilySpec& family : besides) names.push_back(family.name);
  std::sort(names.begin(), names.end());
  return [names = std::move(names)](std::string_view name) {
    return name.starts_with("tocsin_") || name.starts_with("node_") ||
           std::binary_search(names.begin(), names.end(), name);
  };
}

}  // namespace tocsin
