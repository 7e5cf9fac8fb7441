// Lag of consumer groups against librdkafka's own mock cluster. It shows that our questions, in the
// wire protocol, get the offsets that were produced and committed; it is not a real broker:
// authorisation, several coordinators and retention are not shown, nor groups without `topics`, of
// which it always answers that nothing was committed.

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "collectors/queue/kafka_lag.h"
#include "tests/base/no_threads.h"
#include "tests/collectors/net/on_loop.h"
#include "tests/collectors/net/scripted_server.h"
#include "tests/collectors/queue/rendered.h"
#include "tests/collectors/queue/target_run.h"

namespace tocsin {
namespace {

/// A mock cluster with the topic "orders" of two partitions, and what is done with it.
class MockKafka {
 public:
  MockKafka() : producer_(Client(RD_KAFKA_PRODUCER, {})) {
    cluster_ = rd_kafka_mock_cluster_new(producer_, 2);
    brokers_ = rd_kafka_mock_cluster_bootstraps(cluster_);
    rd_kafka_mock_topic_create(cluster_, "orders", 2, 1);
  }
  ~MockKafka() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(producer_);
  }
  MockKafka(const MockKafka&) = delete;
  MockKafka& operator=(const MockKafka&) = delete;

  const std::string& brokers() const { return brokers_; }

  void Produce(int partition, int count) {
    rd_kafka_t* const producer = Client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers_}});
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(
          rd_kafka_producev(producer, RD_KAFKA_V_TOPIC("orders"), RD_KAFKA_V_PARTITION(partition),
                            RD_KAFKA_V_VALUE(nullptr, 0), RD_KAFKA_V_END),
          RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    EXPECT_EQ(rd_kafka_flush(producer, 30'000), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_destroy(producer);
  }

  void Commit(const std::string& group, int partition, std::int64_t offset) {
    rd_kafka_t* const consumer =
        Client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers_}, {"group.id", group}});
    rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "orders", partition)->offset = offset;
    EXPECT_EQ(rd_kafka_commit(consumer, list, 0), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(consumer);
  }

 private:
  static rd_kafka_t* Client(rd_kafka_type_t type,
                            const std::vector<std::pair<std::string, std::string>>& properties) {
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    for (const auto& [name, value] : properties) {
      EXPECT_EQ(rd_kafka_conf_set(conf, name.c_str(), value.c_str(), nullptr, 0), RD_KAFKA_CONF_OK);
    }
    rd_kafka_t* const client = rd_kafka_new(type, conf, nullptr, 0);
    EXPECT_NE(client, nullptr);
    return client;
  }

  rd_kafka_t* const producer_;
  rd_kafka_mock_cluster_t* cluster_;
  std::string brokers_;
};

std::string Settings(const std::string& brokers, const std::string& more = "") {
  return "servers:\n  - { targets: ['" + brokers + "'], groups: [shop, idle], topics: [orders]" +
         more + " }\n";
}

TEST(KafkaTest, LagIsWhatWasProducedAndNotCommitted) {
  MockKafka kafka;
  kafka.Produce(0, 10);
  kafka.Produce(1, 5);
  kafka.Commit("shop", 0, 4);
  kafka.Commit("shop", 1, 5);
  CollectorRun run("kafka", Settings(kafka.brokers(), ", timeout: 30s"));
  const std::string page = run.Round(seconds(60));
  const std::string instance = "instance=\"" + kafka.brokers() + "\"";
  EXPECT_EQ(ValueOf(page, "kafka_up{" + instance + "}"), "1") << page;
  EXPECT_EQ(ValueOf(page, "kafka_consumergroup_lag{consumergroup=\"shop\"," + instance +
                              ",partition=\"0\",topic=\"orders\"}"),
            "6")
      << page;
  EXPECT_EQ(ValueOf(page, "queue_depth{" + instance + ",queue=\"shop/orders\"}"), "6");
  EXPECT_EQ(ValueOf(page, "queue_enqueued_total{" + instance + ",queue=\"shop/orders\"}"), "15");
  EXPECT_EQ(ValueOf(page, "queue_dequeued_total{" + instance + ",queue=\"shop/orders\"}"), "9");

  kafka.Commit("shop", 0, 10);
  kafka.Produce(1, 2);
  EXPECT_EQ(ValueOf(run.Round(seconds(60)), "queue_depth{" + instance + ",queue=\"shop/orders\"}"),
            "2");
}

TEST(KafkaTest, WithoutAThreadTheClusterIsAskedInALaterRound) {
  MockKafka kafka;
  kafka.Produce(0, 3);
  kafka.Commit("shop", 0, 1);
  CollectorRun run("kafka", Settings(kafka.brokers(), ", timeout: 30s"));
  net::OnLoop(run.network().loop(), [] {});  // which has its thread already
  {
    const NoThreads none;
    EXPECT_EQ(FailureReasons(run.Round()), "local");
  }
  const std::string page = run.Round(seconds(60));
  EXPECT_EQ(ValueOf(page, "kafka_up{instance=\"" + kafka.brokers() + "\"}"), "1") << page;
}

TEST(KafkaTest, WhatIsNoClusterHasAReason) {
  const std::string brokers = "127.0.0.1:" + std::to_string(net::DeadPort());
  CollectorRun run("kafka", Settings(brokers, ", timeout: 2s"));
  const std::string reasons = FailureReasons(run.Round());
  EXPECT_TRUE(reasons == "connect" || reasons == "timeout") << reasons;

  CollectorRun wrong("kafka", Settings(brokers, ", properties: { no.such.setting: 1 }"));
  EXPECT_EQ(FailureReasons(wrong.Round()), "local");
}

TEST(KafkaLagTest, OffsetsThatDoNotFit) {
  const KafkaOffsets::Place first{"t", 0};
  const KafkaOffsets::Place second{"t", 1};
  KafkaOffsets offsets;
  offsets.brokers = 3;
  const auto written = [&] {
    const std::string all = Rendered([&](FamilySink& out) -> Status {
      WriteKafka(offsets, out);
      return Unit{};
    });
    const auto at = all.find("queue_depth");
    return at == std::string::npos ? "no queue" : all.substr(at, all.find('\n', at) - at);
  };
  offsets.partitions[first] = {.oldest = 100, .newest = 150};
  offsets.committed["g"][first] = 40;
  EXPECT_EQ(written(), "queue_depth{queue=\"g/t\"} 50") << "what retention has deleted is no debt";
  offsets.committed["g"][first] = 151;
  EXPECT_EQ(written(), "queue_depth{queue=\"g/t\"} 0") << "a commit overtook the question";
  offsets.partitions[second] = {};
  offsets.committed["g"][second] = 1;
  EXPECT_EQ(written(), "no queue") << "a partition without a leader is not known";
}

}  // namespace
}  // namespace tocsin
