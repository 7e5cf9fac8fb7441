// Caches that stand in files which others write.

#include <filesystem>

#include "collectors/cache/cache.h"
#include "tests/base/temp_folder.h"
#include "tests/collectors/net/scripted_server.h"
#include "tests/collectors/plugin/round.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;
using net::ScriptedServer;
using Source = CollectorUnderTest;

constexpr const char* kLastQuestion = "$3\r\nGET\r\n$1\r\n1\r\n";
constexpr const char* kAnswers =
    "-NOPERM\r\n-NOPERM\r\n-NOPERM\r\n-NOPERM\r\n$22\r\nredis_version:7.0.15\r\n\r\n"
    "*0\r\n:0\r\n*0\r\n";

std::string AddressOf(const ScriptedServer& server) {
  return "127.0.0.1:" + std::to_string(server.port());
}

class FoundTargetsTest : public testing::Test {
 protected:
  std::string Settings() const { return (dir_ / "tocsin.yml").string(); }

  const TempFolder dir_;
};

TEST_F(FoundTargetsTest, RedisFollowsTheFileAndSharesThePassword) {
  const std::vector<net::Act> open{net::Expect(kLastQuestion), net::Send(kAnswers), net::Again()};
  const std::vector<net::Act> locked{net::Expect("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n"),
                                     net::Send("+OK\r\n"), net::Expect(kLastQuestion),
                                     net::Send(kAnswers), net::Hang()};
  ScriptedServer listed(open);
  ScriptedServer first(locked);
  ScriptedServer second(locked);
  dir_.Replace("password", "secret");
  dir_.Replace("redis.yml", "- targets: ['" + AddressOf(first) + "', 'redis://:hidden@h:no', '" +
                                AddressOf(listed) + "']\n  labels: { env: prod, __meta_x: y }\n");
  Source redis(
      kRedisCollector,
      "targets: ['" + AddressOf(listed) + "']\nfile_sd: [redis.yml]\npassword_file: password\n",
      Settings());
  ASSERT_EQ(redis.error(), "");
  const std::string of_first = "redis_up{env=\"prod\",instance=\"" + AddressOf(first) + "\"}";
  const std::string of_second = "redis_up{env=\"test\",instance=\"" + AddressOf(second) + "\"}";
  const std::string of_listed = "redis_up{instance=\"" + AddressOf(listed) + "\"}";
  const std::string of_bad =
      "tocsin_target_failures_total{collector=\"redis\",reason=\"local\",target=\"redis://h:no\"}";
  const std::string found = "tocsin_discovery_targets{collector=\"redis\",source=\"" +
                            (dir_ / "redis.yml").string() + "\"}";
  std::string page = redis.Round();
  EXPECT_EQ(ValueOf(page, of_first), "1") << page;
  EXPECT_EQ(ValueOf(page, of_listed), "1");
  EXPECT_EQ(ValueOf(page, of_bad), "1");
  EXPECT_EQ(ValueOf(page, found), "3");
  EXPECT_EQ(page.find("hidden"), std::string::npos) << page;

  dir_.Replace("redis.yml", "- targets: ['" + AddressOf(second) + "']\n  labels: { env: test }\n");
  page = redis.Round();
  EXPECT_EQ(ValueOf(page, of_first), "absent");
  EXPECT_EQ(ValueOf(page, of_bad), "absent");
  EXPECT_EQ(ValueOf(page, of_second), "1") << page;
  EXPECT_EQ(ValueOf(page, of_listed), "1");
  EXPECT_EQ(ValueOf(page, found), "1");
  EXPECT_EQ(listed.connections(), 1);  // what stays keeps its connection
}

TEST_F(FoundTargetsTest, MemcachedFollowsTheFile) {
  const std::vector<net::Act> answers{net::Expect("stats slabs\r\n"),
                                      net::Send("STAT get_hits 3\r\nEND\r\nEND\r\nEND\r\nEND\r\n"),
                                      net::Again()};
  ScriptedServer first(answers);
  ScriptedServer second(answers);
  Source memcached(kMemcachedCollector, "file_sd: [a.json]", Settings());
  ASSERT_EQ(memcached.error(), "");
  const auto up = [&](const ScriptedServer& server) {
    return ValueOf(memcached.Round(), "memcached_up{instance=\"" + AddressOf(server) + "\"}");
  };
  EXPECT_EQ(up(first), "absent");
  dir_.Replace("a.json", R"([{"targets":[")" + AddressOf(first) + R"("]}])");
  EXPECT_EQ(up(first), "1");
  EXPECT_EQ(up(first), "1");
  EXPECT_EQ(first.connections(), 1);
  dir_.Replace("a.json", R"([{"targets":[")" + AddressOf(second) + R"("]}])");
  EXPECT_EQ(up(first), "absent");
  EXPECT_EQ(up(second), "1");
  fs::remove(dir_ / "a.json");
  EXPECT_EQ(up(second), "absent");
}

TEST_F(FoundTargetsTest, BadSettingsSayWhere) {
  const struct {
    const CatalogEntry& entry;
    const char* settings;
    const char* error;
  } kCases[] = {
      {kRedisCollector, "file_sd: [a.txt]", "tocsin.yml:1:10: a file_sd path ends with"},
      {kRedisCollector, "dns_srv: [a..b]", "no domain name"},
      {kRedisCollector, "password: open", "tocsin.yml:1:11"},
      {kRedisCollector, "file_sdd: [a.yml]", "file_sd"},
      {kMemcachedCollector, "file_sd: [a.txt]", "tocsin.yml:1:10: a file_sd path ends with"},
      {kMemcachedCollector, "password_file: x", "password_file"},
  };
  for (const auto& c : kCases) {
    const Source source(c.entry, c.settings, Settings());
    EXPECT_NE(source.error().find(c.error), std::string::npos)
        << c.settings << ": " << source.error();
  }
}

}  // namespace
}  // namespace tocsin
