#include "collectors/queue/rabbit_json.h"

#include "tests/collectors/queue/rendered.h"

namespace tocsin {
namespace {

struct Page {
  std::size_t pages = 0;
  RabbitQueues round{};
};

std::string Queues(std::string_view json, const RabbitFilter& filter = {}, Page* page = nullptr) {
  Page own;
  Page& kept = page ? *page : own;
  return Rendered([&](FamilySink& out) -> Status {
    TRY_ASSIGN(kept.pages,
               WriteRabbitQueues(json, filter, WallTime(seconds(1'000)), kept.round, out));
    return Unit{};
  });
}

TEST(RabbitJsonTest, AQueueInItsOwnNamesAndInTheShape) {
  // As RabbitMQ 3.10 answers, cut to what matters.
  EXPECT_EQ(Queues(R"({"filtered_count":1,"item_count":1,"page":1,"page_count":1,"items":[{
        "name":"orders","vhost":"/","state":"running","messages":4,"messages_ready":3,
        "messages_unacknowledged":1,"message_bytes":28,"consumers":2,"memory":16808,
        "head_message_timestamp":940,"consumer_utilisation":null,
        "message_stats":{"publish":50,"ack":40,"deliver_no_ack":6,"publish_details":{"rate":0}}}]})"),
            "queue_consumers{queue=\"orders\"} 2\n"
            "queue_depth{queue=\"orders\"} 4\n"
            "queue_dequeued_total{queue=\"orders\"} 46\n"
            "queue_enqueued_total{queue=\"orders\"} 50\n"
            "queue_oldest_seconds{queue=\"orders\"} 60\n"
            "rabbitmq_queue_consumers{queue=\"orders\",vhost=\"/\"} 2\n"
            "rabbitmq_queue_head_message_timestamp{queue=\"orders\",vhost=\"/\"} 940\n"
            "rabbitmq_queue_messages{queue=\"orders\",vhost=\"/\"} 4\n"
            "rabbitmq_queue_messages_ack_total{queue=\"orders\",vhost=\"/\"} 40\n"
            "rabbitmq_queue_messages_bytes{queue=\"orders\",vhost=\"/\"} 28\n"
            "rabbitmq_queue_messages_delivered_noack_total{queue=\"orders\",vhost=\"/\"} 6\n"
            "rabbitmq_queue_messages_published_total{queue=\"orders\",vhost=\"/\"} 50\n"
            "rabbitmq_queue_messages_ready{queue=\"orders\",vhost=\"/\"} 3\n"
            "rabbitmq_queue_messages_unacked{queue=\"orders\",vhost=\"/\"} 1\n"
            "rabbitmq_queue_process_memory_bytes{queue=\"orders\",vhost=\"/\"} 16808\n"
            "rabbitmq_queue_state{queue=\"orders\",state=\"running\",vhost=\"/\"} 1\n");
}

TEST(RabbitJsonTest, QueuesThatComeTwiceAreTooManyOrFilteredAreLeftOut) {
  const std::string_view json = R"({"page_count":7,"items":[
      {"name":"a","vhost":"/","consumers":1},{"name":"a","vhost":"/","consumers":2},
      {"name":"a","vhost":"x","consumers":3},{"name":"tmp.1","vhost":"/","consumers":4},
      {"name":"b","vhost":"/","consumers":5},{"name":"c","vhost":"/","consumers":6}]})";
  RabbitFilter filter;
  filter.queues = *NameFilter::Make("", "^tmp");
  filter.max_queues = 3;
  Page page;
  EXPECT_EQ(Queues(json, filter, &page),
            "queue_consumers{queue=\"a\"} 1\n"
            "queue_consumers{queue=\"b\"} 5\n"
            "queue_consumers{queue=\"x/a\"} 3\n"
            "rabbitmq_queue_consumers{queue=\"a\",vhost=\"/\"} 1\n"
            "rabbitmq_queue_consumers{queue=\"a\",vhost=\"x\"} 3\n"
            "rabbitmq_queue_consumers{queue=\"b\",vhost=\"/\"} 5\n");
  EXPECT_EQ(page.pages, 7u);
  EXPECT_EQ(page.round.dropped, 1u);
}

TEST(RabbitJsonTest, NamesThatTheShapeCannotTellApartAreOneQueueOfIt) {
  EXPECT_EQ(Queues(R"({"page_count":1,"items":[{"name":"a/b","vhost":"/","consumers":1},
                       {"name":"b","vhost":"a","consumers":2}]})"),
            "queue_consumers{queue=\"a/b\"} 1\n"
            "rabbitmq_queue_consumers{queue=\"a/b\",vhost=\"/\"} 1\n"
            "rabbitmq_queue_consumers{queue=\"b\",vhost=\"a\"} 2\n");
}

TEST(RabbitJsonTest, WhatIsNoPageIsAnError) {
  for (const std::string_view json :
       {"", "null", "[]", "{}", R"({"page_count":1})", R"({"items":[]})", "<html>",
        R"({"page_count":"1","items":[]})", R"({"page_count":-1,"items":[]})",
        R"({"page_count":1,"items":{}})", R"({"page_count":1,"items":[)",
        R"({"error":"Object Not Found","reason":"Not Found"})"}) {
    EXPECT_EQ(Queues(json), "error: /api/queues: the answer is not a page of queues as JSON\n")
        << json;
  }
  EXPECT_EQ(Queues(std::string(5'000, '[')),
            "error: /api/queues: the answer is not a page of queues as JSON\n");
}

TEST(RabbitJsonTest, FieldsOfOtherTypesAreLeftOut) {
  EXPECT_EQ(Queues(R"({"page_count":1,"items":[1,null,"x",[],{},{"name":1,"vhost":2},
      {"name":"a","vhost":"/","messages":"4","consumers":[],"message_stats":"none","state":3}]})"),
            "");
}

TEST(RabbitJsonTest, OverviewAndNodes) {
  EXPECT_EQ(Rendered([](FamilySink& out) {
              return WriteRabbitOverview(
                  R"({"object_totals":{"queues":2,"consumers":0},"queue_totals":{"messages":9},
                      "node":"rabbit@a","cluster_name":"c","rabbitmq_version":"3.10.8",
                      "erlang_version":"25"})",
                  out);
            }),
            "rabbitmq_build_info{erlang_version=\"25\",rabbitmq_version=\"3.10.8\"} 1\n"
            "rabbitmq_consumers 0\n"
            "rabbitmq_identity_info{rabbitmq_cluster=\"c\",rabbitmq_node=\"rabbit@a\"} 1\n"
            "rabbitmq_queue_messages_global 9\n"
            "rabbitmq_queues 2\n");
  EXPECT_EQ(Rendered([](FamilySink& out) {
              return WriteRabbitNodes(
                  R"([{"name":"rabbit@a","running":true,"mem_alarm":false,"uptime":7500,
                       "partitions":["rabbit@b"]},{"name":"rabbit@a","running":true},
                      {"name":"rabbit@b","running":false},7])",
                  out);
            }),
            "rabbitmq_alarms_memory_used_watermark{node=\"rabbit@a\"} 0\n"
            "rabbitmq_erlang_uptime_seconds{node=\"rabbit@a\"} 7.5\n"
            "rabbitmq_partitions{node=\"rabbit@a\"} 1\n"
            "rabbitmq_running{node=\"rabbit@a\"} 1\n"
            "rabbitmq_running{node=\"rabbit@b\"} 0\n");
  for (const std::string_view json : {"", "{}", "7", "[", "{\"error\":\"not_authorised\"}"}) {
    EXPECT_EQ(Rendered([&](FamilySink& out) { return WriteRabbitNodes(json, out); }),
              "error: /api/nodes: the answer is not a list of nodes as JSON\n");
    EXPECT_EQ(Rendered([&](FamilySink& out) { return WriteRabbitOverview(json, out); }),
              "error: /api/overview: the answer is not an overview as JSON\n");
  }
}

TEST(RabbitJsonTest, OnlyTheColumnsThatAreReadAreAskedFor) {
  const std::string columns = RabbitQueueColumns();
  EXPECT_TRUE(columns.starts_with("name,vhost,state,messages,")) << columns;
  EXPECT_NE(columns.find(",message_stats.ack"), std::string::npos) << columns;
}

}  // namespace
}  // namespace tocsin
