#include "collectors/queue/kafka_lag.h"

#include <algorithm>
#include <array>

#include "collectors/queue/queue_shape.h"

namespace tocsin {
namespace {

constexpr MetricType kGauge = MetricType::kGauge;
constexpr FamilySpec kBrokers{"kafka_brokers", kGauge, "Brokers of the cluster."};
constexpr FamilySpec kNewest{"kafka_topic_partition_current_offset", kGauge,
                             "The offset that the partition's next message gets."};
constexpr FamilySpec kOldest{"kafka_topic_partition_oldest_offset", kGauge,
                             "The offset of the oldest message in the partition."};
constexpr FamilySpec kCommitted{"kafka_consumergroup_current_offset", kGauge,
                                "The offset that the group has committed."};
constexpr FamilySpec kLag{"kafka_consumergroup_lag", kGauge,
                          "Messages of the partition that the group has not dealt with."};
constexpr FamilySpec kLagSum{"kafka_consumergroup_lag_sum", kGauge,
                             "Messages of the topic that the group has not dealt with."};

struct TopicSum {
  double lag = 0;
  double newest = 0;
  double committed = 0;
  bool known = true;  // of every partition
};

void WriteGroup(const std::string& group, const std::map<KafkaOffsets::Place, std::int64_t>& places,
                const KafkaOffsets& offsets, SeenSet& names, FamilySink& out) {
  std::map<std::string, TopicSum> topics;
  for (const auto& [place, committed] : places) {
    const std::string partition = std::to_string(place.second);
    const std::array<LabelView, 3> labels{
        {{"consumergroup", group}, {"topic", place.first}, {"partition", partition}}};
    out.Add(kCommitted, labels, static_cast<double>(committed));
    TopicSum& sum = topics[place.first];
    const auto found = offsets.partitions.find(place);
    if (found == offsets.partitions.end() || !found->second.newest) {
      sum.known = false;
      continue;
    }
    const std::int64_t newest = *found->second.newest;
    const std::int64_t from = std::max(committed, found->second.oldest.value_or(committed));
    // A commit that overtook the question is no debt.
    const auto lag = static_cast<double>(std::max<std::int64_t>(0, newest - from));
    out.Add(kLag, labels, lag);
    sum.lag += lag;
    sum.newest += static_cast<double>(newest);
    sum.committed += static_cast<double>(committed);
  }
  for (const auto& [topic, sum] : topics) {
    if (!sum.known) continue;
    out.Add(kLagSum, {{"consumergroup", group}, {"topic", topic}}, sum.lag);
    WriteQueue(group + "/" + topic,
               {.depth = sum.lag, .enqueued = sum.newest, .dequeued = sum.committed}, names, out);
  }
}

}  // namespace

void WriteKafka(const KafkaOffsets& offsets, FamilySink& out) {
  out.Add(kBrokers, {}, static_cast<double>(offsets.brokers));
  for (const auto& [place, partition] : offsets.partitions) {
    const std::string number = std::to_string(place.second);
    const std::array<LabelView, 2> labels{{{"topic", place.first}, {"partition", number}}};
    if (partition.newest) out.Add(kNewest, labels, static_cast<double>(*partition.newest));
    if (partition.oldest) out.Add(kOldest, labels, static_cast<double>(*partition.oldest));
  }
  SeenSet names;
  for (const auto& [group, places] : offsets.committed) {
    WriteGroup(group, places, offsets, names, out);
  }
}

}  // namespace tocsin
