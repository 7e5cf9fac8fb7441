#pragma once
#include <memory>
#include <string>

#include "collectors/collector.h"

namespace prometheus {
class Collectable;
}

namespace tocsin {

/// Makes a collector of any prometheus-cpp Collectable (a Registry, or one's own). Metrics of a
/// Collectable may not carry timestamps: those are ignored. Invalid names are kMalformed.
/// `collectable` must be safe to Collect() from the scheduler's threads.
std::unique_ptr<Collector> MakeCollectableCollector(
    std::shared_ptr<const prometheus::Collectable> collectable);

}  // namespace tocsin
