#pragma once
// What every cache is exported as besides its own names.

#include <array>
#include <optional>
#include <string_view>

#include "collectors/shapes.h"
#include "metrics/writer.h"

namespace tocsin::shapes {

inline constexpr std::array kCacheFamilies{kCacheHits,    kCacheMisses, kCacheEvictions,
                                           kCacheEntries, kCacheSize,   kCacheHitRatio};

/// What is known of a cache; counts since it began.
struct CacheCounts {
  std::optional<double> hits;
  std::optional<double> misses;
  std::optional<double> evictions;
  std::optional<double> entries;
  std::optional<double> bytes;
  /// As the cache tells it, between 0 and 1; otherwise it is hits / (hits + misses), and absent as
  /// long as nothing was looked up.
  std::optional<double> hit_ratio;
};

/// Adds the common series with the label cache="`cache`"; the label `instance` is the pool's.
void AddCacheShape(std::string_view cache, const CacheCounts& counts, FamilySink& out);

}  // namespace tocsin::shapes
