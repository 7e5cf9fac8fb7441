// Answers of RabbitMQ's management API of any content.

#include <cstdlib>

#include "collectors/queue/rabbit_json.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tocsin;
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  RabbitFilter filter;
  filter.max_queues = 3;
  RabbitQueues round;
  RoundWriter writer;
  writer.Begin(WallTime(seconds(1'000)));
  // Two pages of the same: no queue may come out twice, in its own names or in the shape.
  for (int page = 0; page < 2; ++page) {
    if (!WriteRabbitQueues(json, filter, WallTime(seconds(1'000)), round, writer)) break;
  }
  if (round.written > 3) std::abort();
  if (!writer.Finish()) std::abort();
  writer.Begin(WallTime(seconds(1'000)));
  if (WriteRabbitNodes(json, writer) && !writer.Finish()) std::abort();
  writer.Begin(WallTime(seconds(1'000)));
  if (WriteRabbitOverview(json, writer) && !writer.Finish()) std::abort();
  return 0;
}
