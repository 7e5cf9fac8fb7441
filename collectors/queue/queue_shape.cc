#include "collectors/queue/queue_shape.h"

namespace tocsin {

bool WriteQueue(std::string_view queue, const QueueValues& values, SeenSet& names,
                FamilySink& out) {
  if (!names.Insert(queue)) return false;
  const auto add = [&](const FamilySpec& family, const std::optional<double>& value) {
    if (value) out.Add(family, {{"queue", queue}}, *value);
  };
  add(shapes::kQueueDepth, values.depth);
  add(shapes::kQueueOldest, values.oldest_seconds);
  add(shapes::kQueueEnqueued, values.enqueued);
  add(shapes::kQueueDequeued, values.dequeued);
  add(shapes::kQueueConsumers, values.consumers);
  return true;
}

}  // namespace tocsin
