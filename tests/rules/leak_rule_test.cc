// leak: and exhaustion: rules, from YAML to alerts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "rules/export.h"
#include "rules/group.h"
#include "rules/leak_spec.h"
#include "rules/lint.h"
#include "rules/rule_file.h"
#include "rules/store_sink.h"

namespace tocsin {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr double kMiB = 1048576;
const WallTime kStart = FromMillis(1'700'000'000'000);

const std::string kMemory = R"(
groups:
  - name: leaks
    interval: 15s
    rules:
      - alert: ProcessMemoryLeak
        leak:
          series: namedprocess_namegroup_memory_bytes{memtype="resident"}
          limit: node_memory_MemTotal_bytes
          restart: namedprocess_namegroup_oldest_start_time_seconds
          beside:
            descriptors: namedprocess_namegroup_open_filedesc
          exclude: ['{groupname="cache"}']
        warning:  { exhausts_within: 24h }
        critical: { exhausts_within: 4h }
)";

RuleFile Parse(std::string_view text) { return ParseRuleFile(text, "leaks.yml"); }

class Sink final : public StoreSink {
 public:
  using StoreSink::StoreSink;
  void Notify(std::span<const AlertEvent> events) override {
    // Only what is new: state or severity.
    for (const AlertEvent& event : events) {
      const auto is = std::make_pair(event.state, event.severity);
      if (told_ && *told_ == is) continue;
      told_ = is;
      news.push_back(event);
    }
  }
  std::vector<AlertEvent> news;

 private:
  std::optional<std::pair<AlertState, Severity>> told_;
};

/// A host with processes, one group of rules, and time.
class Host {
 public:
  explicit Host(const std::string& rules) : sink_(store_) {
    RuleFile file = Parse(rules);
    for (const Error& error : file.errors) ADD_FAILURE() << error.message();
    group_ = std::make_unique<RuleGroup>(file.groups.at(0), RuleOptions{});
  }

  void Set(const Labels& labels, double value) { store_.Append(labels, ToMillis(now_), value); }
  void Process(std::string_view group, double rss, double started, double descriptors = 10) {
    Set(Labels{{kMetricName, "namedprocess_namegroup_memory_bytes"},
               {"groupname", group},
               {"memtype", "resident"}},
        rss);
    Set(Labels{{kMetricName, "namedprocess_namegroup_oldest_start_time_seconds"},
               {"groupname", group}},
        started);
    Set(Labels{{kMetricName, "namedprocess_namegroup_open_filedesc"}, {"groupname", group}},
        descriptors);
    Set(Labels{{kMetricName, "node_memory_MemTotal_bytes"}}, 1000 * kMiB);
  }

  void Evaluate() {
    const ManualClock stopwatch(now_);
    const Moment moment{now_, MonoTime(now_.time_since_epoch())};
    const EvaluationSummary summary =
        group_->Evaluate(moment, {store_, {}, sink_, std::nullopt, stopwatch});
    EXPECT_EQ(summary.failures, 0U) << group_->View().rules.at(0).last_error;
    now_ += 15s;
  }

  /// Hours since the start.
  double Hours() const { return ToSeconds(WallTime(now_ - kStart)) / 3600; }

  std::vector<LeakFinding> Leaks() const {
    std::vector<LeakFinding> leaks;
    group_->AddLeaks(now_, leaks);
    return leaks;
  }

  MemoryStore store_;
  Sink sink_;
  WallTime now_ = kStart;
  std::unique_ptr<RuleGroup> group_;
};

TEST(LeakRules, LoadWithTheirDefaults) {
  const RuleFile file = Parse(R"(
groups:
  - name: g
    rules:
      - alert: Leak
        leak: { series: container_memory_rss }
        warning: { exhausts_within: 1d }
)");
  ASSERT_TRUE(file.errors.empty()) << file.errors[0].message();
  const Rule& rule = *file.groups[0].rules[0];
  ASSERT_TRUE(rule.leak);
  EXPECT_EQ(rule.leak->limit_kind, LeakSpec::LimitKind::kAuto);
  EXPECT_EQ(rule.leak->unit, LeakSpec::Unit::kBytes);
  EXPECT_EQ(rule.leak->options.resolution, 4096);
  EXPECT_EQ(rule.expr_text, "container_memory_rss");
  EXPECT_EQ(rule.thresholds[kLowLevel]->limit, 86400);
  EXPECT_EQ(rule.policy.no_data, NoData::kKeep);
  EXPECT_TRUE(Lint(file.groups, {}).empty());
}

struct Mistake {
  const char* rule;
  const char* error;
};

class LeakRuleMistakes : public testing::TestWithParam<Mistake> {};

TEST_P(LeakRuleMistakes, AreNamedWithTheirPlace) {
  const std::string text =
      std::string("groups:\n- name: g\n  rules:\n  - alert: A\n") + GetParam().rule;
  const RuleFile file = Parse(text);
  ASSERT_FALSE(file.errors.empty());
  EXPECT_THAT(file.errors[0].message(), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All, LeakRuleMistakes,
    testing::Values(
        Mistake{"    leak: {}\n    warning: { exhausts_within: 1h }\n", "needs series:"},
        Mistake{"    leak: 5\n    warning: { exhausts_within: 1h }\n",
                "leaks.yml:5:11: expected the leak: of alert \"A\" as a map"},
        Mistake{"    leak: { series: a_bytes }\n", "needs warning: or critical:"},
        Mistake{"    leak: { series: a_bytes }\n    warning: { for: 1m }\n",
                "needs exhausts_within:"},
        Mistake{"    leak: { series: a_bytes, sensitivity: hihg }\n"
                "    warning: { exhausts_within: 1h }\n",
                "did you mean \"high\"?"},
        Mistake{"    leak: { series: a_bytes, limit: 5, falls_to: 0 }\n"
                "    warning: { exhausts_within: 1h }\n",
                "give one of them"},
        Mistake{"    leak: { series: a_descriptors }\n    warning: { exhausts_within: 1h }\n",
                "needs limit:"},
        Mistake{"    leak: { series: a_bytes, limit: -5 }\n    warning: { exhausts_within: 1h }\n",
                "expected a limit above 0"},
        Mistake{"    leak: { series: 'a_bytes[5m]' }\n    warning: { exhausts_within: 1h }\n",
                "is a range vector"},
        Mistake{"    leak: { series: 'a_bytes{' }\n    warning: { exhausts_within: 1h }\n",
                "series of the leak: of alert \"A\""},
        Mistake{"    leak: { series: a_bytes }\n    expr: a_bytes\n"
                "    warning: { exhausts_within: 1h }\n",
                "has expr: and leak:"},
        Mistake{"    leak: { series: a_bytes }\n    exhaustion: { series: a_bytes }\n"
                "    warning: { exhausts_within: 1h }\n",
                "has both leak: and exhaustion:"},
        Mistake{"    leak: { series: a_bytes, serie: b }\n    warning: { exhausts_within: 1h }\n",
                "did you mean \"series\"?"},
        Mistake{"    leak: { series: a_bytes, exclude: ['{'] }\n"
                "    warning: { exhausts_within: 1h }\n",
                "exclude of"},
        Mistake{"    leak: { series: a_bytes }\n    warning: { exhausts_within: 1h }\n"
                "    critical: { exhausts_within: 2h }\n",
                "exchange them"}));

TEST(LeakRules, AreExportedAsWhatTheAgentsSay) {
  const PrometheusRules exported = ExportPrometheus(Parse(kMemory).groups, 15s);
  EXPECT_THAT(
      exported.rules,
      HasSubstr(R"(tocsin_leak_exhaustion_seconds{bound="mid",rule="ProcessMemoryLeak"} < 86400)"));
  EXPECT_THAT(exported.rules, HasSubstr("< 14400"));
}

TEST(LeakRules, AnAlertTellsAllAboutTheLeakAndNothingOfTheOthers) {
  Host host(kMemory);
  while (host.Hours() < 9) {
    const double t = host.Hours();
    host.Process("leaking", (200 + 80 * t) * kMiB, 1000, 10 + 5 * t);
    host.Process("steady", (300 + 100 * std::fmod(t, 0.25)) * kMiB, 1000);
    host.Process("cache", (200 + 80 * t) * kMiB, 1000);
    host.Evaluate();
  }
  EXPECT_EQ(host.Leaks().size(), 2U);  // what is excluded is not followed
  ASSERT_EQ(host.sink_.news.size(), 2U);
  const AlertEvent& warning = host.sink_.news[0];
  EXPECT_EQ(warning.severity, Severity::kWarning);
  EXPECT_EQ(warning.identity.Get("groupname"), "leaking");
  const AlertEvent& critical = host.sink_.news[1];
  EXPECT_EQ(critical.severity, Severity::kCritical);
  EXPECT_NEAR(critical.value, 4 * 3600, 900);
  EXPECT_THAT(std::string(critical.annotations.Get("summary")),
              testing::MatchesRegex("leaking grows by [78][0-9.]* MiB an hour and reaches its "
                                    "limit in [34]h.* \\(.* to .*\\)"));
  const std::string text(critical.annotations.Get("description"));
  for (const char* part :
       {"groupname=\"leaking\"", "MiB/h (95 %: ", " since 2023-11-14 ", " ago, from ",
        "Limit: 1000 MiB (node_memory_MemTotal_bytes), reached in ", ": about 2023-11-15 ",
        ", between ", "Evidence: ", " buckets of ", "Kendall's tau 1.00", " times the scatter",
        "recent slope ", "the floor is the highest so far", "Beside it: descriptors 1", " → ",
        "Floor: ▁", "█"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(LeakRules, ALeakThatDiesAndLeaksAgainIsOneAlertWithACount) {
  Host host(kMemory);
  for (int life = 0; life < 3; ++life) {
    const double born = host.Hours();
    while (host.Hours() < born + 7) {
      host.Process("leaking", (200 + 110 * (host.Hours() - born)) * kMiB, 1000 + 100 * life);
      host.Evaluate();
    }
  }
  std::vector<std::string> told;
  for (const AlertEvent& event : host.sink_.news) {
    EXPECT_EQ(event.identity, host.sink_.news[0].identity);
    if (event.state == AlertState::kInactive) told.emplace_back("resolved");
    if (event.state == AlertState::kFiring && event.severity == Severity::kCritical) {
      told.emplace_back("critical");
    }
  }
  EXPECT_THAT(told,
              testing::ElementsAre("critical", "resolved", "critical", "resolved", "critical"));
  const AlertEvent& last = host.sink_.news.back();
  EXPECT_THAT(std::string(last.annotations.Get("summary")), HasSubstr(", the 3. time"));
  EXPECT_THAT(std::string(last.annotations.Get("description")),
              HasSubstr("Restarts in 24 h: 2; found to leak 3 times."));
}

TEST(LeakRules, ResolveWhenTheFloorStopsGrowing) {
  Host host(kMemory);
  while (host.Hours() < 20) {
    host.Process("leaking", (200 + 100 * std::min(host.Hours(), 6.0)) * kMiB, 1000);
    host.Evaluate();
  }
  ASSERT_FALSE(host.sink_.news.empty());
  EXPECT_EQ(host.sink_.news.front().state, AlertState::kFiring);
  EXPECT_EQ(host.sink_.news.back().state, AlertState::kInactive);
}

TEST(LeakRules, SurviveARestartOfTheAgent) {
  Host host(kMemory);
  while (host.Hours() < 5) {
    host.Process("leaking", (200 + 80 * host.Hours()) * kMiB, 1000);
    host.Evaluate();
  }
  ASSERT_EQ(host.sink_.news.size(), 1U);
  std::vector<LeakRecord> records;
  host.group_->ExportLeaks(records);
  ASSERT_EQ(records.size(), 1U);
  const auto decoded = DecodeLeaks(EncodeLeaks(records));
  ASSERT_TRUE(decoded) << decoded.error().message();
  std::vector<AlertRecord> alerts;
  host.group_->Export(alerts);

  host.group_ = std::make_unique<RuleGroup>(Parse(kMemory).groups.at(0), RuleOptions{});
  EXPECT_TRUE(host.group_->RestoreLeak(decoded->front(), host.now_));
  EXPECT_TRUE(host.group_->Restore(alerts.at(0)));
  host.now_ += 10min;
  host.Process("leaking", (200 + 80 * host.Hours()) * kMiB, 1000);
  host.Evaluate();
  EXPECT_EQ(host.sink_.news.size(), 1U);  // neither resolved nor told anew
  ASSERT_EQ(host.Leaks().size(), 1U);
  EXPECT_EQ(host.Leaks()[0].state, trend::LeakState::kConfirmed);
  EXPECT_EQ(host.Leaks()[0].times, 1U);

  // What is from a time that is not yet, or too old, is not put back.
  RuleGroup other(Parse(kMemory).groups.at(0), RuleOptions{});
  EXPECT_FALSE(other.RestoreLeak(decoded->front(), kStart));
  EXPECT_FALSE(other.RestoreLeak(decoded->front(), host.now_ + 8 * 24h));
}

TEST(LeakRules, GoOnWhereTheyWereAfterHoursWithoutTheAgent) {
  Host host(kMemory);
  const auto evaluate = [&host] {
    host.Process("leaking", (200 + 80 * host.Hours()) * kMiB, 1000);
    host.Evaluate();
  };
  while (host.Hours() < 5) evaluate();
  ASSERT_EQ(host.sink_.news.size(), 1U);
  EXPECT_EQ(host.sink_.news[0].severity, Severity::kWarning);
  std::vector<LeakRecord> records;
  host.group_->ExportLeaks(records);
  std::vector<AlertRecord> alerts;
  host.group_->Export(alerts);

  host.group_ = std::make_unique<RuleGroup>(Parse(kMemory).groups.at(0), RuleOptions{});
  host.now_ += 3h;
  EXPECT_TRUE(host.group_->RestoreLeak(records.at(0), host.now_));
  EXPECT_TRUE(host.group_->Restore(alerts.at(0)));
  while (host.Hours() < 9) evaluate();
  // Not resolved meanwhile, and critical once.
  ASSERT_EQ(host.sink_.news.size(), 2U);
  EXPECT_EQ(host.sink_.news[1].state, AlertState::kFiring);
  EXPECT_EQ(host.sink_.news[1].severity, Severity::kCritical);
  EXPECT_NEAR(host.sink_.news[1].value, 2 * 3600, 1800);
}

TEST(LeakRules, AReloadKeepsWhatIsKnown) {
  Host host(kMemory);
  while (host.Hours() < 5) {
    host.Process("leaking", (200 + 80 * host.Hours()) * kMiB, 1000);
    host.Evaluate();
  }
  auto reloaded = std::make_unique<RuleGroup>(Parse(kMemory).groups.at(0), RuleOptions{});
  reloaded->TakeStateFrom(*host.group_);
  host.group_ = std::move(reloaded);
  ASSERT_EQ(host.Leaks().size(), 1U);
  EXPECT_EQ(host.Leaks()[0].state, trend::LeakState::kConfirmed);
}

TEST(LeakRules, ScaledTimeIsTheSameInShort) {
  RuleFile file = Parse(kMemory);
  Host host(kMemory);
  RuleOptions options;
  options.leak_time_scale = 100;
  host.group_ = std::make_unique<RuleGroup>(file.groups.at(0), options);
  // 9 h in 324 s, a sample each 0.5 s.
  while (host.Hours() < 9.0 / 100) {
    host.Process("leaking", (200 + 8000 * host.Hours()) * kMiB, 1000);
    const ManualClock stopwatch(host.now_);
    const Moment moment{host.now_, MonoTime(host.now_.time_since_epoch())};
    host.group_->Evaluate(moment, {host.store_, {}, host.sink_, std::nullopt, stopwatch});
    host.now_ += 500ms;
  }
  ASSERT_EQ(host.Leaks().size(), 1U);
  const LeakFinding leak = host.Leaks()[0];
  ASSERT_EQ(leak.state, trend::LeakState::kConfirmed);
  EXPECT_NEAR(leak.slope * 3600, 8000 * kMiB, 400 * kMiB);
  EXPECT_NEAR(ToSeconds(leak.exhausted_in), 36, 20);
}

const std::string kDisk = R"(
groups:
  - name: full
    interval: 1m
    rules:
      - alert: DiskFull
        exhaustion:
          series: node_filesystem_avail_bytes
          falls_to: 0
        warning: { exhausts_within: 3d }
      - alert: CertificateExpires
        exhaustion:
          series: probe_ssl_earliest_cert_expiry - time()
          falls_to: 0
          unit: seconds
        warning: { exhausts_within: 14d }
)";

TEST(ExhaustionRules, SayWhenItIsFull) {
  Host host(kDisk);
  const double expiry = ToSeconds(kStart) + 10 * 86400;
  while (host.Hours() < 24) {
    host.Set(Labels{{kMetricName, "node_filesystem_avail_bytes"}, {"mountpoint", "/"}},
             (100 - 2 * host.Hours()) * 1024 * kMiB);
    host.Set(Labels{{kMetricName, "node_filesystem_avail_bytes"}, {"mountpoint", "/boot"}},
             500 * kMiB);
    host.Set(Labels{{kMetricName, "probe_ssl_earliest_cert_expiry"}, {"target", "example.com"}},
             expiry);
    host.Evaluate();
  }
  const auto leaks = host.Leaks();
  ASSERT_EQ(leaks.size(), 3U);
  for (const LeakFinding& leak : leaks) {
    if (leak.labels.Get("mountpoint") == "/boot") {
      EXPECT_EQ(leak.state, trend::LeakState::kHealthy);
      continue;
    }
    ASSERT_EQ(leak.state, trend::LeakState::kConfirmed) << leak.labels.ToString();
    const bool disk = leak.labels.Get("mountpoint") == "/";
    const double left = disk ? 26 * 3600.0 : 9 * 86400.0;
    EXPECT_NEAR(ToSeconds(leak.exhausted_in), left, 0.1 * left);
    EXPECT_LE(leak.exhausted_in_low, leak.exhausted_in);
    EXPECT_GE(leak.exhausted_in_high, leak.exhausted_in);
    EXPECT_GT(leak.from, leak.to);
    EXPECT_THAT(LeakSummary(leak),
                HasSubstr(disk ? "/ falls by 2.00 GiB an hour" : "falls by 1h an hour"));
  }
}

TEST(ExhaustionRules, ARenewalEndsTheAlert) {
  Host host(kDisk);
  while (host.Hours() < 30) {
    const double valid = host.Hours() < 20 ? 10.0 : 90.0;
    host.Set(Labels{{kMetricName, "probe_ssl_earliest_cert_expiry"}, {"target", "example.com"}},
             ToSeconds(kStart) + valid * 86400);
    host.Evaluate();
  }
  ASSERT_EQ(host.sink_.news.size(), 2U);
  EXPECT_EQ(host.sink_.news[1].state, AlertState::kInactive);
}

/// A worker that warms up to what an older one holds is none, wherever that is known.
TEST(LeakRules, OlderSiblingsTellAWarmUp) {
  const auto alarms = [](std::string_view siblings) {
    Host host(R"(
groups:
  - name: leaks
    rules:
      - alert: WorkerLeak
        leak: { series: worker_bytes, limit: 900MB)" +
              std::string(siblings) + R"( }
        warning: { exhausts_within: 24h }
)");
    const auto worker = [&](const char* name, double value) {
      host.Set(Labels{{kMetricName, "worker_bytes"}, {"program", "shop"}, {"worker", name}},
               value * kMiB);
    };
    while (host.Hours() < 9) {
      worker("old", 450);
      if (host.Hours() > 3) worker("young", 100 + 65 * std::min(host.Hours() - 3, 5.4));
      host.Evaluate();
    }
    return host.sink_.news.size();
  };
  EXPECT_EQ(alarms(", siblings: [program]"), 0U);
  EXPECT_GT(alarms(""), 0U);
}

TEST(Leaks, AutomaticLimitIsTheCgroupsThenTheHosts) {
  Host host(R"(
groups:
  - name: leaks
    rules:
      - alert: ContainerMemoryLeak
        leak: { series: container_memory_rss }
        warning: { exhausts_within: 24h }
)");
  while (host.Hours() < 6) {
    for (const char* id : {"/a", "/b", "/c"}) {
      host.Set(Labels{{kMetricName, "container_memory_rss"}, {"id", id}},
               (100 + 50 * host.Hours()) * kMiB);
    }
    const auto limit = [&](const char* id, double value) {
      host.Set(Labels{{kMetricName, "container_spec_memory_limit_bytes"}, {"id", id}}, value);
    };
    limit("/a", 600 * kMiB);
    limit("/b", 0);            // none
    limit("/c", 2000 * kMiB);  // more than there is
    host.Set(Labels{{kMetricName, "node_memory_MemTotal_bytes"}}, 1000 * kMiB);
    host.Evaluate();
  }
  ASSERT_EQ(host.Leaks().size(), 3U);
  for (const LeakFinding& leak : host.Leaks()) {
    const bool own = leak.labels.Get("id") == "/a";
    EXPECT_EQ(leak.limit, (own ? 600 : 1000) * kMiB);
    EXPECT_EQ(leak.limit_source, own ? "memory.max of its cgroup" : "the host's MemTotal");
  }
}

TEST(Sparkline, GoesFromTheLeastToTheGreatest) {
  EXPECT_EQ(Sparkline({}), "");
  EXPECT_EQ(Sparkline({5, 5}), "▁▁");
  EXPECT_EQ(Sparkline({0, 1, 2, 3, 4, 5, 6, 7}), "▁▂▃▄▅▆▇█");
}

TEST(LeakRecords, AreRefusedWhenTheyAreDamaged) {
  LeakRecord record;
  record.file = "leaks.yml";
  record.group = "g";
  record.rule_key = "alert A\nlevels";
  record.labels = Labels{{"a", "1"}, {"b", "2"}};
  record.detector = std::string(100, '\3');
  record.restarts_ms = {1, 2, 3};
  record.times = 4;
  record.restart = 5.5;
  record.base = 7;
  record.seen_ms = 8;
  const std::vector<LeakRecord> records{record, record};
  const std::string bytes = EncodeLeaks(records);
  const auto back = DecodeLeaks(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, records);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeLeaks(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(DecodeLeaks(bytes + "x"));
  std::string newer = bytes;
  newer[4] = 2;
  EXPECT_EQ(DecodeLeaks(newer).error().code(), Errc::kUnsupported);
}

}  // namespace
}  // namespace tocsin
