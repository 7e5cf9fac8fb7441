#pragma once
// The largest and the smallest values of gauges between scrapes: a collector that looks every
// second sees a spike that a scrape every minute does not.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/collector.h"

namespace tocsin {

/// A gauge whose every series NAME{…} is also exported as NAME_max{…, window="1m"} and NAME_min.
struct ExtremesOf {
  std::string metric;
  milliseconds window;

  friend bool operator==(const ExtremesOf&, const ExtremesOf&) = default;
};

/// Reads the configuration's section `extremes`: a list of {metrics: […], window: 1m}. Errors:
/// kInvalid with position, also for what a collector is known to export as no gauge.
Result<std::vector<ExtremesOf>> ReadExtremes(const YamlFile& file, const YamlNode& node);

/// `collector` itself, or, if `entry` may export any of `wanted`, one that adds their extremes over
/// the rounds so far. A steady round takes no heap. At most kMaxExtremes series are watched; others
/// have no extremes.
std::unique_ptr<Collector> WithExtremes(const CatalogEntry& entry,
                                        std::unique_ptr<Collector> collector,
                                        std::span<const ExtremesOf> wanted);

inline constexpr std::size_t kMaxExtremes = 1000;

}  // namespace tocsin
