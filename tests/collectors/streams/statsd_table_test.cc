// Packets become series; strangers cannot make too many.

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <thread>

#include "base/format.h"
#include "collectors/response/statsd/address.h"
#include "collectors/response/statsd/receiver.h"
#include "collectors/response/statsd/table.h"
#include "tests/base/temp_folder.h"

namespace tocsin::statsd {
namespace {

constexpr MonoTime kStart{std::chrono::hours(1)};

Mapping MappingOf(std::string_view text) {
  const auto file = ParseYaml(text, "mapping.yml");
  auto mapping = Mapping::Read(*file, *file->root);
  EXPECT_TRUE(mapping.ok());
  return *std::move(mapping);
}

class StatsdTableTest : public testing::Test {
 protected:
  /// Every series on a line: `family{labels} type: values`.
  static std::string Show(const Table& table) {
    std::string text;
    for (std::size_t i = 0; i < table.end(); ++i) {
      std::vector<double> values;
      const SeriesSpec* const spec = table.Read(i, values);
      if (!spec) continue;
      text +=
          spec->family + spec->labels.ToString() + " " + std::string(TypeText(spec->type)) + ":";
      for (const double value : values) text += " " + FormatGoFloat(value);
      text += "\n";
    }
    return text;
  }
  static bool Reserved(std::string_view name) { return name.starts_with("node_"); }

  const Mapping plain_;
};

TEST_F(StatsdTableTest, EveryType) {
  const Mapping mapping = MappingOf(R"(
mappings:
  - {match: t.*, name: t, labels: {op: $1}, buckets: [0.1, 1]}
  - {match: s, name: s_seconds, observer_type: summary, help: "Own.", quantiles: [{quantile: 0.5, error: 0.05}]}
  - {match: scaled, name: scaled_total, scale: 0.5}
  - {match: noise, action: drop}
)");
  Table table(mapping, {}, &Reserved);
  table.MoveTo(kStart);
  table.TakePacket("c:1|c|#b:2,a:1\nc:2|c|@0.5|#a:1,b:2\n\ng:5|g\r\ng:-2|g\n", Listener::kUdp);
  table.TakePacket("t.get:50:500:5000|ms\ns:8|h\nu:x|s\nu:y|s\nu:x|s\nscaled:3|c\nnoise:1|c",
                   Listener::kUnix);
  EXPECT_EQ(Show(table),
            "c{a=\"1\", b=\"2\"} counter: 5\n"
            "g{} gauge: 3\n"
            "t{op=\"get\"} histogram: 1 2 5.55 3\n"
            "s_seconds{} summary: 8.5 8 1\n"
            "u{} gauge: 2\n"
            "scaled_total{} counter: 1.5\n");
  EXPECT_EQ(table.counters().lines, 11u);
  EXPECT_EQ(table.counters().samples, 13u);
  EXPECT_EQ(table.counters().tags, 2u);
  EXPECT_EQ(table.counters().packets[0], 1u);
  EXPECT_EQ(table.counters().mapped, 5u);
  EXPECT_EQ(table.counters().unmapped, 7u);
  EXPECT_EQ(table.counters().dropped_by_rule, 1u);
}

TEST_F(StatsdTableTest, BadSamplesAreCountedAndChangeNothing) {
  Table table(plain_, {}, &Reserved);
  table.MoveTo(kStart);
  table.TakePacket("a:1|c\n", Listener::kUdp);
  std::string junk(65'507, '\xfe');
  table.TakePacket(junk, Listener::kUdp);
  table.TakePacket(std::string(65'507, '\n'), Listener::kUdp);
  for (const char* line : {"a:nan|c", "a:-1|c", "a:1|g", "a:1|c|@7", "a_count:1|c", "h:1|h",
                           "h_count:1|c", "h_bucket:1|g", "node_load1:1|g", "\xff:1|c",
                           "a:1|c|#t:\xff", "__name__:1|c|#__name__:x"}) {
    table.TakePacket(line, Listener::kUdp);
  }
  const TableCounters& counters = table.counters();
  const auto errors = [&](SampleError e) {
    return counters.sample_errors[static_cast<std::size_t>(e)];
  };
  EXPECT_EQ(errors(SampleError::kMalformedLine), 3u);  // the junk, two with invalid UTF-8
  EXPECT_EQ(errors(SampleError::kMalformedValue), 1u);
  EXPECT_EQ(errors(SampleError::kInvalidSampleFactor), 1u);
  EXPECT_EQ(counters.event_errors[0], 1u);
  EXPECT_EQ(counters.conflicts[static_cast<std::size_t>(EventType::kGauge)], 3u);
  EXPECT_EQ(counters.conflicts[static_cast<std::size_t>(EventType::kCounter)], 1u);
  const std::string shown = Show(table);
  EXPECT_TRUE(shown.starts_with("a{} counter: 1\na_count{} counter: 1\nh{} histogram: ")) << shown;
  EXPECT_TRUE(shown.ends_with("__name__{} counter: 1\n")) << shown;
}

TEST_F(StatsdTableTest, ASetAndAGaugeOfOneNameClash) {
  Table table(plain_, {}, &Reserved);
  table.MoveTo(kStart);
  table.TakePacket("x:1|g\nx:a|s\n", Listener::kUdp);
  EXPECT_EQ(Show(table), "x{} gauge: 1\n");
  EXPECT_EQ(table.counters().conflicts[static_cast<std::size_t>(EventType::kSet)], 1u);
}

TEST_F(StatsdTableTest, SetsTellTheLastWholeInterval) {
  Table table(plain_, {}, &Reserved);
  table.MoveTo(kStart);
  table.TakePacket("u:a|s\nu:b|s\n", Listener::kUdp);
  table.MoveTo(kStart + seconds(5));
  EXPECT_EQ(Show(table), "u{} gauge: 2\n") << "so far";
  table.MoveTo(kStart + seconds(10));
  table.TakePacket("u:c|s\n", Listener::kUdp);
  EXPECT_EQ(Show(table), "u{} gauge: 2\n");
  table.MoveTo(kStart + seconds(20));
  EXPECT_EQ(Show(table), "u{} gauge: 1\n");
  table.MoveTo(kStart + seconds(30));
  EXPECT_EQ(Show(table), "u{} gauge: 0\n");
}

TEST_F(StatsdTableTest, SeriesAreBoundedAndTheRestIsCounted) {
  TableLimits limits;
  limits.max_series = 10;
  Table table(plain_, limits, &Reserved);
  table.MoveTo(kStart);
  for (int i = 0; i < 20'000; ++i) {
    table.TakePacket("a:1|c|#user:" + std::to_string(i), Listener::kUdp);
  }
  EXPECT_EQ(table.size(), 10u);
  EXPECT_EQ(table.counters().dropped_by_limit, 19'990u);
  table.TakePacket("a:1|c|#user:0", Listener::kUdp);
  EXPECT_TRUE(Show(table).starts_with("a{user=\"0\"} counter: 2\n"));

  limits = {};
  limits.max_bytes = 20'000;
  Table small(plain_, limits, &Reserved);
  small.MoveTo(kStart);
  for (int i = 0; i < 1000; ++i) {
    small.TakePacket("h:1|h|#user:" + std::string(3000, 'x') + std::to_string(i), Listener::kUdp);
  }
  EXPECT_LT(small.size(), 5u);
  EXPECT_GT(small.counters().dropped_by_limit, 990u);
}

TEST_F(StatsdTableTest, SeriesPastTheirTimeGoAndMakeRoom) {
  const Mapping mapping = MappingOf("defaults: {ttl: 10s}");
  TableLimits limits;
  limits.max_series = 1;
  Table table(mapping, limits, &Reserved);
  table.MoveTo(kStart);
  table.TakePacket("a:1|c\nb:1|c\n", Listener::kUdp);
  table.MoveTo(kStart + seconds(9));
  table.TakePacket("a:1|c", Listener::kUdp);
  table.MoveTo(kStart + seconds(19));
  EXPECT_EQ(Show(table), "a{} counter: 2\n");
  table.MoveTo(kStart + seconds(20));
  EXPECT_EQ(Show(table), "");
  table.TakePacket("b:7|g\na:1|c\n", Listener::kUdp);
  EXPECT_EQ(Show(table), "b{} gauge: 7\n") << "also of another type than before";
  table.MoveTo(kStart + seconds(40));
  table.TakePacket("a:1|c\n", Listener::kUdp);
  EXPECT_EQ(Show(table), "a{} counter: 1\n") << "begun anew";
}

/// Sends to a receiver until it has counted `packets`.
class ReceiverTest : public StatsdTableTest {
 protected:
  std::uint64_t Samples() {
    const MutexLock lock(shared_.mutex);
    return shared_.table.counters().samples;
  }
  void AwaitSamples(std::uint64_t count) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (Samples() < count && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    EXPECT_EQ(Samples(), count);
  }

  const TempFolder folder_;
  SharedTable shared_{plain_, {}, [](std::string_view) { return false; }};
};

TEST_F(ReceiverTest, UdpAndUnixDatagrams) {
  ReceiverOptions options;
  options.udp = {"127.0.0.1:0", "localhost:0"};
  options.unixgram = folder_ / "statsd.sock";
  auto receiver = Receiver::Start(options, shared_);
  ASSERT_TRUE(receiver.ok()) << receiver.error().message();
  const auto ports = (*receiver)->Ports();
  ASSERT_EQ(ports.size(), 2u);
  struct stat info {};
  ASSERT_EQ(::stat(options.unixgram.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0722u);

  const int udp = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  constexpr std::string_view kLine = "a:1|c";
  for (int i = 0; i < 100; ++i) {
    to.sin_port = htons(ports[static_cast<std::size_t>(i % 2)]);
    ASSERT_EQ(
        ::sendto(udp, kLine.data(), kLine.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to),
        static_cast<ssize_t>(kLine.size()));
    if (i % 10 == 9) AwaitSamples(static_cast<std::uint64_t>(i) + 1);
  }
  ::close(udp);
  const int unix_socket = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un path{};
  path.sun_family = AF_UNIX;
  options.unixgram.copy(path.sun_path, sizeof path.sun_path - 1);
  ASSERT_EQ(::sendto(unix_socket, kLine.data(), kLine.size(), 0, reinterpret_cast<sockaddr*>(&path),
                     sizeof path),
            static_cast<ssize_t>(kLine.size()));
  ::close(unix_socket);
  AwaitSamples(101);
  EXPECT_EQ((*receiver)->KernelDrops(), 0u);
  EXPECT_GT((*receiver)->ReceiveBufferBytes(), 0u);

  ReceiverOptions second;
  second.unixgram = options.unixgram;
  EXPECT_FALSE(Receiver::Start(second, shared_).ok()) << "somebody receives there";
  second = {};
  second.udp = {"127.0.0.1:" + std::to_string(ports[0])};
  EXPECT_FALSE(Receiver::Start(second, shared_).ok()) << "in use";
  *receiver = nullptr;
  EXPECT_NE(::stat(options.unixgram.c_str(), &info), 0) << "the socket is gone";
  EXPECT_TRUE(Receiver::Start(second, shared_).ok()) << "free again";
}

TEST_F(ReceiverTest, ASocketLeftBehindIsReplacedAndAFileIsNot) {
  ReceiverOptions options;
  options.unixgram = folder_ / "statsd.sock";
  const int left = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un path{};
  path.sun_family = AF_UNIX;
  options.unixgram.copy(path.sun_path, sizeof path.sun_path - 1);
  ASSERT_EQ(::bind(left, reinterpret_cast<sockaddr*>(&path), sizeof path), 0);
  ::close(left);
  EXPECT_TRUE(Receiver::Start(options, shared_).ok());
  ASSERT_EQ(::mkdir(options.unixgram.c_str(), 0700), 0);
  EXPECT_FALSE(Receiver::Start(options, shared_).ok());
}

TEST(ReceiverAddressTest, WhatAnAddressIs) {
  for (const char* good : {"127.0.0.1:9125", "[::1]:9125", ":9125", "localhost:0", "0.0.0.0:1"}) {
    EXPECT_TRUE(CheckAddress(good).ok()) << good;
  }
  for (const char* bad : {"", "9125", "127.0.0.1", "::1:9125", "host.example:9125", "127.0.0.1:x",
                          "127.0.0.1:99999", "127.0.0.1:"}) {
    EXPECT_FALSE(CheckAddress(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace tocsin::statsd
