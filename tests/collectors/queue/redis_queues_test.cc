// The collector redis_queues against servers that answer by script, badly where that is tested.

#include "tests/collectors/net/scripted_server.h"
#include "tests/collectors/queue/target_run.h"

namespace tocsin {
namespace {

using net::Act;
using net::Expect;
using net::Send;

std::string Settings(const net::ScriptedServer& server, const std::string& keys,
                     const std::string& more = "") {
  return "servers:\n  - { targets: ['127.0.0.1:" + std::to_string(server.port()) +
         "'], keys: " + keys + more + " }\n";
}

std::string Value(const net::ScriptedServer& server, const std::string& page,
                  const std::string& family, const std::string& labels = "") {
  return ValueOf(page, family + "{instance=\"127.0.0.1:" + std::to_string(server.port()) + "\"" +
                           labels + "}");
}

TEST(RedisQueuesTest, KeysOfAPatternAreSizedByTheirType) {
  net::ScriptedServer server({Expect("SCAN"), Expect("jobs:*"),
                              Send("*2\r\n$1\r\n0\r\n*2\r\n$6\r\njobs:1\r\n$6\r\njobs:2\r\n"),
                              Expect("jobs:2\r\n"), Send("+list\r\n+zset\r\n"), Expect("LLEN"),
                              Expect("ZCARD"), Send(":12\r\n:3\r\n")});
  CollectorRun run("redis_queues", Settings(server, "['jobs:*']"));
  const std::string page = run.Round();
  EXPECT_EQ(FailureReasons(page), "") << page;
  EXPECT_EQ(Value(server, page, "queue_depth", ",queue=\"jobs:1\""), "12") << page;
  EXPECT_EQ(Value(server, page, "queue_depth", ",queue=\"jobs:2\""), "3");
  EXPECT_EQ(Value(server, page, "redis_queue_keys"), "2");
}

TEST(RedisQueuesTest, AKeyThatIsNotThereWaitsForNothing) {
  net::ScriptedServer server({Expect("TYPE"), Send("+none\r\n")});
  CollectorRun run("redis_queues", Settings(server, "[mail]"));
  const std::string page = run.Round();
  EXPECT_EQ(Value(server, page, "queue_depth", ",queue=\"mail\""), "0") << page;
}

TEST(RedisQueuesTest, AKeyThatChangedItsTypeIsLeftOutForARound) {
  net::ScriptedServer server({Expect("TYPE"), Send("+list\r\n"), Expect("LLEN"),
                              Send("-WRONGTYPE Operation against a key\r\n"), Expect("TYPE"),
                              Send("+set\r\n"), Expect("SCARD"), Send(":4\r\n")});
  CollectorRun run("redis_queues", Settings(server, "[mail]"));
  EXPECT_EQ(Value(server, run.Round(), "queue_depth", ",queue=\"mail\""), "absent");
  EXPECT_EQ(Value(server, run.Round(), "queue_depth", ",queue=\"mail\""), "4");
}

TEST(RedisQueuesTest, WhatGoesWrongHasAReason) {
  const std::vector<std::pair<std::vector<Act>, std::string>> cases{
      {{Expect("SCAN"), Send("-NOAUTH Authentication required.\r\n")}, "auth"},
      {{Expect("SCAN"), Send("-NOPERM no permissions to run SCAN\r\n")}, "refused"},
      {{Expect("SCAN"), Send(":5\r\n")}, "protocol"},
      {{Expect("SCAN"), Send("*2\r\n$1\r\n0\r\n$4\r\nlist\r\n")}, "protocol"},
      {{Expect("SCAN"), Send("HTTP/1.1 400 Bad Request\r\n\r\n")}, "protocol"},
      {{Expect("SCAN"), net::Endless("$5\r\nhello\r\n")}, "protocol"},
      {{Expect("SCAN"), Send("*2\r\n$999999999\r\n"), net::Endless("x")}, "too_large"},
      {{Expect("SCAN"), net::Hang()}, "timeout"},
      {{Expect("SCAN")}, "closed"},
  };
  for (const auto& [script, reason] : cases) {
    net::ScriptedServer server(script);
    CollectorRun run(
        "redis_queues",
        Settings(server, "['*']", reason == "timeout" ? ", timeout: 500ms" : ", timeout: 20s"));
    const std::string page = run.Round();
    EXPECT_EQ(FailureReasons(page), reason) << page;
    EXPECT_EQ(page.find("redis_queue_keys"), std::string::npos);
  }
}

}  // namespace
}  // namespace tocsin
