#pragma once
#include <vector>

#include "base/clock.h"

namespace prometheus {
struct MetricFamily;
}

namespace tocsin {

/// process_* of this process, in the names of Prometheus's client libraries, from /proc/self (the
/// agent's own, whatever --path.procfs says). What cannot be read is left out.
void AddProcessMetrics(WallTime started, std::vector<prometheus::MetricFamily>& families);

}  // namespace tocsin
