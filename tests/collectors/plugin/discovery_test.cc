#include "collectors/net/discovery.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "collectors/net/dns_query.h"
#include "collectors/net/network.h"
#include "tests/base/temp_folder.h"

namespace tocsin::net {
namespace {

namespace fs = std::filesystem;

std::string TextOf(const std::vector<DiscoveredTarget>& targets) {
  std::string text;
  for (const DiscoveredTarget& target : targets) {
    text += target.address;
    for (const auto& [name, value] : target.labels) text.append(" ").append(name + "=" + value);
    text += "\n";
  }
  return text;
}

TEST(TargetFileTest, BothFormats) {
  const auto json = ParseTargetFile(
      R"([{"targets":["a:1","b:2"],"labels":{"env":"x","__metrics_path__":"\/m"}},{"targets":["c"]}])",
      "t.json");
  ASSERT_TRUE(json.ok()) << json.error().message();
  EXPECT_EQ(TextOf(*json), "a:1 env=x __metrics_path__=/m\nb:2 env=x __metrics_path__=/m\nc\n");
  const auto yaml = ParseTargetFile(
      "- targets: ['a:1', b:2]\n  labels: { env: x, __metrics_path__: /m }\n- targets: [c]\n",
      "t.yml");
  ASSERT_TRUE(yaml.ok()) << yaml.error().message();
  EXPECT_EQ(*yaml, *json);
  EXPECT_EQ(ParseTargetFile("[]", "t.json")->size(), 0u);
}

TEST(TargetFileTest, BadFiles) {
  std::string many = "[{\"targets\":[\"a\"";
  for (int i = 0; i < 10'001; ++i) many += ",\"a\"";
  const struct {
    std::string text;
    const char* name;
    const char* error;
  } kCases[] = {
      {"", "t.json", "t.json: "},
      {"{}", "t.json", "expected a list"},
      {"[1]", "t.json", "list of groups"},
      {"[{}]", "t.json", "no list of targets"},
      {"[{\"targets\":[1]}]", "t.json", "a target is a text"},
      {"[{\"targets\":[],\"labels\":{\"a\":1}}]", "t.json", "the value of a label"},
      {"[{\"targets\":[],\"labels\":[]}]", "t.json", "labels are a map"},
      {"[{\"targets\":[],\"lables\":{}}]", "t.json", "lables"},
      {many + "]}]", "t.json", "more than 10000"},
      {std::string(100'000, '['), "t.json", "t.json: "},
      {"targets: [a]", "t.yml", "t.yml:1:1: expected a list"},
      {"- targets: [a]\n  labels: { a-b: c }", "t.yml", "\"a-b\" is no label name"},
      {R"([{"targets":[],"labels":{"":"a"}}])", "t.json", "is no label name"},
      {"- target: [a]", "t.yml", "target"},
      {"- targets: a", "t.yml", "t.yml:1:12"},
      {std::string(2 << 20, ' '), "t.yml", "larger than 1 MB"},
  };
  for (const auto& c : kCases) {
    const auto parsed = ParseTargetFile(c.text, c.name);
    ASSERT_FALSE(parsed.ok()) << c.text.substr(0, 80);
    EXPECT_NE(parsed.error().message().find(c.error), std::string::npos)
        << c.text.substr(0, 80) << ": " << parsed.error().message();
  }
}

class DiscoveryTest : public testing::Test {
 protected:
  std::string Read(const std::string& settings) {
    file_ = *ParseYaml(settings, (dir_ / "settings.yml").string());
    YamlFields fields(file_, *file_.root, "test");
    auto discovery = Discovery::Read(network_, *host_, fields);
    if (!discovery) return discovery.error().message();
    discovery_ = *std::move(discovery);
    return "";
  }
  /// The targets at so many seconds after the start.
  std::string At(int after) {
    changed_ = discovery_->Refresh(MonoTime(seconds(1'000 + after)));
    return TextOf(discovery_->targets());
  }

  /// tocsin_discovery_up of the only source.
  double Up() {
    RoundWriter writer;
    writer.Begin(WallTime(seconds(1)));
    discovery_->Write("test", writer);
    return (*writer.Finish())->values.at(0);
  }

  const SystemClock clock_{};
  Network network_{clock_};
  std::unique_ptr<HostFs> host_ = MakeHostFs({});
  const TempFolder dir_;
  YamlFile file_;
  std::unique_ptr<Discovery> discovery_;
  bool changed_ = false;
};

TEST_F(DiscoveryTest, Configured) {
  EXPECT_EQ(Read("targets: ['a:1', { targets: [b, c], labels: { x: y } }]"), "");
  EXPECT_EQ(At(0), "a:1\nb x=y\nc x=y\n");
  EXPECT_TRUE(changed_);
  At(1);
  EXPECT_FALSE(changed_);
  EXPECT_EQ(Read(""), "");
  EXPECT_TRUE(discovery_->empty());
}

TEST_F(DiscoveryTest, BadSettings) {
  EXPECT_NE(Read("targets: a").find("settings.yml:1:10: expected a list"), std::string::npos);
  EXPECT_NE(Read("targets: [{ target: a }]").find("target"), std::string::npos);
  EXPECT_NE(Read("file_sd: [a.txt]").find(".json, .yml or .yaml"), std::string::npos);
  EXPECT_NE(Read("dns_srv: [a..b]").find("no domain name"), std::string::npos);
  EXPECT_NE(Read("dns_srv: [{ name: a, server: example.org }]").find("no address of a name server"),
            std::string::npos);
}

TEST_F(DiscoveryTest, FilesAreFollowed) {
  EXPECT_EQ(Read("file_sd: ['*.json', one.yml]"), "");
  EXPECT_EQ(At(0), "");
  dir_.Replace("one.yml", "- targets: [a]");
  EXPECT_EQ(At(1), "a\n");
  dir_.Replace("one.yml", "- targets: [b]");
  EXPECT_EQ(At(2), "b\n");
  EXPECT_TRUE(changed_);
  // A bad file keeps what it had.
  dir_.Replace("one.yml", "- targets: [c");
  EXPECT_EQ(At(3), "b\n");
  EXPECT_FALSE(changed_);
  // A pattern's new files are seen a little later.
  dir_.Replace("x.json", R"([{"targets":["x"]}])");
  EXPECT_EQ(At(30), "b\nx\n");
  fs::remove(dir_ / "one.yml");
  fs::remove(dir_ / "x.json");
  EXPECT_EQ(At(60), "");
}

TEST_F(DiscoveryTest, AFileThatCouldNotBeReadIsReadLaterThoughItDoesNotChange) {
  dir_.Write("one.yml", "- targets: [a]");
  EXPECT_EQ(Read("file_sd: [one.yml]"), "");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(At(0), "");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(At(1), "a\n");
}

/// Answers each question with what a test says.
class NameServer {
 public:
  explicit NameServer(std::vector<std::string> answers) : answers_(std::move(answers)) {
    fd_ = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~NameServer() {
    ::shutdown(fd_, SHUT_RDWR);
    const int wake = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    ::sendto(wake, "x", 1, 0, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::close(wake);
    thread_.join();
    ::close(fd_);
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  int port() const { return port_; }

  /// A message with these flags and the records "priority weight port host".
  static std::string Answer(std::string_view query, char flags_low,
                            const std::vector<std::pair<int, std::string>>& records) {
    std::string out(query.substr(0, 2));
    out += '\x81';
    out += flags_low;
    out += std::string("\0\1\0", 3) + static_cast<char>(records.size()) + std::string(4, '\0');
    out += query.substr(12, query.find('\0', 12) + 5 - 12);
    for (const auto& [port, host] : records) {
      std::string name;
      std::string_view rest = host;
      while (!rest.empty()) {
        const auto label = rest.substr(0, rest.find('.'));
        name += static_cast<char>(label.size());
        name += label;
        rest.remove_prefix(std::min(label.size() + 1, rest.size()));
      }
      name += '\0';
      out += std::string("\xc0\x0c\0\x21\0\1\0\0\0\x3c", 10);
      out += '\0';
      out += static_cast<char>(6 + name.size());
      out += std::string("\0\1\0\2", 4);
      out += static_cast<char>(port >> 8);
      out += static_cast<char>(port & 0xff);
      out += name;
    }
    return out;
  }

 private:
  void Serve() {
    for (const std::string& answer : answers_) {
      char buffer[512];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const auto n =
          ::recvfrom(fd_, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (n < 12) return;
      const std::string_view query(buffer, static_cast<std::size_t>(n));
      // Junk and forgeries first: they are passed over.
      std::string forged = Answer(query, '\0', {{1, "forged"}});
      forged[0] = static_cast<char>(forged[0] ^ 1);
      std::string real = Answer(query, '\0', {{8080, "one.example"}, {9090, "two.example"}});
      const bool knows_edns = query[11] == '\1';
      if (answer == "many") {
        std::vector<std::pair<int, std::string>> records;
        for (int i = 0; i < 60; ++i) records.emplace_back(8000 + i, "node.service.example");
        real = Answer(query, '\0', knows_edns ? records : decltype(records)());
        if (!knows_edns) real[2] = '\x83';  // truncated
      }
      if (answer == "old" && knows_edns) real = Answer(query, '\1', {});
      if (answer == "none") real = Answer(query, '\3', {});
      if (answer == "broken") real = Answer(query, '\2', {});
      for (const std::string& message : {std::string("junk"), forged, real}) {
        ::sendto(fd_, message.data(), message.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
      }
    }
  }

  const std::vector<std::string> answers_;
  int fd_ = -1;
  int port_ = 0;
  std::thread thread_;
};

TEST_F(DiscoveryTest, ManyServiceRecordsAndAServerThatKnowsOnlyFew) {
  const NameServer many({"many"});
  const NameServer old({"old", "old"});
  const auto wait_for = [&](const NameServer& server) {
    EXPECT_EQ(Read("dns_srv: [{ name: _m._tcp.example.org, server: '127.0.0.1:" +
                   std::to_string(server.port()) + "' }]"),
              "");
    std::string targets;
    for (int i = 0; i < 4'000 && targets.empty(); ++i) {
      targets = At(0);
      std::this_thread::sleep_for(milliseconds(5));
    }
    return targets;
  };
  const std::string found = wait_for(many);
  EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 60);
  EXPECT_EQ(wait_for(old), "one.example:8080\ntwo.example:9090\n");
}

TEST_F(DiscoveryTest, ServiceRecords) {
  const NameServer server({"two", "broken", "broken", "none"});
  EXPECT_EQ(Read("dns_srv: [{ name: _m._tcp.example.org, server: '127.0.0.1:" +
                 std::to_string(server.port()) + "' }]"),
            "");
  const auto wait_for = [&](int after, const std::string& targets, double up) {
    for (int i = 0; i < 4'000 && (At(after) != targets || Up() != up); ++i) {
      std::this_thread::sleep_for(milliseconds(5));
    }
    return At(after);
  };
  const std::string both = "one.example:8080\ntwo.example:9090\n";
  EXPECT_EQ(wait_for(0, both, 1), both);
  EXPECT_EQ(wait_for(40, both, 0), both);  // asked again, the server is broken
  EXPECT_EQ(Up(), 0);
  EXPECT_EQ(wait_for(80, "", 1), "");  // there is no such name any more
  EXPECT_EQ(Up(), 1);
}

}  // namespace
}  // namespace tocsin::net
