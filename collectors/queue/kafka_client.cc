#include "collectors/queue/kafka_client.h"

#include <algorithm>
#include <array>

#include "collectors/queue/kafka_library.h"

namespace tocsin {
namespace {

using net::Failure;
using net::Reason;

Reason ReasonOf(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      return Reason::kTimeout;
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return Reason::kResolve;
    case RD_KAFKA_RESP_ERR__SSL:
      return Reason::kTls;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return Reason::kAuth;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      return Reason::kConnect;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
      return Reason::kProtocol;
    default:
      return Reason::kRefused;
  }
}

}  // namespace

struct KafkaClient::State {
  State(std::shared_ptr<const KafkaCluster> c, std::string b)
      : cluster(std::move(c)), brokers(std::move(b)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { Disconnect(); }

  std::optional<Failure> Connect();
  void Disconnect();
  std::optional<Failure> Set(rd_kafka_conf_t* conf, const std::string& name,
                             const std::string& value);
  std::optional<Failure> AskBrokers(int patience_ms, KafkaOffsets& offsets);
  std::optional<Failure> AskGroup(const std::string& group, int patience_ms, KafkaOffsets& offsets);
  std::optional<Failure> TakeGroup(const rd_kafka_event_t* event, const std::string& group,
                                   KafkaOffsets& offsets);
  std::optional<Failure> AskEnds(std::int64_t which, int patience_ms, KafkaOffsets& offsets);

  /// Of all partitions that are known. The caller destroys it.
  rd_kafka_topic_partition_list_t* ListOf(const KafkaOffsets& offsets) const;
  Failure Failed(const std::string& what, rd_kafka_resp_err_t error) const {
    return {ReasonOf(error), what + ": " + kafka->err2str_(error)};
  }

  const std::shared_ptr<const KafkaCluster> cluster;
  const std::string brokers;
  const KafkaLibrary* kafka = nullptr;
  rd_kafka_t* client = nullptr;
  rd_kafka_queue_t* queue = nullptr;
};

std::optional<Failure> KafkaClient::State::Set(rd_kafka_conf_t* conf, const std::string& name,
                                               const std::string& value) {
  std::array<char, 256> why{};
  if (kafka->conf_set_(conf, name.c_str(), value.c_str(), why.data(), why.size()) ==
      RD_KAFKA_CONF_OK) {
    return std::nullopt;
  }
  return Failure{Reason::kLocal, name + ": " + why.data()};
}

std::optional<Failure> KafkaClient::State::Connect() {
  if (client) return std::nullopt;
  const auto library = KafkaLibrary::Load();
  if (!library) return Failure{Reason::kLocal, library.error().message()};
  kafka = *library;
  auto password = cluster->password.Reveal();
  if (!password) return Failure{Reason::kLocal, password.error().message()};
  auto properties = cluster->properties;
  if (!password->empty()) properties.emplace_back("sasl.password", *std::move(password));
  properties.emplace_back("bootstrap.servers", brokers);
  properties.emplace_back("client.id", "tocsin");
  rd_kafka_conf_t* const conf = kafka->conf_new_();
  for (const auto& [name, value] : properties) {
    if (auto failure = Set(conf, name, value)) {
      kafka->conf_destroy_(conf);
      return failure;
    }
  }
  kafka->conf_set_log_cb_(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  std::array<char, 256> why{};
  client = kafka->new_(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
  if (!client) {
    kafka->conf_destroy_(conf);
    return Failure{Reason::kLocal, why.data()};
  }
  queue = kafka->queue_new_(client);
  return std::nullopt;
}

void KafkaClient::State::Disconnect() {
  if (!client) return;
  kafka->queue_destroy_(queue);
  kafka->destroy_flags_(std::exchange(client, nullptr), 0);
}

std::optional<Failure> KafkaClient::State::AskBrokers(int patience_ms, KafkaOffsets& offsets) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const int all_topics = cluster->topics.empty() ? 0 : 1;
  const auto error = kafka->metadata_(client, all_topics, nullptr, &metadata, patience_ms);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Failed("brokers", error);
  offsets.brokers = static_cast<std::size_t>(metadata->broker_cnt);
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
    const auto& wanted = cluster->topics;
    if (std::find(wanted.begin(), wanted.end(), topic.topic) == wanted.end()) continue;
    for (int n = 0; n < topic.partition_cnt; ++n) {
      if (offsets.partitions.size() == cluster->max_partitions) break;
      offsets.partitions[{topic.topic, topic.partitions[n].id}];
    }
  }
  kafka->metadata_destroy_(metadata);
  return std::nullopt;
}

rd_kafka_topic_partition_list_t* KafkaClient::State::ListOf(const KafkaOffsets& offsets) const {
  auto* const list = kafka->topic_partition_list_new_(static_cast<int>(offsets.partitions.size()));
  for (const auto& [place, partition] : offsets.partitions) {
    kafka->topic_partition_list_add_(list, place.first.c_str(), place.second);
  }
  return list;
}

std::optional<Failure> KafkaClient::State::AskGroup(const std::string& group, int patience_ms,
                                                    KafkaOffsets& offsets) {
  rd_kafka_AdminOptions_t* const options =
      kafka->AdminOptions_new_(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
  kafka->AdminOptions_set_request_timeout_(options, patience_ms, nullptr, 0);
  rd_kafka_topic_partition_list_t* list = nullptr;
  if (!cluster->topics.empty()) list = ListOf(offsets);
  rd_kafka_ListConsumerGroupOffsets_t* request =
      kafka->ListConsumerGroupOffsets_new_(group.c_str(), list);
  if (list) kafka->topic_partition_list_destroy_(list);
  kafka->ListConsumerGroupOffsets_(client, &request, 1, options, queue);
  kafka->ListConsumerGroupOffsets_destroy_(request);
  kafka->AdminOptions_destroy_(options);
  // The request has its own timeout: what comes then is its answer.
  rd_kafka_event_t* const event = kafka->queue_poll_(queue, patience_ms + 1'000);
  if (!event) return Failure{Reason::kTimeout, "group " + group + ": no answer"};
  auto failure = TakeGroup(event, group, offsets);
  kafka->event_destroy_(event);
  return failure;
}

std::optional<Failure> KafkaClient::State::TakeGroup(const rd_kafka_event_t* event,
                                                     const std::string& group,
                                                     KafkaOffsets& offsets) {
  auto* const writable = const_cast<rd_kafka_event_t*>(event);  // as librdkafka declares it
  const std::string what = "group " + group;
  if (const auto error = kafka->event_error_(writable)) return Failed(what, error);
  const auto* const result = kafka->event_ListConsumerGroupOffsets_result_(writable);
  if (!result) return Failure{Reason::kProtocol, what + ": another answer than asked for"};
  std::size_t count = 0;
  const auto* const* const groups = kafka->ListConsumerGroupOffsets_result_groups_(result, &count);
  auto& committed = offsets.committed[group];
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto* error = kafka->group_result_error_(groups[i])) {
      return Failed(what, kafka->error_code_(error));
    }
    const auto* const list = kafka->group_result_partitions_(groups[i]);
    for (int n = 0; list && n < list->cnt; ++n) {
      const rd_kafka_topic_partition_t& one = list->elems[n];
      if (one.err || one.offset < 0 || committed.size() == cluster->max_partitions) continue;
      const KafkaOffsets::Place place{one.topic, one.partition};
      committed[place] = one.offset;
      offsets.partitions[place];
    }
  }
  return std::nullopt;
}

std::optional<Failure> KafkaClient::State::AskEnds(std::int64_t which, int patience_ms,
                                                   KafkaOffsets& offsets) {
  auto* const list = ListOf(offsets);
  for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = which;
  const auto error = kafka->offsets_for_times_(client, list, patience_ms);
  for (int i = 0; i < list->cnt && !error; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    if (one.err || one.offset < 0) continue;
    KafkaPartition& partition = offsets.partitions[{one.topic, one.partition}];
    (which == RD_KAFKA_OFFSET_END ? partition.newest : partition.oldest) = one.offset;
  }
  kafka->topic_partition_list_destroy_(list);
  if (error) return Failed("offsets", error);
  return std::nullopt;
}

KafkaClient::KafkaClient(std::shared_ptr<const KafkaCluster> cluster, std::string brokers)
    : state_(std::make_unique<State>(std::move(cluster), std::move(brokers))) {}
KafkaClient::~KafkaClient() = default;

std::variant<KafkaOffsets, net::Failure> KafkaClient::Ask(milliseconds patience) {
  const int ms = static_cast<int>(patience.count());
  KafkaOffsets offsets;
  auto failure = state_->Connect();
  if (!failure) failure = state_->AskBrokers(ms, offsets);
  // First what was committed: what is then newest is at least that.
  for (const std::string& group : state_->cluster->groups) {
    if (!failure) failure = state_->AskGroup(group, ms, offsets);
  }
  if (!failure && !offsets.partitions.empty()) {
    failure = state_->AskEnds(RD_KAFKA_OFFSET_BEGINNING, ms, offsets);
    if (!failure) failure = state_->AskEnds(RD_KAFKA_OFFSET_END, ms, offsets);
  }
  if (failure) {
    state_->Disconnect();
    return *std::move(failure);
  }
  return offsets;
}

}  // namespace tocsin
