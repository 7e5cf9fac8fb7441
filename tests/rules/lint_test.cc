#include "rules/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"
#include "rules/look_back.h"
#include "rules/promql/parser.h"
#include "rules/value_range.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The messages for one alert with a summary and a `for`.
std::vector<std::string> Messages(const std::string& expr, const std::string& more = "",
                                  const LintOptions& options = {}) {
  const RuleSet rules = RulesOf("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: '" + expr +
                                "'\n    for: 5m\n    annotations: { summary: s }\n" + more);
  std::vector<std::string> messages;
  for (const LintFinding& finding : Lint(rules.groups, options))
    messages.push_back(finding.message);
  return messages;
}

LintOptions Live() {
  LintOptions options;
  options.metrics.emplace();
  (*options.metrics)["node_load1"] = {MetricType::kGauge, 15s};
  (*options.metrics)["hits_total"] = {MetricType::kCounter, 15s};
  return options;
}

TEST(LintTest, GoodRulesPass) {
  EXPECT_THAT(Messages("rate(hits_total[1m]) > 5", "", Live()), IsEmpty());
  EXPECT_THAT(Messages("node_load1 / 2 > 1", "", Live()), IsEmpty());
}

TEST(LintTest, PlaceIsNamed) {
  const RuleSet rules =
      RulesOf("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n    for: 1m\n");
  const auto findings = Lint(rules.groups, {});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_THAT(findings[0].ToString(), HasSubstr("r.yml:4:5: A: no summary annotation"));
}

TEST(LintTest, UnknownMetricsNameTheNearest) {
  EXPECT_THAT(Messages("node_load2 > 1", "", Live()),
              ElementsAre("nothing exports node_load2: did you mean node_load1?"));
  EXPECT_THAT(
      Messages("ALERTS > 0 and up:sum", "  - record: up:sum\n    expr: node_load1\n", Live()),
      IsEmpty())
      << "what the rules make is known";
  EXPECT_THAT(Messages("what > 1"), IsEmpty()) << "without a live agent nothing is said";
}

TEST(LintTest, ShortWindows) {
  EXPECT_THAT(
      Messages("rate(hits_total[20s]) > 1", "", Live()),
      ElementsAre(HasSubstr("[20s] of hits_total is shorter than two of its intervals (15s)")));
  LintOptions options;
  options.sample_interval = 1min;
  EXPECT_THAT(Messages("rate(x_total[90s]) > 1", "", options), ElementsAre(HasSubstr("[1m30s]")));
}

TEST(LintTest, RateOfAGauge) {
  EXPECT_THAT(Messages("rate(node_load1[5m]) > 1", "", Live()),
              ElementsAre(HasSubstr("rate() is for counters, node_load1 is a gauge")));
}

TEST(LintTest, ComparisonsThatDecideNothing) {
  EXPECT_THAT(Messages("count(up) < 1"), ElementsAre("`count(up) < 1` is never true"));
  EXPECT_THAT(Messages("rate(x_total[5m]) >= 0"), ElementsAre(HasSubstr("is always true")));
  EXPECT_THAT(Messages("100 * (1 - avg(rate(idle_total[5m]))) > 120"),
              ElementsAre(HasSubstr("is never true")));
  EXPECT_THAT(Messages("up == 2"), ElementsAre(HasSubstr("is never true")));
  EXPECT_THAT(Messages("x == NaN"), ElementsAre(HasSubstr("is never true")));
  EXPECT_THAT(Messages("(x > bool 5) > 1"), ElementsAre(HasSubstr("is never true")));
  EXPECT_THAT(Messages("absent(up) == 1"), ElementsAre(HasSubstr("is always true")));
  EXPECT_THAT(Messages("x > 5 and y < 3"), IsEmpty());
  const RuleSet rules = RulesOf(R"(
groups:
- name: g
  rules:
  - alert: A
    expr: 100 * (1 - avg(rate(idle_total[5m])))
    for: 5m
    warning: { above: 90 }
    critical: { above: 101 }
    annotations: { summary: s }
)");
  const auto findings = Lint(rules.groups, {});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].message, "critical (above 101) is never reached");
}

TEST(LintTest, ForAndTexts) {
  const RuleSet rules = RulesOf(R"yaml(
groups:
- name: g
  rules:
  - alert: A
    expr: sum by (job) (up) < 2
    labels: { value: '{{ $value }}', ok: '{{ $labels.job }}' }
    annotations: { summary: '{{ $labels.job }} on {{ .Labels.instance }}' }
  - alert: A
    expr: sum by (job) (up) < 3
    labels: { value: '{{ $value }}', ok: '{{ $labels.job }}' }
    met_in: 2 of 3
    annotations: { summary: s }
)yaml");
  std::vector<std::string> messages;
  for (const LintFinding& finding : Lint(rules.groups, {})) messages.push_back(finding.message);
  EXPECT_THAT(messages,
              ElementsAre(HasSubstr("the label \"value\" contains the value"),
                          HasSubstr("the annotation \"summary\" reads $labels.instance"),
                          HasSubstr("no `for`"), HasSubstr("stands twice in the group \"g\""),
                          HasSubstr("the label \"value\" contains the value")));
}

TEST(LintTest, ARecordedWindowIsAWindow) {
  const auto lint = [](const std::string& recorded) {
    return Lint(RulesOf("groups:\n- name: g\n  rules:\n  - { record: r, expr: '" + recorded +
                        "' }\n  - { alert: A, expr: r > 5, annotations: { summary: s } }\n")
                    .groups,
                {})
        .size();
  };
  EXPECT_EQ(lint("x"), 1U);
  EXPECT_EQ(lint("avg_over_time(x[5m])"), 0U);
}

TEST(LintTest, FiltersThatWouldKeepAnAlert) {
  const auto lint = [](const std::string& more) {
    const RuleSet rules = RulesOf(R"(
groups:
- name: g
  rules:
  - alert: A
    expr: a and b > 1
    for: 5m
    warning: { above: 90 }
    annotations: { summary: s }
)" + more);
    return Lint(rules.groups, {}).size();
  };
  EXPECT_EQ(lint(""), 1U);
  EXPECT_EQ(lint("    no_data: ok\n"), 0U);
  EXPECT_EQ(lint("    no_data_for: 1h\n"), 0U);
}

TEST(LintTest, ExpressionsThatCannotBeRules) {
  EXPECT_THAT(Messages("up[5m]"), ElementsAre(HasSubstr("is a range vector: every evaluation")));
}

TEST(ValueRangeTest, FollowsFromFunctionsAndArithmetic) {
  const auto range = [](std::string_view text) {
    const ValueRange r = RangeOf(**promql::ParseExpr(text));
    return std::pair(r.low, r.high);
  };
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(range("x"), std::pair(-inf, inf));
  EXPECT_EQ(range("x_total"), std::pair(0.0, inf));
  EXPECT_EQ(range("-x_total"), std::pair(-inf, 0.0));
  EXPECT_EQ(range("clamp(x, 2, 5) * -3 + 1"), std::pair(-14.0, -5.0));
  EXPECT_EQ(range("clamp_min(x, 2)"), std::pair(2.0, inf));
  EXPECT_EQ(range("1 / clamp(x, 2, 4)"), std::pair(0.25, 0.5));
  EXPECT_EQ(range("avg(up)"), std::pair(0.0, 1.0));
  EXPECT_EQ(range("sum(up)"), std::pair(0.0, inf));
  EXPECT_EQ(range("up or vector(7)"), std::pair(0.0, 7.0));
  EXPECT_EQ(range("max_over_time(up[5m])"), std::pair(0.0, 1.0));
  EXPECT_EQ(range("a_total / b_total"), std::pair(0.0, inf));
  EXPECT_EQ(range("x % 3"), std::pair(-inf, inf));
}

TEST(LookBackTest, LongestPathCounts) {
  const auto look_back = [](std::string_view text) { return LookBack(**promql::ParseExpr(text)); };
  EXPECT_EQ(look_back("x"), 0s);
  EXPECT_EQ(look_back("rate(x[5m]) + y"), 5min);
  EXPECT_EQ(look_back("rate(x[5m] offset 1h) / rate(x[2h])"), 2h);
  EXPECT_EQ(look_back("max_over_time(rate(x[5m])[1h:1m] offset 10m)"), 75min);
  EXPECT_EQ(look_back("x offset -5m"), 0s);
  EXPECT_EQ(look_back("rate(x[1h] @ 0)"), 0s);
}

}  // namespace
}  // namespace tocsin
