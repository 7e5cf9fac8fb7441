#pragma once
// From the answers of RabbitMQ's management API to samples. Pure.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "collectors/filter.h"
#include "collectors/seen_set.h"
#include "metrics/writer.h"

namespace tocsin {

/// Which queues are exported one by one.
struct RabbitFilter {
  NameFilter vhosts;
  NameFilter queues;
  /// Past it queues are left out and counted.
  std::size_t max_queues = 1'000;
};

/// What the pages of one round have in common.
struct RabbitQueues {
  SeenSet seen;   // a queue may come twice when others vanish between two pages
  SeenSet names;  // in the shape
  std::size_t written = 0;
  std::size_t dropped = 0;
};

/// Each writes nothing on errors: kMalformed, saying what was expected. Fields that are absent or
/// null are left out.
Status WriteRabbitOverview(std::string_view json, FamilySink& out);  // /api/overview
Status WriteRabbitNodes(std::string_view json, FamilySink& out);     // /api/nodes

/// A page of /api/queues. Returns how many pages there are.
Result<std::size_t> WriteRabbitQueues(std::string_view json, const RabbitFilter& filter,
                                      WallTime now, RabbitQueues& round, FamilySink& out);

/// The columns of /api/queues that WriteRabbitQueues reads, for the query string.
std::string RabbitQueueColumns();

}  // namespace tocsin
