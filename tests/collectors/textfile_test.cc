// What of the textfile collector does not fit a fixture: files that are no files, and steady
// rounds.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>

#include "base/yaml.h"
#include "collectors/catalog.h"
#include "collectors/host_fs.h"
#include "collectors/net/network.h"
#include "tests/base/temp_folder.h"
#include "tests/collectors/fixture.h"
#include "tests/collectors/page.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

class TextfileTest : public testing::Test {
 protected:
  TextfileTest() { Make(""); }
  void Make(const std::string& more) {
    auto settings = ParseYaml("directory: " + dir_.path().string() + "\n" + more, "settings");
    collector_ = *FindCollector("textfile")->make({*host_, *settings, *settings->root, network_});
  }

  /// One round at `after` since the files were written.
  Ref<const Snapshot> Round(seconds after) {
    const auto now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
    writer_.Begin(now + after);
    EXPECT_TRUE(collector_->Collect({now + after, MonoTime(seconds(1)), {}}, writer_).ok());
    return *writer_.Finish();
  }

  static std::string ValueOf(const Ref<const Snapshot>& snapshot, const std::string& series) {
    return tocsin::ValueOf(RenderText(snapshot), series);
  }

  const TempFolder dir_;
  std::unique_ptr<HostFs> host_ = MakeHostFs({});
  SystemClock clock_;
  net::Network network_{clock_};
  std::unique_ptr<Collector> collector_;
  RoundWriter writer_;
};

TEST_F(TextfileTest, AFifoCostsOnlyItself) {
  ASSERT_EQ(::mkfifo((dir_ / "pipe.prom").c_str(), 0600), 0);
  dir_.Write("good.prom", "good 1\n");
  const auto snapshot = Round(seconds(0));
  EXPECT_EQ(ValueOf(snapshot, "good"), "1");
  EXPECT_EQ(ValueOf(snapshot, "node_textfile_scrape_error"), "1");
}

TEST_F(TextfileTest, ADanglingLinkCostsOnlyItself) {
  fs::create_symlink("/nowhere/at/all", dir_ / "link.prom");
  dir_.Write("good.prom", "good 1\n");
  const auto snapshot = Round(seconds(0));
  EXPECT_EQ(ValueOf(snapshot, "good"), "1");
  EXPECT_EQ(ValueOf(snapshot, "node_textfile_scrape_error"), "1");
}

TEST_F(TextfileTest, AFileRewrittenInTheSameInstantIsReadAgain) {
  dir_.Write("a.prom", "a 1\n");
  const auto written = fs::last_write_time(dir_ / "a.prom");
  EXPECT_EQ(ValueOf(Round(seconds(0)), "a"), "1");
  dir_.Write("a.prom", "a 2\n");
  fs::last_write_time(dir_ / "a.prom", written);
  EXPECT_EQ(ValueOf(Round(seconds(0)), "a"), "2");
}

TEST_F(TextfileTest, ARoundWithoutChangesKeepsTheLayout) {
  dir_.Write("a.prom", "a{x=\"1\"} 1\n");
  dir_.Write("b.prom", "b 2\n");
  const auto first = Round(seconds(60));
  const auto second = Round(seconds(120));
  EXPECT_EQ(first->layout, second->layout);
  EXPECT_EQ(second->values, first->values);
}

TEST_F(TextfileTest, AFileOverTheBudgetIsLeftOut) {
  dir_.Write("big.prom", std::string((16 << 20) + 1, '#'));
  dir_.Write("good.prom", "good 1\n");
  const auto snapshot = Round(seconds(0));
  EXPECT_EQ(ValueOf(snapshot, "good"), "1");
  EXPECT_EQ(ValueOf(snapshot, "node_textfile_scrape_error"), "1");
}

TEST_F(TextfileTest, AFileThatNobodyWritesAnyMoreIsLeftOut) {
  Make("max_age: 10m\n");
  dir_.Write("a.prom", "a 1\n");
  EXPECT_EQ(ValueOf(Round(seconds(0)), "a"), "1");
  EXPECT_EQ(ValueOf(Round(seconds(500)), "a"), "1");
  const auto old = Round(seconds(700));
  EXPECT_EQ(ValueOf(old, "a"), "absent");
  EXPECT_EQ(ValueOf(old, "node_textfile_scrape_error"), "1");
  const std::string mtime =
      "node_textfile_mtime_seconds{file=\"" + (dir_ / "a.prom").string() + "\"}";
  EXPECT_NE(ValueOf(old, mtime), "absent");
  fs::last_write_time(dir_ / "a.prom", fs::file_time_type::clock::now() + seconds(600));
  EXPECT_EQ(ValueOf(Round(seconds(700)), "a"), "1");
}

}  // namespace
}  // namespace tocsin
