#include "agent/runtime/collector_set.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>

namespace tocsin {
namespace {

/// What the collectors published and withdrew, by name.
class Results {
 public:
  void Published(const std::string& name) { Count(published_, name); }
  void Withdrawn(const std::string& name) { Count(withdrawn_, name); }
  void AwaitRounds(const std::string& name, int more) {
    std::unique_lock lock(mutex_);
    const int until = published_[name] + more;
    changed_.wait(lock, [&] { return published_[name] >= until; });
  }
  int withdrawn(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    return withdrawn_[name];
  }

 private:
  void Count(std::map<std::string, int>& counts, const std::string& name) {
    const std::scoped_lock lock(mutex_);
    ++counts[name];
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> published_;
  std::map<std::string, int> withdrawn_;
};

class CountingReceiver final : public RoundReceiver {
 public:
  CountingReceiver(Results& results, std::string name)
      : results_(results), name_(std::move(name)) {}
  void Publish(Ref<const Snapshot>) override { results_.Published(name_); }
  void Withdraw(WallTime) override { results_.Withdrawn(name_); }

 private:
  Results& results_;
  const std::string name_;
};

std::shared_ptr<const CollectorHost> Host(std::string_view yaml) {
  Flags flags;
  flags.disable_default_collectors = true;
  flags.procfs = TOCSIN_SOURCE_DIR "/tests/agent/proc";
  auto settings = ParseSettings(yaml, "t.yml", flags);
  EXPECT_TRUE(settings.ok()) << settings.error().message();
  static const SystemClock clock;
  return MakeCollectorHost(*std::move(settings), std::make_shared<net::Network>(clock));
}

class CollectorSetTest : public testing::Test {
 protected:
  std::shared_ptr<const CollectorRunner> Runner(std::string_view name) {
    for (const RunningCollector& running : set_.Running()) {
      if (running.name == name) return running.runner;
    }
    return nullptr;
  }

  SystemClock clock_;
  Results results_;
  CollectorSet set_{clock_, 2, [this](const std::string& name) {
                      return std::make_unique<CountingReceiver>(results_, name);
                    }};
};

constexpr std::string_view kEnabled = "collectors: {loadavg: {enabled: true, interval: 100ms}}";

TEST_F(CollectorSetTest, RunsWhatIsEnabledAndWithdrawsWhatIsSwitchedOff) {
  ASSERT_TRUE(set_.Apply(Host(kEnabled)).ok());
  results_.AwaitRounds("loadavg", 2);
  ASSERT_TRUE(set_.Apply(Host("")).ok());
  EXPECT_TRUE(set_.Running().empty());
  EXPECT_EQ(results_.withdrawn("loadavg"), 1);
  EXPECT_TRUE(set_.Stop(seconds(10)));
}

TEST_F(CollectorSetTest, AReloadLeavesUnchangedCollectorsAloneAndReplacesChangedOnes) {
  ASSERT_TRUE(set_.Apply(Host(kEnabled)).ok());
  const auto first = Runner("loadavg");
  ASSERT_TRUE(set_.Apply(Host(kEnabled)).ok());
  EXPECT_EQ(Runner("loadavg"), first);
  ASSERT_TRUE(set_.Apply(Host("collectors: {loadavg: {enabled: true, interval: 200ms}}")).ok());
  EXPECT_NE(Runner("loadavg"), first);
  EXPECT_EQ(results_.withdrawn("loadavg"), 0) << "the new one carries on";
  results_.AwaitRounds("loadavg", 1);
  EXPECT_TRUE(set_.Stop(seconds(10)));
}

TEST_F(CollectorSetTest, AReloadSeesChangedExtremes) {
  ASSERT_TRUE(set_.Apply(Host(kEnabled)).ok());
  const auto first = Runner("loadavg");
  ASSERT_TRUE(
      set_.Apply(Host(std::string(kEnabled) + "\nextremes: [{metrics: [node_load1]}]")).ok());
  EXPECT_NE(Runner("loadavg"), first);
  EXPECT_TRUE(set_.Stop(seconds(10)));
}

TEST_F(CollectorSetTest, AReloadReadsTheFilesThatSettingsName) {
  const std::string path = testing::TempDir() + "/process-names.yml";
  const std::string yaml =
      "collectors: {process: {enabled: true, interval: 1s, config_file: " + path + "}}";
  std::ofstream(path) << "process_names: [{comm: [a]}]\n";
  ASSERT_TRUE(set_.Apply(Host(yaml)).ok());
  const auto first = Runner("process");
  ASSERT_TRUE(set_.Apply(Host(yaml)).ok());
  EXPECT_EQ(Runner("process"), first);
  std::ofstream(path) << "process_names: [{comm: [b]}]\n";
  ASSERT_TRUE(set_.Apply(Host(yaml)).ok());
  EXPECT_NE(Runner("process"), first);
  const auto second = Runner("process");
  std::ofstream(path) << "process_names: [{comm: b}\n";
  EXPECT_FALSE(set_.Apply(Host(yaml)).ok()) << "a file that does not load changes nothing";
  EXPECT_EQ(Runner("process"), second);
  EXPECT_TRUE(set_.Stop(seconds(10)));
}

}  // namespace
}  // namespace tocsin
