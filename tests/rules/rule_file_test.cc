#include "rules/rule_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

RuleFile Parse(std::string_view text) { return ParseRuleFile(text, "r.yml"); }

/// The rules of one group, each given as the lines of its map.
std::string Group(std::string_view rule) {
  std::string text = "groups:\n- name: g\n  rules:\n  - ";
  for (const char c : rule) {
    text += c;
    if (c == '\n') text += "    ";
  }
  return text + "\n";
}

/// The one error of a file with this rule.
std::string ErrorOf(std::string_view rule) {
  const RuleFile file = Parse(Group(rule));
  EXPECT_EQ(file.errors.size(), 1U) << rule;
  return file.errors.empty() ? "" : file.errors[0].message();
}

const Rule& OnlyRule(const RuleFile& file) {
  for (const Error& error : file.errors) ADD_FAILURE() << error.message();
  EXPECT_EQ(file.groups.size(), 1U);
  return *file.groups.at(0).rules.at(0);
}

TEST(RuleFileTest, PrometheusFilesLoadUnchanged) {
  const RuleFile file = Parse(R"(
groups:
- name: first
  interval: 30s
  limit: 10
  query_offset: 1m
  labels: { team: infra, tier: back }
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
    labels: { tier: front }
  - alert: Down
    expr: |
      up
        == 0
    for: 5m
    keep_firing_for: 2m
    labels: { severity: page, empty: }
    annotations:
      summary: "{{ $labels.job }} is down"
- name: second
  rules:
)");
  ASSERT_TRUE(file.errors.empty()) << file.errors[0].message();
  ASSERT_EQ(file.groups.size(), 2U);
  const RuleGroupSpec& group = file.groups[0];
  EXPECT_EQ(group.file, "r.yml");
  EXPECT_EQ(group.interval, 30s);
  EXPECT_EQ(group.limit, 10U);
  EXPECT_EQ(group.query_offset, 1min);
  const Rule& record = *group.rules.at(0);
  EXPECT_FALSE(record.IsAlerting());
  EXPECT_EQ(record.name, "job:up:sum");
  ASSERT_EQ(record.labels.size(), 2U);
  EXPECT_EQ(record.labels[1].text, "front") << "a rule's label wins over its group's";
  const Rule& alert = *group.rules.at(1);
  EXPECT_TRUE(alert.policy.plain);
  EXPECT_EQ(alert.policy.levels[kLowLevel]->hold_for, 5min);
  EXPECT_EQ(alert.policy.levels[kLowLevel]->keep_firing_for, 2min);
  EXPECT_EQ(alert.policy.no_data, NoData::kOk);
  EXPECT_FALSE(alert.no_data);
  EXPECT_FALSE(file.groups[1].interval);
}

TEST(RuleFileTest, GeneratorsWriteWhatARuleHasNotAsEmpty) {
  const RuleFile file = Parse(R"(
groups:
- name: g
  rules:
  - { record: "", alert: A, expr: up }
  - { record: b, alert: "", expr: up }
)");
  ASSERT_TRUE(file.errors.empty()) << file.errors[0].message();
  EXPECT_EQ(file.groups[0].rules[0]->name, "A");
  EXPECT_FALSE(file.groups[0].rules[1]->IsAlerting());
}

TEST(RuleFileTest, EmptyFilesAreFine) {
  EXPECT_TRUE(Parse("").errors.empty());
  EXPECT_TRUE(Parse("groups:\n").errors.empty());
  EXPECT_TRUE(Parse("groups: []\n").errors.empty());
}

TEST(RuleFileTest, TwoSeveritiesWithTheirOwnTimings) {
  const RuleFile file = Parse(Group(R"(alert: Busy
expr: busy_percent
for: 5m
keep_firing_for: 1m
met_in: 3 of 5
warning: { above: 70 }
critical: { above: 90, for: 2m, resolve_below: 85, keep_firing_for: 4m, met_in: 1 of 1 }
no_data: keep
no_data_for: 6h)"));
  const Rule& rule = OnlyRule(file);
  EXPECT_FALSE(rule.policy.plain);
  const LevelPolicy& warning = *rule.policy.levels[kLowLevel];
  EXPECT_EQ(warning, (LevelPolicy{5min, 1min, 3, 5}));
  EXPECT_EQ(*rule.policy.levels[kHighLevel], (LevelPolicy{2min, 4min, 1, 1}));
  EXPECT_EQ(rule.thresholds[kLowLevel], (Threshold{Threshold::Side::kAbove, 70, 70}));
  EXPECT_EQ(rule.thresholds[kHighLevel], (Threshold{Threshold::Side::kAbove, 90, 85}));
  EXPECT_EQ(rule.policy.no_data, NoData::kKeep);
  EXPECT_EQ(rule.policy.no_data_for, 6h);
}

TEST(RuleFileTest, OneSeverityAndBelow) {
  const RuleFile file = Parse(Group(R"(alert: Low
expr: hit_ratio
critical: { below: 0.7, resolve_above: 0.75 })"));
  const Rule& rule = OnlyRule(file);
  EXPECT_FALSE(rule.policy.levels[kLowLevel]);
  EXPECT_EQ(rule.thresholds[kHighLevel], (Threshold{Threshold::Side::kBelow, 0.7, 0.75}));
  EXPECT_EQ(rule.policy.no_data, NoData::kKeep) << "thresholds can tell no data from false";
}

TEST(RuleFileTest, NoDataOfAPlainRuleNeedsWhatIsFiltered) {
  const RuleFile file =
      Parse(Group("alert: A\nexpr: (up{job=\"x\"} == 0) and on () y\nno_data: alert"));
  const Rule& rule = OnlyRule(file);
  ASSERT_TRUE(rule.presence);
  EXPECT_EQ(rule.presence->kind, promql::NodeKind::kVectorSelector);
  EXPECT_THAT(
      ErrorOf("alert: A\nexpr: absent(up)\nno_data: keep"),
      HasSubstr("r.yml:6:14: no_data: keep of alert \"A\" needs an expression whose false"));
}

TEST(RuleFileTest, ExpressionErrorsPointIntoTheFile) {
  EXPECT_EQ(ErrorOf("alert: A\nexpr: sum(rate(x[5m])"),
            "r.yml:5:26: in the expr of alert \"A\": unclosed left parenthesis\n"
            "    sum(rate(x[5m])\n"
            "                   ^");
  EXPECT_THAT(ErrorOf("alert: A\nexpr: 'up ='"), HasSubstr("r.yml:5:"));
  EXPECT_THAT(ErrorOf("record: a:b\nexpr: |\n  sum(\n    up +* 2)"), HasSubstr("r.yml:7:"));
  EXPECT_THAT(ErrorOf("alert: A\nexpr: ''"), HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf("alert: A"), HasSubstr("r.yml:4:5: alert \"A\" needs expr:"));
}

TEST(RuleFileTest, UnknownKeysNameTheNearest) {
  EXPECT_EQ(ErrorOf("alert: A\nexpr: up\nanotations: {}"),
            "r.yml:6:5: unknown key \"anotations\" in rule: did you mean \"annotations\"?");
  EXPECT_THAT(ErrorOf("alert: A\nexpr: up\nwarning: { abov: 3, above: 4 }"),
              HasSubstr("did you mean \"above\"?"));
  EXPECT_THAT(Parse("group: []").errors.at(0).message(), HasSubstr("did you mean \"groups\"?"));
}

TEST(RuleFileTest, ContradictoryThresholdsAreSaid) {
  const std::string head = "alert: A\nexpr: x\n";
  EXPECT_THAT(ErrorOf(head + "warning: { above: 90 }\ncritical: { above: 70 }"),
              HasSubstr("r.yml:7:15: critical (above 70) is reached before warning (above 90)"));
  EXPECT_THAT(ErrorOf(head + "warning: { below: 70 }\ncritical: { below: 80 }"),
              HasSubstr("critical (below 80) is reached before warning (below 70)"));
  EXPECT_THAT(ErrorOf(head + "warning: { above: 70 }\ncritical: { below: 80 }"),
              HasSubstr("both be above or both be below"));
  EXPECT_THAT(ErrorOf(head + "warning: { above: 70, resolve_below: 75 }"),
              HasSubstr("resolve_below 75 is above the threshold 70"));
  EXPECT_THAT(ErrorOf(head + "warning: { below: 70, resolve_above: 65 }"),
              HasSubstr("resolve_above 65 is below the threshold 70"));
  EXPECT_THAT(ErrorOf(head + "warning: { above: 70, resolve_above: 65 }"),
              HasSubstr("with above it is resolve_below"));
  EXPECT_THAT(ErrorOf(head + "warning: { above: 70, below: 5 }"),
              HasSubstr("both above and below"));
  EXPECT_THAT(ErrorOf(head + "warning: { for: 5m }"), HasSubstr("needs a threshold"));
  EXPECT_THAT(ErrorOf(head + "warning: 70"), HasSubstr("as a map such as"));
  EXPECT_THAT(ErrorOf(head + "warning: { above: many }"), HasSubstr("expected a number"));
  EXPECT_THAT(ErrorOf(head + "warning: { above: nan }"), HasSubstr("must be a number"));
  EXPECT_THAT(ErrorOf("alert: A\nexpr: x > 5\nwarning: { above: 70 }"),
              HasSubstr("r.yml:5:11: the expr of alert \"A\" drops its series"));
  EXPECT_THAT(ErrorOf("alert: A\nexpr: x[5m]\nwarning: { above: 70 }"),
              HasSubstr("is a range vector"));
  EXPECT_THAT(
      ErrorOf(head + "warning: { above: 70 }\nlabels: { severity: page }"),
      HasSubstr("r.yml:7:25: the severity of alert \"A\" is set by warning: and critical:"));
}

TEST(RuleFileTest, OtherValuesAreChecked) {
  const std::string head = "alert: A\nexpr: x > 1\n";
  EXPECT_THAT(ErrorOf(head + "no_data: kep"), HasSubstr("did you mean \"keep\"?"));
  EXPECT_THAT(ErrorOf(head + "no_data: ok\nno_data_for: 5m"),
              HasSubstr("no_data_for says how long"));
  EXPECT_THAT(ErrorOf(head + "met_in: 5 of 3"), HasSubstr("1 ≤ N ≤ M ≤ 64"));
  EXPECT_THAT(ErrorOf(head + "met_in: sometimes"), HasSubstr("as \"3 of 5\""));
  EXPECT_THAT(ErrorOf(head + "for: 5 minutes"), HasSubstr("bad duration \"5 minutes\""));
  EXPECT_THAT(ErrorOf(head + "labels: { a-b: c }"), HasSubstr("invalid label name \"a-b\""));
  EXPECT_THAT(ErrorOf(head + "labels: { __name__: c }"), HasSubstr("invalid label name"));
  EXPECT_THAT(ErrorOf(head + "labels: [a]"), HasSubstr("to be a map"));
  EXPECT_THAT(ErrorOf(head + "annotations: { s: '{{ $label.x }}' }"),
              HasSubstr("r.yml:6:23: in the annotation \"s\" of alert \"A\""));
  EXPECT_THAT(ErrorOf("record: a b\nexpr: x"), HasSubstr("invalid recording rule name"));
  EXPECT_THAT(ErrorOf("record: a\nexpr: x\nfor: 5m"),
              HasSubstr("\"for\" belongs to alerting rules"));
  EXPECT_THAT(ErrorOf("record: a\nalert: b\nexpr: x"), HasSubstr("this one has both"));
  EXPECT_THAT(ErrorOf("expr: x"), HasSubstr("needs record: or alert:"));
}

TEST(RuleFileTest, GroupsAreChecked) {
  const auto error = [](std::string_view text) {
    const RuleFile file = Parse(text);
    EXPECT_EQ(file.errors.size(), 1U) << text;
    return file.errors.empty() ? "" : file.errors[0].message();
  };
  EXPECT_THAT(error("groups:\n- rules: []"), HasSubstr("r.yml:2:3: a group needs name:"));
  EXPECT_THAT(error("groups:\n- name: a\n- name: a"),
              HasSubstr("r.yml:3:3: the group \"a\" stands twice"));
  EXPECT_THAT(error("groups:\n- name: a\n  interval: x"), HasSubstr("r.yml:3:13: bad duration"));
  EXPECT_THAT(error("groups:\n- name: a\n  limit: many"), HasSubstr("a whole number"));
  EXPECT_THAT(error("groups: {}"), HasSubstr("expected groups to be a list"));
  EXPECT_THAT(error("- name: a"), HasSubstr("r.yml:1:1"));
  EXPECT_THAT(error("groups: [\n"), HasSubstr("not YAML"));
}

TEST(RuleFileTest, EveryErrorIsReported) {
  const RuleFile file = Parse(R"(
groups:
- name: g
  interval: often
  rules:
  - alert: A
    expr: up ==
    for: long
  - record: b
    expr: rate(x)
  - alert: C
    exprr: x
)");
  EXPECT_EQ(file.errors.size(), 5U);  // of a key misspelt, not that it is missing besides
  int last_line = 0;
  for (const Error& error : file.errors) {
    const int line = std::stoi(error.message().substr(6));
    EXPECT_GE(line, last_line) << error.message();
    last_line = line;
  }
}

TEST(RuleFileTest, UnreadableFilesAreErrors) {
  const RuleFile file = LoadRuleFile("/nonexistent/rules.yml");
  ASSERT_EQ(file.errors.size(), 1U);
  EXPECT_EQ(file.errors[0].message(), "/nonexistent/rules.yml: No such file or directory");
}

}  // namespace
}  // namespace tocsin
