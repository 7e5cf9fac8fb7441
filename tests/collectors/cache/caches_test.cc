// Redis and memcached targets against servers that misbehave.

#include <gtest/gtest.h>

#include <map>

#include "collectors/cache/cache.h"
#include "collectors/net/network.h"
#include "tests/collectors/net/on_loop.h"
#include "tests/collectors/net/scripted_server.h"

namespace tocsin {
namespace {

using net::Act;

/// Answers INFO in the place where it comes among what is asked; the rest are errors.
std::string RedisAnswers(const std::string& info) {
  std::string answers;
  for (int i = 0; i < 4; ++i) answers += "-NOPERM settings\r\n";
  answers += "$" + std::to_string(info.size()) + "\r\n" + info + "\r\n";
  return answers + "*0\r\n:0\r\n*0\r\n";  // LATENCY LATEST, SLOWLOG LEN, SLOWLOG GET
}
constexpr const char* kLastQuestion = "$3\r\nGET\r\n$1\r\n1\r\n";
constexpr const char* kInfo =
    "redis_version:7.0.15\r\nkeyspace_hits:3\r\nkeyspace_misses:1\r\n# Keyspace\r\n"
    "db0:keys=5,expires=0,avg_ttl=0\r\n";

class CachesTest : public testing::Test {
 protected:
  /// One round of one target: values by series, and `reason` where it failed.
  std::map<std::string, double> Round(net::TargetPool& pool) {
    RoundWriter writer;
    writer.Begin(clock_.Wall());
    EXPECT_TRUE(pool.Collect({clock_.Wall(), clock_.Mono() + seconds(60), {}}, writer).ok());
    const auto snapshot = *writer.Finish();
    std::map<std::string, double> values;
    for (std::size_t i = 0; i < snapshot->values.size(); ++i) {
      const std::string name = snapshot->layout->FullLabels(i).ToString();
      values[name] = snapshot->values[i];
      if (name.starts_with("tocsin_target_failures_total")) {
        reason_ = snapshot->layout->series[i].labels.Get("reason");
      }
    }
    return values;
  }
  std::unique_ptr<net::TargetPool> Pool(
      std::function<std::unique_ptr<net::Target>(net::Network&)> make) {
    auto pool = std::make_unique<net::TargetPool>(
        network_, net::TargetPoolOptions{.collector = "c", .timeout = timeout_});
    net::TargetSpec spec;
    spec.name = "t";
    spec.make = std::move(make);
    std::vector<net::TargetSpec> specs;
    specs.push_back(std::move(spec));
    pool->SetTargets(std::move(specs));
    return pool;
  }
  std::unique_ptr<net::TargetPool> Redis(const net::ScriptedServer& server,
                                         const std::string& user = {},
                                         const std::string& password = {}) {
    net::RedisAddress address;
    address.to = {"127.0.0.1", server.port(), {}};
    address.user = user;
    if (!password.empty()) address.password = outgoing::Secret::Literal(password);
    return Pool([address](net::Network& n) { return MakeRedisTarget(n, address, {}); });
  }
  std::unique_ptr<net::TargetPool> Memcached(const net::ScriptedServer& server) {
    const MemcachedAddress address{{"127.0.0.1", server.port(), {}}, std::nullopt};
    return Pool([address](net::Network& n) { return MakeMemcachedTarget(n, address); });
  }

  milliseconds timeout_ = seconds(30);
  std::string reason_;
  SystemClock clock_;
  net::Network network_{clock_, {.grace = {}}};
};

TEST_F(CachesTest, ARedisAnswersOverOneConnectionRoundAfterRound) {
  net::ScriptedServer server(
      {net::Expect(kLastQuestion), net::Drip(RedisAnswers(kInfo)), net::Again()});
  const auto pool = Redis(server);
  for (int i = 0; i < 3; ++i) {
    const auto values = Round(*pool);
    EXPECT_EQ(values.at("redis_up{instance=\"t\"}"), 1);
    EXPECT_EQ(values.at("cache_hit_ratio{cache=\"redis\", instance=\"t\"}"), 0.75);
    EXPECT_EQ(values.at("cache_entries{cache=\"redis\", instance=\"t\"}"), 5);
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CachesTest, ReplicasThatLookAlikeCostNothingElse) {
  const std::string info =
      "# Replication\r\nrole:master\r\nconnected_slaves:2\r\n"
      "slave0:ip=172.17.0.1,port=6379,state=online,offset=70,lag=0\r\n"
      "slave1:ip=172.17.0.1,port=6379,state=online,offset=60,lag=1\r\n";
  net::ScriptedServer server({net::Expect(kLastQuestion), net::Send(RedisAnswers(info))});
  const auto values = Round(*Redis(server));
  EXPECT_EQ(values.at("redis_up{instance=\"t\"}"), 1);
  EXPECT_EQ(values.at("redis_connected_slaves{instance=\"t\"}"), 2);
  EXPECT_EQ(values.at("redis_connected_slave_offset_bytes{instance=\"t\", "
                      "slave_ip=\"172.17.0.1\", slave_port=\"6379\", slave_state=\"online\"}"),
            70);
}

TEST_F(CachesTest, AConnectionThatTheServerClosedBetweenRoundsIsMadeAnew) {
  net::ScriptedServer server({net::Expect(kLastQuestion), net::Send(RedisAnswers(kInfo))});
  const auto pool = Redis(server);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Round(*pool).at("redis_up{instance=\"t\"}"), 1);
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(CachesTest, APasswordAndAUserAreToldFirst) {
  net::ScriptedServer server({net::Expect("*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n"),
                              net::Send("+OK\r\n"), net::Expect(kLastQuestion),
                              net::Send(RedisAnswers(kInfo)), net::Hang()});
  const auto pool = Redis(server, "u", "p");
  EXPECT_EQ(Round(*pool).at("redis_up{instance=\"t\"}"), 1);
}

TEST_F(CachesTest, EveryFailureOfARedisHasItsReason) {
  struct Case {
    std::vector<Act> script;
    const char* reason;
  };
  const std::vector<Case> cases{
      {{net::Expect("INFO"), net::Send("-NOAUTH Authentication required.\r\n"), net::Hang()},
       "auth"},
      {{net::Expect("INFO"), net::Send("*2000000000\r\n"), net::Hang()}, "too_large"},
      {{net::Expect("INFO"), net::Send("$5000000\r\n"), net::Endless(std::string(4096, 'x'))},
       "too_large"},
      {{net::Expect("INFO"), net::Send("HTTP/1.1 200 OK\r\n\r\n"), net::Hang()}, "protocol"},
      {{net::Expect("INFO"), net::Send("-NOPERM\r\n-NOPERM\r\n-NOPERM\r\n-NOPERM\r\n+half"),
        net::Reset()},
       "closed"},
      {{net::Expect(kLastQuestion),
        net::Send("*0\r\n*0\r\n*0\r\n*0\r\n-WRONGTYPE not that\r\n*0\r\n:0\r\n*0\r\n"),
        net::Hang()},
       "refused"},
      {{net::Expect(kLastQuestion),
        net::Send("*0\r\n*0\r\n*0\r\n*0\r\n-NOPERM no info\r\n*0\r\n:0\r\n*0\r\n"), net::Hang()},
       "auth"},
      {{net::Expect(kLastQuestion), net::Send(RedisAnswers("used_memory:1\r\nused_memory:2\r\n")),
        net::Hang()},
       "content"},
  };
  for (const Case& c : cases) {
    net::ScriptedServer server(c.script);
    const auto pool = Redis(server);
    const auto values = Round(*pool);
    EXPECT_EQ(reason_, c.reason);
    EXPECT_EQ(values.at("redis_up{instance=\"t\"}"), 0);
    EXPECT_EQ(values.count("cache_hits_total{cache=\"redis\", instance=\"t\"}"), 0u);
  }
}

TEST_F(CachesTest, AHungRedisIsGivenUpAndAskedAgain) {
  net::ScriptedServer server({net::Expect("INFO"), net::Hang()});
  timeout_ = milliseconds(50);
  const auto pool = Redis(server);
  EXPECT_EQ(Round(*pool).at("tocsin_target_up{collector=\"c\", target=\"t\"}"), 0);
  EXPECT_EQ(reason_, "timeout");
  EXPECT_EQ(Round(*pool).at("redis_up{instance=\"t\"}"), 0);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(CachesTest, AMemcachedAnswersRoundAfterRound) {
  net::ScriptedServer server(
      {net::Expect("stats slabs\r\n"),
       net::Drip(
           "STAT get_hits 3\r\nSTAT get_misses 1\r\nSTAT cmd_set 9\r\nSTAT cas_hits 1\r\n"
           "STAT cas_misses 1\r\nSTAT cas_badval 1\r\nSTAT version 1.6\r\nSTAT odd word\r\nEND\r\n"
           "STAT maxconns 1024\r\nEND\r\nSTAT items:1:number 4\r\nEND\r\n"
           "STAT 1:cmd_set 5\r\nSTAT 1:cas_hits 2\r\nSTAT 2:cmd_set 7\r\nEND\r\n"),
       net::Again()});
  const auto pool = Memcached(server);
  for (int i = 0; i < 2; ++i) {
    const auto values = Round(*pool);
    EXPECT_EQ(values.at("memcached_up{instance=\"t\"}"), 1);
    EXPECT_EQ(values.at("cache_hit_ratio{cache=\"memcached\", instance=\"t\"}"), 0.75);
    EXPECT_EQ(
        values.at("memcached_commands_total{command=\"set\", instance=\"t\", status=\"hit\"}"), 6);
    EXPECT_EQ(
        values.at("memcached_slab_commands_total{command=\"set\", instance=\"t\", slab=\"1\", "
                  "status=\"hit\"}"),
        3);
    EXPECT_EQ(
        values.at("memcached_slab_commands_total{command=\"set\", instance=\"t\", slab=\"2\", "
                  "status=\"hit\"}"),
        7);
    EXPECT_EQ(values.at("memcached_slab_current_items{instance=\"t\", slab=\"1\"}"), 4);
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CachesTest, EveryFailureOfAMemcachedHasItsReason) {
  struct Case {
    std::vector<Act> script;
    const char* reason;
  };
  const std::vector<Case> cases{
      {{net::Expect("stats"), net::Send("ERROR\r\n"), net::Hang()}, "refused"},
      {{net::Expect("stats"), net::Send("HTTP/1.1 400\r\n"), net::Hang()}, "protocol"},
      {{net::Expect("stats"), net::Send("STAT pid 1\r\n"), net::Reset()}, "closed"},
      {{net::Expect("stats"), net::Endless("STAT pid 1 ")}, "too_large"},
      {{net::Expect("stats"), net::Endless("STAT uptime 1\r\n")}, "timeout"},
  };
  for (const Case& c : cases) {
    net::ScriptedServer server(c.script);
    timeout_ = std::string_view(c.reason) == "timeout" ? milliseconds(100) : seconds(30);
    const auto pool = Memcached(server);
    EXPECT_EQ(Round(*pool).at("memcached_up{instance=\"t\"}"), 0);
    EXPECT_EQ(reason_, c.reason);
  }
}

}  // namespace
}  // namespace tocsin
