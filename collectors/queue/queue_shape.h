#pragma once
// The shape that every queue is exported in, whatever holds it.

#include <optional>
#include <string_view>

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

/// Writes the queue_* samples with the label `queue`. (`instance`, the server that holds it, comes
/// from net::TargetPool; a queue of the host itself has none.)
void WriteQueue(std::string_view queue, const QueueValues& values, FamilySink& out);

}  // namespace tocsin
