#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>

#include "agent/performance/report.h"
#include "base/file.h"
#include "rules/history.h"
#include "rules/promql/parser.h"
#include "rules/rule_file.h"

namespace tocsin::performance {
namespace {

const std::string kSource = TOCSIN_SOURCE_DIR;
const std::string kHosts = kSource + "/tests/performance/hosts/";

struct Host {
  explicit Host(const std::string& name) {
    const auto text = ReadWholeFile(kHosts + name + ".om", std::size_t{1} << 24);
    EXPECT_TRUE(text.ok()) << name;
    if (!text) return;
    const auto span = LoadOpenMetrics(*text, name, {}, store);
    EXPECT_TRUE(span.ok()) << span.error().message();
    if (span) at_ms = span->last_ms;
  }
  Report Examine() const {
    auto report = MakeReport(store, at_ms, {});
    EXPECT_TRUE(report.ok()) << report.error().message();
    return report ? *std::move(report) : Report{};
  }
  MemoryStore store;
  std::int64_t at_ms = 0;
};

struct Expected {
  std::string host;
  std::string first;  // NameOf
  Level level;
  std::string worst;  // name of the vital that says so
};

TEST(DiagnosisTest, NamesTheRightBottleneckFirst) {
  const std::vector<Expected> cases{
      {"cpu_bound", "cpu", Level::kCritical, "cpu_run_queue"},
      {"memory_pressure", "memory", Level::kCritical, "memory_pressure"},
      {"disk_saturated", "disk sda", Level::kCritical, "disk_queue"},
      {"network_drops", "network eth0", Level::kCritical, "network_drops"},
      {"disk_full", "filesystem /", Level::kCritical, "filesystem_space"},
      {"stolen", "cpu", Level::kCritical, "cpu_steal"},
  };
  for (const Expected& expected : cases) {
    SCOPED_TRACE(expected.host);
    const Report report = Host(expected.host).Examine();
    ASSERT_FALSE(report.diagnosis.findings.empty());
    const Finding& first = report.diagnosis.findings.front();
    EXPECT_EQ(NameOf(first), expected.first);
    EXPECT_EQ(first.level, expected.level);
    EXPECT_EQ(first.readings.front().vital->name, expected.worst);
  }
}

TEST(DiagnosisTest, AQuietHostHasNoBottleneck) {
  const Report report = Host("quiet").Examine();
  EXPECT_EQ(report.diagnosis.findings.size(), kResources);
  EXPECT_EQ(report.diagnosis.level(), Level::kOk);
  for (const Finding& finding : report.diagnosis.findings) {
    EXPECT_EQ(finding.level, Level::kOk) << NameOf(finding);
    EXPECT_TRUE(finding.culprits.empty());
  }
  EXPECT_TRUE(Recommend(report.diagnosis, {}).empty());
}

TEST(DiagnosisTest, TheDiskOfAHostThatSwapsIsAConsequence) {
  const Report report = Host("memory_pressure").Examine();
  const Finding& memory = report.diagnosis.findings.at(0);
  const Finding& disk = report.diagnosis.findings.at(1);
  EXPECT_EQ(memory.culprits.at(0).name, "java");
  ASSERT_EQ(disk.resource, Resource::kDisk);
  EXPECT_EQ(disk.cause, Resource::kMemory);
  EXPECT_LT(disk.score, memory.score);
  EXPECT_EQ(Host("disk_saturated").Examine().diagnosis.findings.at(0).cause, std::nullopt);
}

TEST(DiagnosisTest, SaysWhatAnOldKernelDoesNotMeasure) {
  std::set<std::string_view> missing;
  for (const VitalSpec* vital : Host("stolen").Examine().diagnosis.missing) {
    missing.insert(vital->name);
  }
  EXPECT_TRUE(missing.count("cpu_pressure") && missing.count("io_waiting"));
  EXPECT_FALSE(missing.count("cpu_steal"));
}

TEST(DiagnosisTest, AHostWithoutIpv6LosesDatagramsToo) {
  MemoryStore store;
  for (std::int64_t t = 0; t <= 120; t += 15) {
    store.Append(Labels{{kMetricName, "node_netstat_Udp_RcvbufErrors"}}, t * 1000,
                 static_cast<double>(200 * t));
  }
  const auto diagnosis = Diagnose(store, 120'000, {});
  ASSERT_TRUE(diagnosis.ok());
  ASSERT_EQ(diagnosis->findings.size(), 1u);
  EXPECT_EQ(diagnosis->findings[0].level, Level::kCritical);
  EXPECT_EQ(diagnosis->findings[0].readings[0].vital->name, "network_udp_buffer");
}

TEST(DiagnosisTest, WithoutDataThereIsNothingToSay) {
  const MemoryStore empty;
  const auto report = MakeReport(empty, 1'700'000'000'000, {});
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->diagnosis.findings.empty());
  EXPECT_EQ(report->diagnosis.missing.size(), Vitals().size());
  EXPECT_NE(ShowReport(*report, {}, "h").find("There is no data to judge."), std::string::npos);
}

TEST(DiagnosisTest, BudgetsOfQueriesHold) {
  promql::EngineOptions options;
  options.max_samples = 1;
  const Host host("quiet");
  EXPECT_EQ(Diagnose(host.store, host.at_ms, options).error().code(), Errc::kLimit);
}

/// The whole text of each host's report is hosts/NAME.txt; TOCSIN_WRITE_EXPECTED=1 writes them.
TEST(ReportTest, ReadsAsExpected) {
  std::size_t hosts = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kHosts)) {
    if (entry.path().extension() != ".om") continue;
    ++hosts;
    const std::string name = entry.path().stem();
    const std::string text = ShowReport(Host(name).Examine(), {}, name);
    if (std::getenv("TOCSIN_WRITE_EXPECTED") != nullptr) {
      std::ofstream(kHosts + name + ".txt") << text;
    }
    const auto expected = ReadWholeFile(kHosts + name + ".txt", std::size_t{1} << 20);
    ASSERT_TRUE(expected.ok()) << name;
    EXPECT_EQ(text, *expected) << name;
  }
  EXPECT_GE(hosts, 7U);
}

TEST(ReportTest, AlertsCountAndAreNotToldTwice) {
  RuleView disk_full;
  disk_full.name = "HostDiskFull";
  RuleView queue;
  queue.name = "QueueLong";
  AlertView alert;
  alert.state = AlertState::kFiring;
  alert.severity = Severity::kCritical;
  alert.annotations = Labels{{"summary", "450 items wait"}, {"runbook_url", "https://wiki/q"}};
  disk_full.alerts = {alert};
  queue.alerts = {alert};
  AlertView pending = alert;
  pending.state = AlertState::kPending;
  RuleView waiting;
  waiting.name = "Waiting";
  waiting.alerts = {pending};
  std::vector<RuleGroupView> groups(1);
  groups[0].rules = {waiting, disk_full, queue};
  const auto alerts = ActiveAlerts(groups);
  ASSERT_EQ(alerts.size(), 3U);
  EXPECT_EQ(alerts.back().rule->name, "Waiting");

  const Report full = Host("disk_full").Examine();
  const auto advice = Recommend(full.diagnosis, alerts);
  ASSERT_EQ(advice.size(), 2U);
  EXPECT_EQ(advice[0].about, "filesystem /");
  EXPECT_EQ(advice[0].commands.at(1), "lsof +L1 /");
  EXPECT_EQ(advice[1].about, "QueueLong");
  EXPECT_EQ(advice[1].runbook, "https://wiki/q");
  EXPECT_EQ(HealthOf(Host("quiet").Examine().diagnosis, alerts), Level::kCritical);
  EXPECT_EQ(HealthOf(Host("quiet").Examine().diagnosis, {alerts.back()}), Level::kOk);
}

TEST(TrendTest, ComparesTheLastSixthWithWhatWasBefore) {
  std::vector<Sample> samples;
  for (int i = 0; i < 60; ++i) samples.push_back({i * 60'000, i < 50 ? 20.0 : 40.0});
  const auto rising = TrendOf(samples, 70);
  EXPECT_EQ(rising->direction, Trend::Direction::kRising);
  EXPECT_EQ(rising->lowest, 20);
  EXPECT_EQ(rising->highest, 40);
  EXPECT_EQ(TrendOf(samples, 1000)->direction, Trend::Direction::kSteady);
  for (Sample& sample : samples) sample.value = -sample.value;
  EXPECT_EQ(TrendOf(samples, 70)->direction, Trend::Direction::kFalling);
  EXPECT_EQ(TrendOf({{0, std::numeric_limits<double>::quiet_NaN()}}, 70), std::nullopt);
  EXPECT_EQ(TrendOf({{0, 3}}, 70)->average, 3);
}

TEST(VitalsTest, AreWellFormed) {
  std::set<std::string_view> names;
  std::set<Resource> resources;
  for (const VitalSpec& vital : Vitals()) {
    EXPECT_TRUE(promql::ParseExpr(vital.expr).ok()) << vital.name;
    EXPECT_TRUE(names.insert(vital.name).second) << vital.name;
    EXPECT_LT(vital.warning, vital.critical) << vital.name;
    EXPECT_FALSE(vital.advice.empty() || vital.commands.empty()) << vital.name;
    resources.insert(vital.resource);
  }
  EXPECT_EQ(resources.size(), kResources);
  for (const Resource resource : resources) {
    const CulpritSpec spec = Culprits(resource);
    EXPECT_TRUE(spec.expr.empty() || promql::ParseExpr(spec.expr).ok());
  }
}

/// What a shipped rule judges too has that rule's thresholds, and the runbook has a section for
/// all.
TEST(VitalsTest, AgreeWithTheShippedRulesAndTheDocumentation) {
  std::set<std::string> shipped;
  for (const char* file : {"host", "leaks"}) {
    const std::string path = kSource + "/config/rules/" + file + ".yml";
    const RuleFile rules = ParseRuleFile(*ReadWholeFile(path, std::size_t{1} << 20), path);
    for (const auto& group : rules.groups) {
      for (const auto& rule : group.rules) shipped.insert(rule->name);
    }
  }
  const auto docs = ReadWholeFile(kSource + "/docs/performance.md", std::size_t{1} << 20);
  ASSERT_TRUE(docs.ok());
  for (const VitalSpec& vital : Vitals()) {
    EXPECT_TRUE(vital.alert.empty() || shipped.count(std::string(vital.alert))) << vital.name;
    const std::string section = "\n## " + std::string(ResourceText(vital.resource)) + "\n";
    EXPECT_NE(docs->find(section), std::string::npos) << section;
    EXPECT_NE(docs->find("`" + std::string(vital.name) + "`"), std::string::npos) << vital.name;
  }
}

TEST(ShowValueTest, IsShort) {
  EXPECT_EQ(ShowValue(93.4, Measure::kPercent), "93 %");
  EXPECT_EQ(ShowValue(0.25, Measure::kPercent), "0.2 %");
  EXPECT_EQ(ShowValue(0.031, Measure::kPerSecond), "0.03/s");
  EXPECT_EQ(ShowValue(3.3 * 1024 * 1024 * 1024, Measure::kBytes), "3.3 GiB");
  EXPECT_EQ(ShowValue(12, Measure::kCount), "12");
  EXPECT_EQ(ShowValue(1.75, Measure::kCores), "1.8 cores");
}

}  // namespace
}  // namespace tocsin::performance
