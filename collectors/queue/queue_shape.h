#pragma once
// The shape that every queue is exported in, whatever holds it.

#include <optional>
#include <string_view>

#include "collectors/seen_set.h"
#include "collectors/shapes.h"
#include "metrics/writer.h"

namespace tocsin {

/// What is known of a queue now; what its server does not tell is left out.
struct QueueValues {
  std::optional<double> depth{};
  std::optional<double> oldest_seconds{};
  std::optional<double> enqueued{};  // since any start
  std::optional<double> dequeued{};
  std::optional<double> consumers{};
};

/// Writes the queue_* samples with the label `queue`, unless `names`, of the server's round, has it
/// already: what different queues are called may be put together to the same. False then.
/// (`instance`, the server that holds it, comes from net::TargetPool; a queue of the host itself
/// has none.)
bool WriteQueue(std::string_view queue, const QueueValues& values, SeenSet& names, FamilySink& out);

}  // namespace tocsin
