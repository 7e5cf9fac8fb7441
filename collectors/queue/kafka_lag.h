#pragma once
// How far consumer groups are behind: from offsets to samples. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "metrics/writer.h"

namespace tocsin {

struct KafkaPartition {
  std::optional<std::int64_t> oldest;
  std::optional<std::int64_t> newest;  // the offset that the next message gets
};

struct KafkaOffsets {
  std::size_t brokers = 0;
  using Place = std::pair<std::string, std::int32_t>;  // topic, partition
  std::map<Place, KafkaPartition> partitions;
  /// What each group has committed: the offset of the first message it has not dealt with.
  std::map<std::string, std::map<Place, std::int64_t>> committed;
};

/// kafka_exporter's names, and the shape: a queue for each group and topic, called GROUP/TOPIC.
/// Offsets that were committed and then deleted by retention count from the oldest one there is.
void WriteKafka(const KafkaOffsets& offsets, FamilySink& out);

}  // namespace tocsin
