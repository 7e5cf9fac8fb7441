// Tocsin's extensions to promtool's rule tests, and what a failure looks like.

#include "rules/unit_test.h"
#include "tests/base/temp_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class UnitTestTest : public ::testing::Test {
 protected:
  UnitTestTest() {
    folder_.Write("rules.yml", R"(
groups:
- name: g
  rules:
  - alert: Busy
    expr: busy
    warning: { above: 70, for: 2m }
    critical: { above: 90 }
    annotations: { summary: "{{ $value }} %", description: long }
)");
  }

  UnitTestReport Run(std::string_view checks, std::string_view values = "80x5 95x5 _x20 stale") {
    folder_.Write("t.yml", std::string("rule_files: [rules.yml]\ntests:\n- interval: 1m\n"
                                       "  input_series: [{series: 'busy{cpu=\"0\"}', values: '")
                               .append(values)
                               .append("'}]\n")
                               .append(checks));
    return RunRuleTests(folder_ / "t.yml", promql::Compat::kV3);
  }

  const TempFolder folder_;
};

TEST_F(UnitTestTest, SeverityPendingAndPartOfTheAnnotations) {
  const UnitTestReport report = Run(R"(
  alert_rule_test:
  - eval_time: 1m
    alertname: Busy
    exp_pending:
    - severity: warning
      exp_labels: { cpu: 0 }
      exp_annotations: { summary: 80 %, description: long }
  - eval_time: 3m
    alertname: Busy
    exp_pending: []
    exp_alerts:
    - severity: warning
      exp_labels: { cpu: 0 }
      exp_annotations_include: { summary: 80 % }
  - eval_time: 8m
    alertname: Busy
    exp_alerts:
    - exp_labels: { cpu: 0, severity: critical }
      exp_annotations_include: {}
)");
  EXPECT_TRUE(report.passed) << report.text;
  EXPECT_EQ(report.tests, 5U);
  EXPECT_THAT(report.text, HasSubstr("  SUCCESS"));
}

TEST_F(UnitTestTest, OfASeriesThatStandsTwiceTheLastCounts) {
  folder_.Write("t.yml", R"(
tests:
- interval: 1m
  input_series:
  - { series: 'a{x="1"}', values: '1 1 1 1' }
  - { series: 'a{x="1"}', values: '_ 2' }
  promql_expr_test:
  - { expr: 'sum_over_time(a[10m])', eval_time: 3m, exp_samples: [{ labels: '{x="1"}', value: 2 }] }
  - { expr: scalar(a), eval_time: 3m, exp_samples: [{ labels: '', value: 2 }] }
)");
  const UnitTestReport report = RunRuleTests(folder_ / "t.yml", promql::Compat::kV3);
  EXPECT_TRUE(report.passed) << report.text;
}

TEST_F(UnitTestTest, MinusZeroIsZero) {
  const UnitTestReport report = Run(R"(
  promql_expr_test:
  - expr: busy * -1
    eval_time: 0m
    exp_samples: [{ labels: '{cpu="0"}', value: 0 }]
)",
                                    "0");
  EXPECT_TRUE(report.passed) << report.text;
}

TEST_F(UnitTestTest, NoDataCanBeExpected) {
  const std::string at_20m = R"(
  alert_rule_test:
  - eval_time: 20m
    alertname: Busy
    exp_alerts:
    - severity: critical
      exp_labels: { cpu: 0 }
      exp_annotations_include: {}
)";
  EXPECT_FALSE(Run(at_20m).passed);
  const UnitTestReport report = Run(at_20m + "      no_data: true\n");
  EXPECT_TRUE(report.passed) << report.text;
}

TEST_F(UnitTestTest, WarmUpIsThatOfAStart) {
  const std::string critical_at_once = R"(
  alert_rule_test:
  - eval_time: 0m
    alertname: Busy
    exp_alerts: [{severity: critical, exp_labels: {cpu: 0}, exp_annotations_include: {}}]
)";
  EXPECT_TRUE(Run(critical_at_once, "95x5").passed);
  EXPECT_FALSE(Run(critical_at_once + "  warm_up: true\n", "95x5").passed);
}

TEST_F(UnitTestTest, FailuresSayWhatWasExpectedAndWhatCame) {
  const UnitTestReport report = Run(R"(
  name: too busy
  alert_rule_test:
  - eval_time: 3m
    alertname: Busy
    exp_alerts:
    - severity: critical
      exp_labels: { cpu: 0 }
      exp_annotations_include: { summary: 80 % }
  promql_expr_test:
  - expr: busy
    eval_time: 1m
  - expr: busy
    eval_time: 1m
    exp_samples: [{ labels: 'busy{cpu="0"}', value: 81 }]
)");
  EXPECT_FALSE(report.passed);
  EXPECT_EQ(report.failures, 3U);
  EXPECT_THAT(report.text,
              HasSubstr("  FAILED:\n    name: too busy, alertname: Busy, time: 3m, firing\n"
                        "        expected:\n"
                        "            {alertname=\"Busy\", cpu=\"0\", severity=\"critical\"}"));
  EXPECT_THAT(report.text,
              HasSubstr("          - busy{cpu=\"0\"} 81\n          + busy{cpu=\"0\"} 80\n"));
  EXPECT_THAT(report.text,
              HasSubstr("expected: nothing\n        got:\n            busy{cpu=\"0\"} 80"));
}

TEST_F(UnitTestTest, BrokenFilesSayWhere) {
  EXPECT_THAT(Run("  alert_rule_tst: []").text,
              HasSubstr("t.yml:5:3: unknown key \"alert_rule_tst\""));
  EXPECT_THAT(Run("", "1 two").text, HasSubstr("t.yml:4:52: bad value \"two\""));
  EXPECT_THAT(Run("", "1x99999999").text, HasSubstr("too many values"));
  EXPECT_THAT(RunRuleTests("/nonexistent.yml", promql::Compat::kV3).text,
              HasSubstr("/nonexistent.yml: No such file"));
  folder_.Write("rules.yml", "groups: [{name: g, rules: [{alert: A, expr: 'up =='}]}]");
  const UnitTestReport report = Run("");
  EXPECT_FALSE(report.passed);
  EXPECT_THAT(report.text, HasSubstr("rules.yml:1:"));
}

}  // namespace
}  // namespace tocsin
