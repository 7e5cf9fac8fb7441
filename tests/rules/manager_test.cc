#include "rules/manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "harness.h"
#include "tests/base/temp_folder.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kDown = R"(
groups:
- name: g
  rules:
  - record: copy
    expr: up
  - alert: Down
    expr: up == 0
    for: 30s
)";

TEST(RuleManagerTest, ReloadCarriesStateOver) {
  RuleHarness h(kDown);
  h.Step("up", 0);
  h.Step("up", 0);
  h.now.wall += 1s;
  h.Reload(R"(
groups:
- name: g
  rules:
  - alert: Down
    expr: up < 1
    for: 30s
    annotations: { summary: new }
)");
  EXPECT_EQ(h.Last("copy"), "stale") << "nobody records it any more";
  h.Step("up", 0);
  ASSERT_EQ(h.Told(), R"(firing{alertname="Down"})") << "the time pending before it counts";
  EXPECT_EQ(h.events[0].annotations.Get("summary"), "new");
  h.Reload(kDown);
  h.Step("up", 0);
  EXPECT_EQ(h.Told(), "") << "told already";
  h.Step("up", 1);
  EXPECT_EQ(h.Told(), R"(resolved{alertname="Down"})");
}

TEST(RuleManagerTest, FiringAlertOfARemovedRuleIsResolvedAndSaysWhy) {
  RuleHarness h(kDown);
  for (int i = 0; i < 3; ++i) h.Step("up", 0);
  h.events.clear();
  h.Reload("groups: [{name: g, rules: []}]");
  ASSERT_EQ(h.Told(), R"(resolved{alertname="Down"})");
  EXPECT_EQ(h.events[0].ended_because, "the rule was removed");

  RuleHarness group(kDown);
  for (int i = 0; i < 3; ++i) group.Step("up", 0);
  group.events.clear();
  group.Reload("groups: []");
  EXPECT_EQ(group.Told(), R"(resolved{alertname="Down"})") << "with its whole group";
}

TEST(RuleManagerTest, WhatWasToldIsWhatIsResolved) {
  RuleHarness h(kDown);
  for (int i = 0; i < 3; ++i) h.Step("up", 0);
  h.options.external_labels = Labels{{"dc", "b"}};
  h.Reload(kDown);
  h.Step("up", 1);
  EXPECT_EQ(h.Told(), R"(resolved{alertname="Down"})") << "nobody heard of dc";
  h.Step("up", 1);
  EXPECT_EQ(h.Told(), "");
}

TEST(RuleManagerTest, AMovedRuleGoesOn) {
  constexpr std::string_view kElsewhere = R"(
groups:
- name: other
  rules:
  - { record: more, expr: up }
- name: new
  rules:
  - record: copy
    expr: up
  - { alert: Down, expr: up == 0, for: 30s }
)";
  RuleHarness h(kDown);
  for (int i = 0; i < 3; ++i) h.Step("up", 0);
  h.events.clear();
  h.now.wall += 1s;
  h.Reload(kElsewhere);
  EXPECT_EQ(h.Told(), "") << "by a reload";
  EXPECT_EQ(h.Last("copy"), "stale") << "the new group writes it anew";
  h.Step("up", 0);
  EXPECT_EQ(h.Told(), "");

  RuleHarness before(kDown);
  for (int i = 0; i < 3; ++i) before.Step("up", 0);
  RuleHarness after(kElsewhere);
  after.now = before.now;
  after.manager.Restore(before.manager.Export(), after.now, after);
  EXPECT_EQ(after.Told(), "") << "by a restart";
  after.Step("up", 0);
  EXPECT_EQ(after.Told(), "");
  after.Step("up", 1);
  EXPECT_EQ(after.Told(), R"(resolved{alertname="Down"})");

  // Which of two it went to cannot be told.
  RuleHarness twice(R"(
groups:
- name: a
  rules: [{ alert: Down, expr: up == 0 }]
- name: b
  rules: [{ alert: Down, expr: up == 0 }]
)");
  twice.manager.Restore(before.manager.Export(), twice.now, twice);
  EXPECT_EQ(twice.Told(), R"(resolved{alertname="Down"})");
}

TEST(RuleManagerTest, PendingAlertOfARemovedRuleIsForgottenSilently) {
  RuleHarness h(kDown);
  h.Step("up", 0);
  h.events.clear();
  h.Reload("groups: []");
  EXPECT_EQ(h.Told(), "");
}

TEST(RuleManagerTest, EqualRulesKeepTheirOrder) {
  constexpr std::string_view kTwice = R"(
groups:
- name: g
  rules:
  - { alert: A, expr: 'x{i="1"} > 0' }
  - { alert: A, expr: 'x{i="2"} > 0' }
)";
  RuleHarness h(kTwice);
  h.Step(R"(x{i="2"})", 1);
  h.Reload(kTwice);
  h.Step(R"(x{i="2"})", 1);
  EXPECT_EQ(h.Told(), "") << "neither resolved by the first nor told anew by the second";
  EXPECT_TRUE(h.Rule(0).alerts.empty());
  EXPECT_EQ(h.Rule(1).alerts.size(), 1U);
}

TEST(RuleManagerTest, EqualRulesAreToldApartAfterARestart) {
  constexpr std::string_view kTwice = R"(
groups:
- name: g
  rules:
  - { alert: A, expr: 'x{i="1"} > 0', for: 30s }
  - { alert: A, expr: 'x{i="2"} > 0', for: 30s }
)";
  RuleHarness before(kTwice);
  for (int i = 0; i < 3; ++i) before.Step(R"(x{i="2"})", 1);
  ASSERT_EQ(before.Told(), R"(firing{alertname="A", i="2"})");

  RuleHarness after(kTwice);
  after.now.wall = before.now.wall;
  after.manager.Restore(before.manager.Export(), after.now, after);
  after.Step(R"(x{i="2"})", 1);
  EXPECT_EQ(after.Told(), "") << "neither resolved by the first nor pending anew in the second";
  EXPECT_TRUE(after.Rule(0).alerts.empty());
  ASSERT_EQ(after.Rule(1).alerts.size(), 1U);
  EXPECT_EQ(after.Rule(1).alerts[0].state, AlertState::kFiring);
}

TEST(RuleManagerTest, EqualRulesWriteAsTwo) {
  // Whoever stores a rule's rounds takes one a time from each.
  RuleHarness h(R"(
groups:
- name: g
  rules:
  - { record: both, expr: 'x{i="1"}' }
  - { record: both, expr: 'x{i="2"}' }
)");
  h.Pass(15s);
  h.Set(R"(x{i="1"})", 1);
  h.Set(R"(x{i="2"})", 2);
  h.Evaluate();
  EXPECT_EQ(h.writers.size(), 2U);
}

TEST(RuleManagerTest, ExportedStateGoesOnAfterARestart) {
  RuleHarness before(kDown);
  before.Step("up", 0);
  before.Step("up", 0);
  const std::vector<AlertRecord> pending = before.manager.Export();
  ASSERT_EQ(pending.size(), 1U);

  RuleHarness after(kDown);
  after.now.wall = before.now.wall + 8h;  // was down for long
  after.manager.Restore(pending, after.now, after);
  EXPECT_EQ(after.manager.Export(), pending);
  after.Step("up", 0);
  EXPECT_EQ(after.Told(), "") << "the time while it was down does not count";
  after.Step("up", 0);
  ASSERT_EQ(after.Told(), R"(firing{alertname="Down"})") << "the `for` goes on where it was";
  EXPECT_EQ(after.events[0].active_at, pending[0].status.active_at);
}

TEST(RuleManagerTest, FiringStateIsNeitherRepeatedNorLostByARestart) {
  RuleHarness before(kDown);
  for (int i = 0; i < 3; ++i) before.Step("up", 0);
  const std::vector<AlertRecord> records = before.manager.Export();
  RuleHarness after(kDown);
  after.now.wall = before.now.wall + 1min;
  after.data_age = 0s;
  after.manager.Restore(records, after.now, after);
  after.Step();
  EXPECT_EQ(after.Told(), "") << "no data yet: neither resolved nor told again";
  EXPECT_EQ(after.Rule(1).state, AlertState::kFiring);
  after.Step("up", 1);
  EXPECT_EQ(after.Told(), R"(resolved{alertname="Down"})");

  RuleHarness gone("groups: []");
  gone.manager.Restore(records, gone.now, gone);
  EXPECT_EQ(gone.Told(), R"(resolved{alertname="Down"})");
  EXPECT_EQ(gone.events[0].ended_because, "the rule was removed");
}

TEST(RuleManagerTest, GroupsAreDueAtTheirSlots) {
  RuleHarness h(R"(
groups:
- { name: a, interval: 15s, rules: [] }
- { name: b, interval: 1m, rules: [] }
)");
  EXPECT_TRUE(h.manager.TakeDue(h.now).empty());
  std::map<std::string, int> times;
  for (int i = 0; i < 60 * 10; ++i) {
    h.Pass(1s);
    for (const DueGroup& due : h.manager.TakeDue(h.now)) {
      EXPECT_LE(due.slot, h.now.wall);
      EXPECT_GT(due.slot, h.now.wall - 1s);
      EXPECT_EQ(due.missed, 0U);
      ++times[due.group->name()];
    }
    const milliseconds wait = h.manager.UntilNextDue(h.now.wall, 1h);
    EXPECT_GT(wait, 0s);
    EXPECT_LE(wait, 15s);
  }
  EXPECT_EQ(times["a"], 40);
  EXPECT_EQ(times["b"], 10);
}

TEST(RuleManagerTest, AGroupThatWasReplacedIsNotEvaluated) {
  RuleHarness h(kDown);
  const auto old = h.manager.Groups().at(0);
  h.Reload(kDown);
  h.Set("up", 0);
  const ManualClock stopwatch(h.now.wall);
  const EvaluationSummary summary = h.manager.Evaluate(
      {old, h.now.wall, 0}, h.now.mono, {h.store, h.engine, h, std::nullopt, stopwatch});
  EXPECT_EQ(summary.rules, 0U);
  EXPECT_EQ(h.Last("copy"), "none");
}

class LoadRulesTest : public ::testing::Test {
 protected:
  RuleSet Load(std::vector<std::string> patterns) {
    for (std::string& pattern : patterns) pattern = folder_ / pattern;
    return LoadRules(patterns);
  }

  const TempFolder folder_;
};

TEST_F(LoadRulesTest, PatternsPassOverTestsAndLoadEachFileOnce) {
  folder_.Write("b.yml", "groups: [{name: b}]");
  folder_.Write("a.yml", "groups: [{name: a}]");
  folder_.Write("a_test.yml", "tests: []");
  const RuleSet rules = Load({"b.yml", "*.yml", "none*.yml"});
  EXPECT_TRUE(rules.errors.empty());
  EXPECT_THAT(rules.files, ElementsAre(folder_ / "b.yml", folder_ / "a.yml"));
  ASSERT_EQ(rules.groups.size(), 2U);
  EXPECT_EQ(rules.groups[0].name, "b");
}

TEST_F(LoadRulesTest, AFolderThatCannotBeReadIsNotOneWithoutRules) {
  std::filesystem::create_symlink("loop", folder_ / "loop");
  const RuleSet rules = Load({"loop/*.yml", "none/*.yml"});
  ASSERT_EQ(rules.errors.size(), 1U);
  EXPECT_THAT(rules.errors[0].message(), HasSubstr("loop: Too many levels of symbolic links"));
}

TEST_F(LoadRulesTest, ErrorsOfAllFilesAreReported) {
  folder_.Write("a.yml", "groups: [{nam: b}]");
  const RuleSet rules = Load({"a.yml", "missing.yml"});
  ASSERT_EQ(rules.errors.size(), 2U);
  EXPECT_THAT(rules.errors[0].message(),
              HasSubstr("a.yml:1:11: a group needs name: is it meant by \"nam\"?"));
  EXPECT_THAT(rules.errors[1].message(), HasSubstr("missing.yml: No such file"));
}

}  // namespace
}  // namespace tocsin
