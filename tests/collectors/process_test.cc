#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include "base/yaml.h"
#include "collectors/catalog.h"
#include "collectors/net/network.h"
#include "collectors/process/name_template.h"
#include "collectors/process/process_files.h"
#include "metrics/writer.h"
#include "tests/base/temp_folder.h"
#include "tests/bench/recording_host_fs.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

/// A proc tree of our own, removed at the end.
class Tree {
 public:
  Tree() { Write("stat", "btime 1600000000\n"); }

  std::string root() const { return root_.path(); }
  void Write(const std::string& path, const std::string& text) const { root_.Write(path, text); }
  void Process(int pid, const std::string& name, int ticks = 0, int start = 100) const {
    const std::string folder = std::to_string(pid) + "/";
    Write(folder + "stat", std::to_string(pid) + " (" + name + ") S 1 1 1 0 -1 0 0 0 0 0 " +
                               std::to_string(ticks) + " 0 0 0 20 0 1 0 " + std::to_string(start) +
                               " 4096 10 0\n");
    Write(folder + "cmdline", name + '\0');
  }
  void End(int pid) const { fs::remove_all(root_ / std::to_string(pid)); }

 private:
  const TempFolder root_;
};

/// The collector on a tree, round by round.
class Rounds {
 public:
  explicit Rounds(const Tree& tree, const std::string& settings = "{}")
      : host_({tree.root(), "/nowhere", "/nowhere", "/nowhere"}),
        file_(*ParseYaml(settings, tree.root() + "/settings.yml")) {
    auto made = FindCollector("process")->make({host_, file_, *file_.root, network_});
    if (made) {
      collector_ = *std::move(made);
    } else {
      error_ = made.error().message();
    }
  }

  const std::string& error() const { return error_; }

  /// One round, `pause` after the last: values by name and labels.
  std::map<std::string, double> Run(seconds pause = seconds(5)) {
    now_ += pause;
    host_.Clear();
    writer_.Begin(WallTime(seconds(1700000000)) + now_);
    const RoundContext round{
        WallTime(seconds(1700000000)) + now_, MonoTime(seconds(100)) + now_, {}};
    const Status status = collector_->Collect(round, writer_);
    EXPECT_TRUE(status.ok()) << status.error().message();
    const auto snapshot = writer_.Finish();
    std::map<std::string, double> values;
    for (std::size_t i = 0; i < (*snapshot)->values.size(); ++i) {
      values[(*snapshot)->layout->FullLabels(i).ToString()] = (*snapshot)->values[i];
    }
    return values;
  }
  /// Files that the last round read below /proc/PID.
  std::size_t reads() const { return host_.files().size(); }

 private:
  RecordingHostFs host_;
  YamlFile file_;
  SystemClock clock_;
  net::Network network_{clock_};
  std::unique_ptr<Collector> collector_;
  std::string error_;
  RoundWriter writer_;
  milliseconds now_{0};
};

std::string Processes(const std::string& group) {
  return "namedprocess_namegroup_num_procs{groupname=\"" + group + "\"}";
}

TEST(ProcessCollectorTest, ManyProcessesAreReadOverSeveralRoundsWithinTheBudget) {
  const Tree tree;
  constexpr int kCount = 300;
  for (int pid = 1; pid <= kCount; ++pid) tree.Process(pid, "p" + std::to_string(pid % 3));
  Rounds rounds(tree, "max_reads: 200");
  double before = 0;
  int needed = 0;
  while (before < kCount) {
    const auto values = rounds.Run();
    const double now = values.at("tocsin_processes_tracked");
    ASSERT_GT(now, before) << "a round that gets no further";
    EXPECT_LE(rounds.reads(), 210u) << "past the budget by more than one process";
    before = now;
    ASSERT_LT(++needed, 50);
  }
  EXPECT_GT(needed, 5);
  // The last one carries the sweep to its end: everything is there.
  EXPECT_EQ(rounds.Run().at(Processes("p0")), kCount / 3);
  for (int pid = 1; pid <= kCount; pid += 3) tree.End(pid);
  for (int i = 0; i < 10; ++i) rounds.Run();
  EXPECT_EQ(rounds.Run().at("tocsin_processes_tracked"), kCount - kCount / 3);
}

TEST(ProcessCollectorTest, ProcessesPastTheLimitAreCounted) {
  const Tree tree;
  for (int pid = 1; pid <= 20; ++pid) tree.Process(pid, "p");
  Rounds rounds(tree, "max_processes: 15");
  const auto values = rounds.Run();
  EXPECT_EQ(values.at("tocsin_processes_tracked"), 15);
  EXPECT_EQ(values.at("tocsin_processes_dropped"), 5);
}

TEST(ProcessCollectorTest, ProcessesThatDoNothingAreReadMoreRarelyAndNothingIsLost) {
  const Tree tree;
  for (int pid = 1; pid <= 100; ++pid) tree.Process(pid, "p");
  Rounds rounds(tree);
  rounds.Run();
  const std::size_t first = rounds.reads();
  std::size_t quiet = 0;
  for (int i = 0; i < 20; ++i) rounds.Run();
  for (int i = 0; i < 12; ++i) {
    rounds.Run();
    quiet += rounds.reads();
  }
  EXPECT_LT(quiet, first * 12 / 6) << "a sixth of the files on average";
  tree.Process(50, "p", 700);
  std::map<std::string, double> values;
  for (int i = 0; i < 4; ++i) values = rounds.Run();
  EXPECT_EQ(values.at("namedprocess_namegroup_cpu_seconds_total{groupname=\"p\", mode=\"user\"}"),
            7);
}

TEST(ProcessCollectorTest, AUserOfManyGroupsHidesNothing) {
  const Tree tree;
  tree.Process(7, "p");
  std::string groups;
  for (int i = 0; i < 2'000; ++i) groups += " " + std::to_string(1'000'000'000 + i);
  tree.Write("7/status", "Name:\tp\nGroups:\t" + groups + " \nRssAnon:\t 12 kB\n");
  Rounds rounds(tree);
  EXPECT_EQ(rounds.Run().at("namedprocess_namegroup_anon_bytes{groupname=\"p\"}"), 12 * 1024);
}

TEST(ProcessCollectorTest, AProcessThatWasQuietUsesNoMoreCpusThanItHasThreads) {
  const Tree tree;
  tree.Process(7, "p");
  Rounds rounds(tree);
  for (int i = 0; i < 20; ++i) rounds.Run();
  // From now on it keeps one CPU busy, which is found out some rounds later.
  double most = 0;
  for (int seconds_busy = 5; seconds_busy <= 60; seconds_busy += 5) {
    tree.Process(7, "p", seconds_busy * 100);
    const auto values = rounds.Run();
    most = values.at("namedprocess_namegroup_cpu_cores_max{groupname=\"p\", window=\"1m\"}");
    EXPECT_LE(most, 1.0);
  }
  EXPECT_EQ(most, 1.0);
}

TEST(ProcessCollectorTest, APidIsAnotherProcessWhenItsStartTimeIsAnother) {
  const Tree tree;
  tree.Process(7, "a", 500, 100);
  Rounds rounds(tree);
  rounds.Run();
  tree.Process(7, "b", 30, 10'000'900);  // 1700... since the boot in 1600...
  const auto values = rounds.Run();
  EXPECT_EQ(values.at(Processes("a")), 0);
  EXPECT_EQ(values.at(Processes("b")), 1);
  EXPECT_EQ(values.at("namedprocess_namegroup_cpu_seconds_total{groupname=\"a\", mode=\"user\"}"),
            0);
}

TEST(ProcessCollectorTest, AStatThatIsNoneCountsAsAnErrorAndAnEndedProcessDoesNot) {
  const Tree tree;
  tree.Process(1, "good");
  tree.Write("2/stat", "2 (half) S 1 2 3");
  tree.Write("3/stat", "3 open S 1 2 3");
  tree.Write("4/stat", "");
  tree.Write("5/status", "Name: five\n");
  Rounds rounds(tree);
  EXPECT_EQ(rounds.Run().at("namedprocess_scrape_procread_errors"), 2);
  const auto values = rounds.Run();
  EXPECT_EQ(values.at("namedprocess_scrape_procread_errors"), 4);
  EXPECT_EQ(values.at("tocsin_processes_tracked"), 1);
  EXPECT_EQ(values.at("namedprocess_scrape_partial_errors"), 0);
}

TEST(ProcessCollectorTest, LoadsTheExportersOwnConfigurationFile) {
  const Tree tree;
  tree.Process(1, "nginx");
  tree.Process(2, "bash");
  tree.Write("pe.yml",
             "process_names:\n"
             "  # comm is the second field of /proc/<pid>/stat minus parens.\n"
             "  - comm:\n"
             "    - bash\n"
             "  - name: \"web {{.Comm}}\"\n"
             "    cmdline:\n"
             "    - 'ngi.x'\n");
  Rounds rounds(tree, "config_file: pe.yml");
  ASSERT_EQ(rounds.error(), "");
  const auto values = rounds.Run();
  EXPECT_EQ(values.at(Processes("web nginx")), 1);
  EXPECT_EQ(values.at(Processes("bash")), 1);
  EXPECT_NE(Rounds(tree, "config_file: none.yml").error().find("none.yml: No such file"),
            std::string::npos);
}

TEST(ProcessFilesTest, AStatLineIsReadFromItsLastParenthesis) {
  const auto stat = ParseProcessStat(
      "42 (a) R 1) (b) D 7 1 1 0 -1 0 11 0 13 0 17 19 0 0 20 0 23 0 29 31 37 41\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->comm, "a) R 1) (b");
  EXPECT_EQ(stat->state, 'D');
  EXPECT_EQ(stat->parent, 7u);
  EXPECT_EQ(stat->minor_faults, 11u);
  EXPECT_EQ(stat->major_faults, 13u);
  EXPECT_EQ(stat->user_ticks, 17u);
  EXPECT_EQ(stat->system_ticks, 19u);
  EXPECT_EQ(stat->threads, 23u);
  EXPECT_EQ(stat->start_ticks, 29u);
  EXPECT_EQ(stat->virtual_bytes, 31u);
  EXPECT_EQ(stat->resident_pages, 37u);
  EXPECT_FALSE(ParseProcessStat(""));
  EXPECT_FALSE(ParseProcessStat("42 (a"));
  EXPECT_FALSE(ParseProcessStat("42 )a( S 1"));
  EXPECT_FALSE(ParseProcessStat("42 (a) S 1 2 3"));
}

TEST(ProcessFilesTest, BaseNamesAreGos) {
  EXPECT_EQ(BaseName(""), ".");
  EXPECT_EQ(BaseName("///"), "/");
  EXPECT_EQ(BaseName("/a/b//"), "b");
  EXPECT_EQ(BaseName("b"), "b");
}

}  // namespace
}  // namespace tocsin
