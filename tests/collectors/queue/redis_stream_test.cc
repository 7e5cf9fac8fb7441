#include "collectors/queue/redis_stream.h"

#include "tests/collectors/queue/rendered.h"

namespace tocsin {
namespace {

/// A reply as Redis would send it.
net::Reply Replied(std::string_view resp) {
  net::RespReader reader;
  reader.Feed(resp);
  auto reply = reader.Next();
  EXPECT_TRUE(reply.ok() && *reply) << resp;
  return reply.ok() && *reply ? **reply : net::Reply();
}

std::string Bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}
std::string Number(int value) { return ":" + std::to_string(value) + "\r\n"; }
std::string Entry(std::string_view id) {
  return "*2\r\n" + Bulk(id) + "*2\r\n" + Bulk("field") + Bulk("value");
}

const std::string kStream = "*12\r\n" + Bulk("length") + Number(5) + Bulk("groups") + Number(1) +
                            Bulk("last-generated-id") + Bulk("9000-1") + Bulk("entries-added") +
                            Number(7) + Bulk("first-entry") + Entry("4000-0") + Bulk("last-entry") +
                            Entry("9000-1");

std::string Group(std::string_view name, const std::string& lag, int pending) {
  return "*12\r\n" + Bulk("name") + Bulk(name) + Bulk("consumers") + Number(2) + Bulk("pending") +
         Number(pending) + Bulk("last-delivered-id") + Bulk("7000-0") + Bulk("entries-read") +
         Number(4) + Bulk("lag") + lag;
}

std::string Written(const std::vector<RedisStreamGroup>& groups) {
  const auto stream = ParseRedisStream(Replied(kStream));
  EXPECT_TRUE(stream.has_value());
  const std::string all = Rendered([&](FamilySink& out) -> Status {
    SeenSet names;
    WriteRedisStream("db0", "s", *stream, groups, WallTime(seconds(10)), names, out);
    return Unit{};
  });
  const auto own = all.find("redis_");
  return all.substr(0, own);  // the shape
}

TEST(RedisStreamTest, AStreamWithoutGroupsIsAQueueOfItsEntries) {
  EXPECT_EQ(Written({}),
            "queue_depth{queue=\"s\"} 5\n"
            "queue_enqueued_total{queue=\"s\"} 7\n"
            "queue_oldest_seconds{queue=\"s\"} 6\n");
}

TEST(RedisStreamTest, EachGroupIsAQueueOfWhatItHasNotAcknowledged) {
  auto groups = ParseRedisGroups(Replied("*1\r\n" + Group("mailers", Number(3), 1)), 10);
  ASSERT_EQ(groups.size(), 1u);
  groups[0].oldest_id = "8500-3";
  EXPECT_EQ(Written(groups),
            "queue_consumers{queue=\"s/mailers\"} 2\n"
            "queue_depth{queue=\"s/mailers\"} 4\n"
            "queue_dequeued_total{queue=\"s/mailers\"} 3\n"
            "queue_enqueued_total{queue=\"s/mailers\"} 7\n"
            "queue_oldest_seconds{queue=\"s/mailers\"} 1.5\n");
}

TEST(RedisStreamTest, ALagThatRedisDoesNotKnowIsNoDepth) {
  const auto groups = ParseRedisGroups(Replied("*1\r\n" + Group("g", "$-1\r\n", 1)), 10);
  EXPECT_EQ(Written(groups).find("queue_depth"), std::string::npos);
}

TEST(RedisStreamTest, NothingToDoIsOfNoAge) {
  const auto groups = ParseRedisGroups(Replied("*1\r\n" + Group("g", Number(0), 0)), 10);
  const std::string written = Written(groups);
  EXPECT_NE(written.find("queue_depth{queue=\"s/g\"} 0\n"), std::string::npos) << written;
  EXPECT_NE(written.find("queue_oldest_seconds{queue=\"s/g\"} 0\n"), std::string::npos);
}

TEST(RedisStreamTest, GroupsAreBoundedAndCountOnce) {
  const std::string two = Group("a", Number(0), 0) + Group("a", Number(1), 0);
  EXPECT_EQ(ParseRedisGroups(Replied("*2\r\n" + two), 10).size(), 1u);
  const std::string other = Group("a", Number(0), 0) + Group("b", Number(1), 0);
  EXPECT_EQ(ParseRedisGroups(Replied("*2\r\n" + other), 1).size(), 1u);
}

std::string Consumer(std::string_view name, int pending, int idle_ms) {
  return "*8\r\n" + Bulk("name") + Bulk(name) + Bulk("pending") + Number(pending) + Bulk("idle") +
         Number(idle_ms) + Bulk("inactive") + Number(idle_ms);
}

TEST(RedisStreamTest, ConsumersHaveWhatTheyHaveNotAcknowledged) {
  const std::string both = Consumer("a", 3, 1500) + Consumer("a", 4, 0) + Consumer("b", 0, 0);
  const auto consumers = ParseRedisConsumers(Replied("*3\r\n" + both), 10);
  ASSERT_EQ(consumers.size(), 2u);
  EXPECT_EQ(consumers[0].pending, 3);
  EXPECT_EQ(consumers[0].idle_seconds, 1.5);
  EXPECT_EQ(consumers[1].name, "b");
  EXPECT_EQ(ParseRedisConsumers(Replied("*3\r\n" + both), 1).size(), 1u);
}

TEST(RedisStreamTest, OtherRepliesAreNone) {
  for (const std::string_view resp :
       {"-ERR no such key\r\n", "$-1\r\n", ":1\r\n", "*0\r\n", "*1\r\n$1\r\na\r\n",
        "*2\r\n:1\r\n:2\r\n", "*2\r\n$6\r\nlength\r\n$1\r\n5\r\n", "*2\r\n*0\r\n*0\r\n"}) {
    EXPECT_FALSE(ParseRedisStream(Replied(resp)).has_value()) << resp;
    EXPECT_TRUE(ParseRedisGroups(Replied(resp), 10).empty()) << resp;
    EXPECT_TRUE(ParseRedisConsumers(Replied(resp), 10).empty()) << resp;
    EXPECT_EQ(FirstEntryId(Replied(resp)), "") << resp;
  }
  EXPECT_EQ(OldestPendingId(Replied("*4\r\n:0\r\n$-1\r\n$-1\r\n*-1\r\n")), "");
  EXPECT_EQ(OldestPendingId(Replied("*4\r\n:1\r\n$3\r\n5-0\r\n$3\r\n6-0\r\n*-1\r\n")), "5-0");
  EXPECT_EQ(FirstEntryId(Replied("*1\r\n" + Entry("7-0"))), "7-0");
}

TEST(RedisStreamTest, IdsAreTimes) {
  EXPECT_EQ(RedisIdMillis("1700000000123-4"), 1700000000123);
  EXPECT_EQ(RedisIdMillis("0-0"), 0);
  EXPECT_FALSE(RedisIdMillis("").has_value());
  EXPECT_FALSE(RedisIdMillis("-5").has_value());
  EXPECT_FALSE(RedisIdMillis("abc-1").has_value());
}

}  // namespace
}  // namespace tocsin
