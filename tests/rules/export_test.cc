#include "rules/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "harness.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

PrometheusRules Export(std::string_view yaml) {
  return ExportPrometheus(RulesOf(yaml).groups, 15s);
}

/// Exit status of a real program on a file with this text.
int StatusOf(const std::string& command, std::string_view text) {
  std::string path = ::testing::TempDir() + "exportXXXXXX";
  const int fd = ::mkstemp(path.data());
  EXPECT_GE(fd, 0);
  ::close(fd);
  std::ofstream(path) << text;
  const int status = std::system((command + " '" + path + "' >/dev/null 2>&1").c_str());
  std::filesystem::remove(path);
  return WEXITSTATUS(status);
}

TEST(ExportTest, TwoRulesOfATwoSeverityAlert) {
  const PrometheusRules out = Export(R"(
groups:
- name: host
  interval: 15s
  rules:
  - alert: Busy
    expr: 100 * (1 - avg without (cpu) (rate(idle_total[2m])))
    warning: { above: 70, for: 5m }
    critical: { above: 90, for: 2m }
    keep_firing_for: 2m
    labels: { team: "it's" }
    annotations: { summary: "{{ $value }} %" }
)");
  EXPECT_EQ(out.rules, R"(groups:
  - name: 'host'
    interval: 15s
    rules:
      # no_data: keep cannot be said here: a series that vanishes resolves its alert.
      - alert: 'Busy'
        expr: '(100 * (1 - avg without (cpu) (rate(idle_total[2m])))) > 70'
        for: 5m
        keep_firing_for: 2m
        labels:
          team: 'it''s'
          severity: warning
        annotations:
          summary: '{{ $value }} %'
      - alert: 'Busy'
        expr: '(100 * (1 - avg without (cpu) (rate(idle_total[2m])))) > 90'
        for: 2m
        keep_firing_for: 2m
        labels:
          team: 'it''s'
          severity: critical
        annotations:
          summary: '{{ $value }} %'
)");
  EXPECT_THAT(out.inhibition,
              HasSubstr("source_matchers: ['alertname=~\"Busy\"', 'severity=\"critical\"']"));
  EXPECT_EQ(StatusOf("promtool check rules", out.rules), 0);
}

TEST(ExportTest, NamesAndScalarsAreWhatOthersRead) {
  const PrometheusRules out = Export(R"(
groups:
- name: g
  rules:
  - alert: Disk "/" (full+)
    expr: scalar(x)
    warning: { above: 70, resolve_below: 60 }
    critical: { above: 90 }
)");
  EXPECT_THAT(out.rules, HasSubstr("expr: 'vector(scalar(x)) > 90'"));
  EXPECT_THAT(out.rules, HasSubstr(R"x(ALERTS{alertname="Disk \"/\" (full+)",alertstate)x"));
  EXPECT_EQ(StatusOf("promtool check rules", out.rules), 0) << out.rules;
  EXPECT_THAT(out.inhibition, HasSubstr(R"x('alertname=~"Disk \"/\" \\(full\\+\\)"')x"));
}

TEST(ExportTest, HysteresisAndNOfMAreExpressed) {
  const PrometheusRules out = Export(R"(
groups:
- name: g
  rules:
  - alert: A
    expr: x
    critical: { below: 5, resolve_above: 8, met_in: 3 of 5 }
    labels: { team: a }
    no_data: alert
)");
  EXPECT_THAT(
      out.rules,
      HasSubstr("expr: 'x and sum_over_time((x < bool 5)[1m15s:15s]) >= 3 or (x <= 8) and ignoring "
                "(alertname, alertstate, severity, team) "
                "ALERTS{alertname=\"A\",alertstate=\"firing\",severity=\"critical\"}'"));
  EXPECT_THAT(out.rules, HasSubstr("no_data: alert cannot be said here"));
  EXPECT_EQ(out.inhibition, "") << "only one severity";
  EXPECT_EQ(StatusOf("promtool check rules", out.rules), 0);
}

TEST(ExportTest, PlainRulesStayAsTheyAre) {
  const PrometheusRules out = Export(R"(
groups:
- name: g
  limit: 5
  rules:
  - record: a:b
    expr: |
      sum(x)
        by (a)
    labels: { l: "two\nlines" }
  - alert: Down
    expr: up == 0
    for: 5m
    labels: { severity: page }
- name: empty
)");
  EXPECT_THAT(out.rules, HasSubstr("record: 'a:b'\n        expr: 'sum by (a) (x)'"));
  EXPECT_THAT(out.rules, HasSubstr("l: \"two\\nlines\""));
  EXPECT_THAT(out.rules, HasSubstr("severity: 'page'"));
  EXPECT_THAT(out.rules, Not(HasSubstr("#")));
  EXPECT_EQ(StatusOf("promtool check rules", out.rules), 0);
}

TEST(ExportTest, FunctionsOfTocsinsOwnStayHere) {
  const PrometheusRules out = Export(R"(
groups:
- name: g
  rules:
  - {record: 'a:tau', expr: 'sum(mann_kendall_tau(x[6h]))'}
  - {record: 'a:rate', expr: 'sum(rate(x[5m]))'}
)");
  EXPECT_THAT(out.rules,
              HasSubstr("# 'a:tau' is left out: no other engine knows mann_kendall_tau().\n"));
  EXPECT_THAT(out.rules, Not(HasSubstr("record: 'a:tau'")));
  EXPECT_THAT(out.rules, HasSubstr("record: 'a:rate'"));
  EXPECT_EQ(StatusOf("promtool check rules", out.rules), 0) << out.rules;
}

TEST(ExportTest, ShippedRulesPassPromtoolAndAmtool) {
  const std::string pattern = TOCSIN_SOURCE_DIR "/config/rules/*.yml";
  const RuleSet rules = LoadRules(std::span(&pattern, 1));
  ASSERT_TRUE(rules.errors.empty());
  const PrometheusRules out = ExportPrometheus(rules.groups, 15s);
  EXPECT_EQ(StatusOf("promtool check rules", out.rules), 0) << out.rules;
  EXPECT_EQ(StatusOf("amtool check-config",
                     "route: {receiver: none}\nreceivers: [{name: none}]\n" + out.inhibition),
            0)
      << out.inhibition;
}

TEST(ExportTest, WhatIsExportedLoadsHereToo) {
  const std::string pattern = TOCSIN_SOURCE_DIR "/config/rules/*.yml";
  const PrometheusRules out = ExportPrometheus(LoadRules(std::span(&pattern, 1)).groups, 15s);
  const RuleFile file = ParseRuleFile(out.rules, "exported.yml");
  for (const Error& error : file.errors) ADD_FAILURE() << error.message();
}

}  // namespace
}  // namespace tocsin
