#include "agent/runtime/page_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "rules/manager.h"
#include "rules/memory_store.h"
#include "tests/base/temp_folder.h"

namespace tocsin {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kRules = R"(
groups:
  - name: g
    rules:
      - { alert: Cpu, expr: 'cpu_busy > 90', labels: { team: a } }
      - { alert: Memory, expr: memory_used, warning: { above: 1 } }
      - { alert: Disk, expr: 'disk_used > 5 and disk_used < 100' }
)";

/// The engine's deadlines are on the real monotonic clock, so this one goes with it.
class SteppedClock final : public Clock {
 public:
  WallTime Wall() const override { return FromMillis(1'700'000'000'000); }
  MonoTime Mono() const override { return SystemClock().Mono() + ahead_; }
  void Advance(milliseconds d) { ahead_ += d; }

 private:
  milliseconds ahead_{0};
};

/// A folder of its own under the tests' temporary one.
class PageContextTest : public testing::Test {
 protected:
  PageContextTest() {
    folder_.Write("rules.yml", kRules);
    const std::vector<std::string> files{folder_ / "rules.yml"};
    RuleSet rules = LoadRules(files);
    EXPECT_TRUE(rules.errors.empty());
    manager_.Exchange(std::move(rules), {}, {clock_.Wall(), clock_.Mono()}, sink_);
    fs_ = MakeHostFs({.procfs = folder_.path().string()});
    WriteProcess(1, "init", 100, 5);
    WriteProcess(7, "hot (x) y", 1000, 300);
    WriteProcess(8, "big", 50, 100'000);
    std::filesystem::create_directories(folder_ / "9");  // vanished
    std::filesystem::create_directories(folder_ / "sys");
  }

  void WriteProcess(int pid, const std::string& name, int ticks, int pages) {
    const auto path = folder_ / std::to_string(pid);
    std::filesystem::create_directories(path);
    std::ofstream(path / "stat") << pid << " (" << name << ") S 1 1 1 0 -1 4194560 1 2 3 4 "
                                 << ticks << " 0 0 0 20 0 1 0 " << pid * 10 << " 1000 " << pages
                                 << " 18446744073709551615 1 1\n";
  }
  HostPageContext Context() {
    return HostPageContext({clock_, store_, *fs_,
                            [this](const Labels& alert) { return manager_.FindRule(alert); },
                            [this](milliseconds time) {
                              clock_.Advance(time);
                              if (hottest_ > 0) WriteProcess(7, "hot (x) y", hottest_, 300);
                            }});
  }
  Labels Describe(HostPageContext& context, const Labels& labels) {
    notify::Alert alert;
    alert.labels = labels;
    return context.Describe(alert, {.sparkline = true, .processes = true}, clock_.Wall());
  }

  struct NoSink final : RuleSink {
    void Write(const std::string&, std::span<const RuleSample>) override {}
    void Notify(std::span<const AlertEvent>) override {}
  };

  const TempFolder folder_;
  SteppedClock clock_;
  NoSink sink_;
  MemoryStore store_;
  RuleManager manager_;
  std::unique_ptr<HostFs> fs_;
  int hottest_ = 0;
};

TEST_F(PageContextTest, TheProcessesBehindACpuAlertByWhatTheyUseNow) {
  HostPageContext context = Context();
  hottest_ = 1000 + static_cast<int>(::sysconf(_SC_CLK_TCK)) / 10;  // 0.1 s of some 0.2 s
  const Labels said = Describe(context, {{"alertname", "Cpu"}, {"team", "a"}});
  const std::string first(said.Get("top_processes"));
  EXPECT_THAT(first, testing::MatchesRegex("hot.\\(x\\).y \\(7\\) (4[0-9]|50)%"));
  hottest_ = 0;
  EXPECT_FALSE(Describe(context, {{"alertname", "Disk"}}).Has("top_processes"));
  EXPECT_EQ(Describe(context, {{"alertname", "Cpu"}, {"team", "a"}}).Get("top_processes"), first)
      << "the next alert of the same moment";
  clock_.Advance(seconds(11));
  EXPECT_FALSE(Describe(context, {{"alertname", "Cpu"}, {"team", "a"}}).Has("top_processes"))
      << "nothing ran";
}

TEST_F(PageContextTest, TheProcessesBehindAMemoryAlert) {
  HostPageContext context = Context();
  const std::string top(
      Describe(context, {{"alertname", "Memory"}, {"severity", "warning"}}).Get("top_processes"));
  EXPECT_THAT(top, StartsWith("big (8) "));
  EXPECT_THAT(top, HasSubstr(", hot?(x)?y (7) "));
  EXPECT_FALSE(Describe(context, {{"alertname", "Disk"}}).Has("top_processes"));
}

TEST_F(PageContextTest, NothingForAnAlertOfNoRule) {
  HostPageContext context = Context();
  EXPECT_EQ(Describe(context, {{"alertname", "Gone"}}), Labels());
  EXPECT_EQ(Describe(context, {{"alertname", "Cpu"}, {"team", "b"}}), Labels());
}

TEST_F(PageContextTest, TheLastHourIsOfTheAlertsOwnSeriesAndWithoutTheComparison) {
  for (const char* disk : {"a", "b"}) {
    std::vector<Sample> samples;
    for (int i = 0; i <= 30; ++i) {
      samples.push_back({ToMillis(clock_.Wall()) - (30 - i) * 120'000, disk[0] == 'a' ? i : 50.0});
    }
    for (const Sample& sample : samples) {
      store_.Append(Labels{{"__name__", "disk_used"}, {"disk", disk}}, sample.t_ms, sample.value);
    }
  }
  HostPageContext context = Context();
  const std::string line(
      Describe(context, {{"alertname", "Disk"}, {"disk", "a"}, {"instance", "h"}})
          .Get("last_hour"));
  EXPECT_THAT(line, StartsWith("▁▁▁▂"));
  EXPECT_THAT(line, HasSubstr("█ 0 to 30, now 30"));
}

TEST(SparklineTest, GapsAreBlanksAndWhatWasBeforeIsNothing) {
  using V = std::optional<double>;
  const V values[] = {{}, 1, {}, 8, NAN, 4};
  EXPECT_EQ(Sparkline(values), "▁ █ ▄ 1 to 8, now 4");
  EXPECT_EQ(Sparkline(std::span<const V>()), "");
  const V same[] = {5, 5};
  EXPECT_EQ(Sparkline(same), "▁▁ 5 to 5, now 5");
}

TEST(ProcessStatTest, NamesAreHostile) {
  EXPECT_EQ(
      ParseProcessStat("5 (a) b\n<!>) S 1 1 1 0 -1 4 1 2 3 4 6 7 0 0 20 0 1 0 99 1 2 3", 4096).name,
      "a)?b?\?!?");
  EXPECT_EQ(ParseProcessStat("", 4096).pid, 0);
  EXPECT_EQ(ParseProcessStat("5 (a", 4096).pid, 0);
  EXPECT_EQ(ParseProcessStat("5 )a(", 4096).pid, 0);
  EXPECT_EQ(ParseProcessStat("5 (a) S 1 2", 4096).pid, 0) << "cut";
  const ProcessUse use =
      ParseProcessStat("5 (a) S 1 1 1 0 -1 4 1 2 3 4 6 7 0 0 20 0 1 0 99 1 2 3", 4096);
  EXPECT_EQ(use.cpu_ticks, 13u);
  EXPECT_EQ(use.started, 99u);
  EXPECT_EQ(use.resident_bytes, 8192u);
}

}  // namespace
}  // namespace tocsin
