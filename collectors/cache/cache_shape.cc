#include "collectors/cache/cache_shape.h"

namespace tocsin::shapes {

void AddCacheShape(std::string_view cache, const CacheCounts& counts, FamilySink& out) {
  std::optional<double> ratio = counts.hit_ratio;
  if (!ratio && counts.hits && counts.misses && *counts.hits + *counts.misses > 0) {
    ratio = *counts.hits / (*counts.hits + *counts.misses);
  }
  const std::array values{counts.hits,    counts.misses, counts.evictions,
                          counts.entries, counts.bytes,  ratio};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i]) out.Add(kCacheFamilies[i], {{"cache", cache}}, *values[i]);
  }
}

}  // namespace tocsin::shapes
