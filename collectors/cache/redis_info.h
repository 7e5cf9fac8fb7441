#pragma once
// INFO, CONFIG, LATENCY and SLOWLOG of a Redis as metrics. Pure functions on bounded text.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "collectors/cache/cache_shape.h"
#include "collectors/net/resp.h"
#include "metrics/writer.h"

namespace tocsin::redis {

/// What later commands depend on.
struct InfoSummary {
  bool cluster_enabled = false;
  bool sentinel = false;  // it watches masters and holds no keys
  shapes::CacheCounts counts;
};

/// Adds what `info` (INFO ALL) says. Lines that are not understood are left out. `databases` are
/// shown with no keys where INFO does not name them.
InfoSummary AddInfo(std::string_view info, std::size_t databases, WallTime now, FamilySink& out);

/// Adds the numbers of CLUSTER INFO.
void AddClusterInfo(std::string_view info, FamilySink& out);

/// Adds maxclients, maxmemory and io-threads of a reply to CONFIG GET; returns `databases` if it is
/// among them, else `databases` as given.
std::size_t AddConfig(const net::Reply& reply, std::size_t databases, FamilySink& out);

/// LATENCY LATEST, LATENCY HISTOGRAM (whose sums come from the command statistics of `info`) and
/// SLOWLOG GET 1; errors and other shapes add nothing.
void AddLatencyLatest(const net::Reply& reply, FamilySink& out);
void AddLatencyHistograms(const net::Reply& reply, std::string_view info, FamilySink& out);
void AddSlowlogEntry(const net::Reply& reply, FamilySink& out);

}  // namespace tocsin::redis
