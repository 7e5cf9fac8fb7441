#pragma once
// Asks a Kafka cluster for offsets, by librdkafka, which blocks.

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/outgoing/secret.h"
#include "collectors/net/failure.h"
#include "collectors/queue/kafka_lag.h"

namespace tocsin {

struct KafkaCluster {
  std::vector<std::string> groups;
  /// Whose offsets are asked for; none: of all topics that a group has committed to.
  std::vector<std::string> topics;
  outgoing::Secret password;  // sasl.password
  /// librdkafka's own settings.
  std::vector<std::pair<std::string, std::string>> properties;
  std::size_t max_partitions = 2'000;  // of one group; further ones are left out
};

/// A client of one cluster, with librdkafka's threads. One thread at a time.
class KafkaClient {
 public:
  /// `brokers` as librdkafka has them: "host:port,host:port".
  KafkaClient(std::shared_ptr<const KafkaCluster> cluster, std::string brokers);
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  /// Connects when first called. No single question takes longer than `patience`.
  std::variant<KafkaOffsets, net::Failure> Ask(milliseconds patience);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace tocsin
