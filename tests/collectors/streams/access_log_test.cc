// The collector access_log on files of a pattern.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>
#include <string>

#include "base/yaml.h"
#include "collectors/catalog.h"
#include "collectors/host_fs.h"
#include "collectors/net/network.h"
#include "metrics/writer.h"
#include "tests/base/temp_folder.h"

namespace tocsin {
namespace {

constexpr WallTime kNow{seconds(1'700'000'000)};
constexpr seconds kDay{86'400};

class AccessLogTest : public testing::Test {
 protected:
  /// A log with one line that was written last at `changed`.
  void Write(const std::string& name, WallTime changed) {
    folder_.Write(name, "1.2.3.4 - - [now] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"\n");
    timespec time{};
    time.tv_sec = std::chrono::duration_cast<seconds>(changed.time_since_epoch()).count();
    const timespec times[2] = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, (folder_ / name).c_str(), times, 0), 0);
  }
  static std::string Dated(int day) {
    std::string number = std::to_string(day);
    return "access-" + std::string(3 - number.size(), '0') + number + ".log";
  }
  /// The names of the logs that are followed, after so long.
  std::set<std::string> Followed(Collector& collector, seconds after) {
    RoundWriter writer;
    writer.Begin(kNow + after);
    EXPECT_TRUE(collector.Collect({kNow + after, MonoTime(seconds(1'000)) + after, {}}, writer));
    const auto snapshot = *writer.Finish();
    std::set<std::string> names;
    for (std::size_t i = 0; i < snapshot->values.size(); ++i) {
      const SeriesMeta& series = snapshot->layout->series[i];
      if (snapshot->layout->families[series.family].name != "tocsin_access_log_up") continue;
      const std::string path(series.labels.Get("instance"));
      names.insert(path.substr(path.rfind('/') + 1));
    }
    return names;
  }

  const TempFolder folder_;
  const SystemClock clock_{};
  net::Network network_{clock_};
  std::unique_ptr<HostFs> host_ = MakeHostFs({});
};

TEST_F(AccessLogTest, OfManyDatedLogsTheNewestAreFollowed) {
  for (int day = 0; day < 250; ++day) Write(Dated(day), kNow - kDay * (250 - day));
  const YamlFile file =
      *ParseYaml("logs: [{path: '" + (folder_ / "access-*.log").string() + "'}]", "test.yml");
  const auto collector = FindCollector("access_log")->make({*host_, file, *file.root, network_});
  ASSERT_TRUE(collector.ok()) << collector.error().message();

  std::set<std::string> followed = Followed(**collector, seconds(0));
  EXPECT_EQ(followed.size(), 200u);
  EXPECT_TRUE(followed.contains(Dated(249)));
  EXPECT_FALSE(followed.contains(Dated(0)));
  // The next day's log takes the place of the one that has been idle for longest.
  Write(Dated(250), kNow);
  followed = Followed(**collector, seconds(60));
  EXPECT_EQ(followed.size(), 200u);
  EXPECT_TRUE(followed.contains(Dated(250)));
  EXPECT_TRUE(followed.contains(Dated(249)));
  EXPECT_FALSE(followed.contains(Dated(50)));
}

}  // namespace
}  // namespace tocsin
