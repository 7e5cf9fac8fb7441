#include "rules/group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::string_view kPlain = R"(
groups:
- name: g
  rules:
  - alert: Down
    expr: up == 0
    for: 30s
    labels: { team: "{{ $labels.job }}-team", severity: page }
    annotations: { summary: "{{ $labels.job }} is {{ $value }}" }
)";

constexpr std::string_view kBusy = R"(
groups:
- name: g
  rules:
  - alert: Busy
    expr: busy
    warning: { above: 70, for: 15s }
    critical: { above: 90, resolve_below: 85 }
    annotations: { summary: "{{ $value }} %" }
)";

TEST(RuleGroupTest, PlainAlertGoesThroughItsLife) {
  RuleHarness h(kPlain);
  const WallTime start = h.now.wall + 15s;
  h.Step(R"(up{job="a"})", 0);
  EXPECT_EQ(h.Told(), "");
  EXPECT_EQ(h.Rule().state, AlertState::kPending);
  EXPECT_EQ(
      h.Last(
          R"(ALERTS{alertname="Down",alertstate="pending",job="a",severity="page",team="a-team"})"),
      "1.000000");
  EXPECT_EQ(h.Last(R"(ALERTS_FOR_STATE{alertname="Down",job="a",severity="page",team="a-team"})"),
            std::to_string(ToSeconds(start)));
  h.Step(R"(up{job="a"})", 0);
  h.Step(R"(up{job="a"})", 0);
  ASSERT_EQ(h.Told(), R"(firing{alertname="Down", job="a", severity="page", team="a-team"})");
  const AlertEvent fired = h.events[0];
  EXPECT_EQ(fired.severity, Severity::kNone);
  EXPECT_EQ(fired.annotations.Get("summary"), "a is 0");
  EXPECT_EQ(fired.active_at, start);
  EXPECT_EQ(fired.fired_at, start + 30s);
  EXPECT_EQ(fired.valid_until, start + 30s + 4min);
  EXPECT_EQ(fired.generator_url, "http://host:9909/graph?g0.expr=up+%3D%3D+0&g0.tab=1");
  EXPECT_EQ(
      h.Last(
          R"(ALERTS{alertname="Down",alertstate="pending",job="a",severity="page",team="a-team"})"),
      "stale");
  h.Step(R"(up{job="a"})", 1);
  ASSERT_EQ(h.Told(), R"(resolved{alertname="Down", job="a", severity="page", team="a-team"})");
  EXPECT_EQ(h.events[0].resolved_at, h.now.wall);
  EXPECT_EQ(h.events[0].ended_because, "");
  EXPECT_EQ(h.Last(R"(ALERTS_FOR_STATE{alertname="Down",job="a",severity="page",team="a-team"})"),
            "stale");
}

TEST(RuleGroupTest, FiringIsToldAgainAfterTheResendDelayAndResolvedForAQuarterOfAnHour) {
  RuleHarness h(kPlain);
  int told = 0;
  for (int i = 0; i < 2 + 41; ++i) {  // 10 minutes of firing
    h.Step(R"(up{job="a"})", 0);
    told += static_cast<int>(h.events.size());
  }
  EXPECT_EQ(told, 9) << "at once, then every 75 s: the first evaluation past a minute";
  told = 0;
  int last = 0;
  for (int i = 0; i < 80; ++i) {
    h.Step(R"(up{job="a"})", 1);
    if (h.events.empty()) continue;
    EXPECT_EQ(h.events[0].state, AlertState::kInactive);
    ++told;
    last = i;
  }
  EXPECT_EQ(told, 13);
  EXPECT_EQ(last, 60) << "15 minutes after the first";
}

TEST(RuleGroupTest, SeverityChangesWithinOneAlert) {
  RuleHarness h(kBusy);
  h.Step("busy", 75);
  EXPECT_EQ(h.Told(), "");
  h.Step("busy", 75);
  ASSERT_EQ(h.Told(), R"(firing{alertname="Busy", severity="warning"})");
  const Labels identity = h.events[0].identity;
  EXPECT_EQ(identity.ToString(), R"({alertname="Busy"})");
  EXPECT_FALSE(h.events[0].replaced_labels);
  const WallTime fired = h.events[0].fired_at;

  h.Step("busy", 95);
  ASSERT_EQ(h.Told(), R"(firing{alertname="Busy", severity="critical"})");
  EXPECT_EQ(h.events[0].identity, identity);
  EXPECT_EQ(h.events[0].fired_at, fired);
  EXPECT_EQ(h.events[0].annotations.Get("summary"), "95 %");
  ASSERT_TRUE(h.events[0].replaced_labels);
  EXPECT_EQ(h.events[0].replaced_labels->Get("severity"), "warning");
  EXPECT_EQ(h.Last(R"(ALERTS{alertname="Busy",alertstate="firing",severity="warning"})"), "stale");

  h.Step("busy", 87);
  EXPECT_EQ(h.Told(), "") << "between the thresholds";
  h.Step("busy", 80);
  EXPECT_EQ(h.Told(), R"(firing{alertname="Busy", severity="warning"})");
  h.Step("busy", 10);
  EXPECT_EQ(h.Told(), R"(resolved{alertname="Busy", severity="warning"})");
}

TEST(RuleGroupTest, ExternalLabelsAreSentButDoNotReplaceAndAreNotStored) {
  RuleOptions options = RuleHarness::DefaultOptions();
  options.external_labels = {{"dc", "x"}, {"job", "other"}};
  RuleHarness h("groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]", options);
  h.Step(R"(up{job="a"})", 0);
  EXPECT_EQ(h.Told(), R"(firing{alertname="A", dc="x", job="a"})");
  EXPECT_EQ(h.Last(R"(ALERTS{alertname="A",alertstate="firing",job="a"})"), "1.000000");
  EXPECT_EQ(h.Rule().alerts.at(0).labels.ToString(), R"({alertname="A", job="a"})");
}

TEST(RuleGroupTest, NoDataKeepsAnAlertAndLetsItGoAfterItsLimit) {
  RuleHarness h(std::string(kBusy) + "    no_data_for: 10m\n");
  h.Step("busy", 95);
  EXPECT_EQ(h.events.size(), 1U);
  h.Set("busy", StaleNan());
  h.Pass(1ms);
  h.Set("busy", StaleNan());
  int told_firing = 0;
  while (h.Rule().state == AlertState::kFiring) {
    h.Step();
    for (const AlertEvent& event : h.events) {
      if (event.state == AlertState::kFiring) ++told_firing;
    }
    ASSERT_LT(told_firing, 100);
  }
  EXPECT_EQ(told_firing, 8) << "told again all the while, so that no receiver resolves it";
  ASSERT_EQ(h.events.size(), 1U);
  EXPECT_EQ(h.events[0].state, AlertState::kInactive);
  EXPECT_EQ(h.events[0].ended_because, "no data for 10m");
  EXPECT_EQ(h.events[0].annotations.Get("resolved_because"), "no data for 10m");
}

TEST(RuleGroupTest, NotANumberIsNoData) {
  RuleHarness h(kBusy);
  h.Step("busy", 95);
  h.Step("busy", std::nan(""));
  EXPECT_EQ(h.Rule().state, AlertState::kFiring);
  EXPECT_TRUE(h.Rule().alerts.at(0).no_data);
  EXPECT_EQ(h.Rule().alerts.at(0).value, 95);
}

TEST(RuleGroupTest, NoDataAlertFiresForWhatVanishesAndForWhatNeverWas) {
  const std::string rule = R"(
groups:
- name: g
  rules:
  - alert: Busy
    expr: busy
    warning: { above: 70, for: 15s }
    no_data: alert
)";
  RuleHarness h(rule);
  h.Step(R"(busy{cpu="0"})", 10);
  h.Set(R"(busy{cpu="1"})", 10);
  h.Step(R"(busy{cpu="0"})", 10);
  EXPECT_EQ(h.Told(), "");
  for (int i = 0; i < 21; ++i) h.Step(R"(busy{cpu="0"})", 10);  // cpu 1 falls out of the look-back
  h.Step(R"(busy{cpu="0"})", 10);
  h.Step(R"(busy{cpu="0"})", 10);
  ASSERT_EQ(h.Rule().alerts.size(), 1U);
  EXPECT_EQ(h.Rule().alerts[0].labels.ToString(),
            R"({alertname="Busy", cpu="1", severity="warning"})");
  EXPECT_EQ(h.Rule().alerts[0].state, AlertState::kFiring);

  RuleHarness nothing(rule);
  nothing.Step();
  nothing.Step();
  EXPECT_EQ(nothing.Told(), R"(firing{alertname="Busy", severity="warning"})");
  nothing.Step(R"(busy{cpu="0"})", 10);
  EXPECT_EQ(nothing.Told(), R"(resolved{alertname="Busy", severity="warning"})");
}

TEST(RuleGroupTest, NoDataOfAPlainRuleIsToldFromFalse) {
  RuleHarness h("groups: [{name: g, rules: [{alert: A, expr: up == 0, no_data: keep}]}]");
  h.Step("up", 0);
  EXPECT_EQ(h.Told(), R"(firing{alertname="A"})");
  h.Step("up", StaleNan());
  EXPECT_EQ(h.Rule().state, AlertState::kFiring) << "no data";
  h.Step("up", 1);
  EXPECT_EQ(h.Told(), R"(resolved{alertname="A"})") << "false";
}

TEST(RuleGroupTest, FailedEvaluationKeepsAlertsAndShows) {
  RuleHarness h(R"(
groups:
- name: g
  rules:
  - alert: A
    expr: up == on () group_left () flag
)");
  h.Set("flag", 0);
  h.Step("up", 0);
  EXPECT_EQ(h.Told(), R"(firing{alertname="A"})");
  h.Set(R"(flag{x="1"})", 0);
  h.Set("up", 0);
  h.Pass(15s);
  const EvaluationSummary summary = h.Evaluate();
  EXPECT_EQ(summary.failures, 1U);
  EXPECT_EQ(h.Rule().health, RuleHealth::kError);
  EXPECT_THAT(h.Rule().last_error, HasSubstr("many-to-many"));
  EXPECT_EQ(h.Rule().state, AlertState::kFiring);
}

TEST(RuleGroupTest, RecordedSeriesAreSeenByLaterRulesAndEndWithAStaleMarker) {
  RuleHarness h(R"(
groups:
- name: g
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
    labels: { kind: r, empty: "" }
  - alert: Few
    expr: job:up:sum < 2
)");
  h.Step(R"(up{job="a",i="1"})", 1);
  EXPECT_EQ(h.Last(R"(job:up:sum{job="a",kind="r"})"), "1.000000");
  EXPECT_EQ(h.Told(), R"(firing{alertname="Few", job="a", kind="r"})");
  h.Pass(15s);
  h.Set(R"(up{job="a",i="1"})", StaleNan());
  h.Evaluate();
  EXPECT_EQ(h.Last(R"(job:up:sum{job="a",kind="r"})"), "stale");
  EXPECT_EQ(h.Told(), R"(resolved{alertname="Few", job="a", kind="r"})");
}

TEST(RuleGroupTest, DuplicatesAndLimitsAreErrors) {
  RuleHarness h(R"(
groups:
- name: g
  limit: 1
  rules:
  - record: same
    expr: up
    labels: { i: x }
  - record: many
    expr: up
  - alert: Same
    expr: up
    labels: { i: x }
  - alert: Many
    expr: up
)");
  h.Pass(15s);
  h.Set(R"(up{i="1"})", 1);
  h.Set(R"(up{i="2"})", 1);
  EXPECT_EQ(h.Evaluate().failures, 4U);
  EXPECT_THAT(h.Rule(0).last_error, HasSubstr("same labelset after applying rule labels"));
  EXPECT_EQ(h.Rule(1).last_error, "exceeded limit of 1 with 2 series");
  EXPECT_THAT(h.Rule(2).last_error, HasSubstr("same labelset after applying alert labels"));
  EXPECT_EQ(h.Rule(3).last_error, "exceeded limit of 1 with 2 alerts");
  EXPECT_EQ(h.Last(R"(many{i="1"})"), "none");
  EXPECT_EQ(h.Told(), "");
}

TEST(RuleGroupTest, QueryOffsetLooksBackAndDatesSamples) {
  RuleHarness h(R"(
groups:
- name: g
  query_offset: 1m
  rules:
  - record: late
    expr: up
)");
  h.Set("up", 7);
  h.Pass(1min);
  h.Set("up", 8);
  h.Evaluate();
  EXPECT_EQ(h.Last("late"), "7.000000");
  const auto series =
      *h.store.Select({0, INT64_MAX}, std::vector{Matcher::Equal("__name__", "late")});
  promql::SeriesView view;
  ASSERT_TRUE(series->Next(view));
  EXPECT_EQ(view.samples[0].t_ms, ToMillis(h.now.wall - 1min));
}

TEST(RuleGroupTest, TemplatesMayQueryAndSayTheirErrors) {
  RuleHarness h(R"yaml(
groups:
- name: g
  rules:
  - alert: A
    expr: up == 0
    annotations:
      other: '{{ query "sum(up)" | first | value }}'
      broken: 'a {{ $labels.job | humanize }} b'
      url: '{{ $externalURL }} {{ $externalLabels.dc }}'
)yaml");
  h.Step(R"(up{job="x"})", 0);
  const Labels annotations = h.events.at(0).annotations;
  EXPECT_EQ(annotations.Get("other"), "0");
  EXPECT_THAT(std::string(annotations.Get("broken")), HasSubstr("<error expanding template: "));
  EXPECT_EQ(annotations.Get("url"), "http://host:9909 ");
}

TEST(RuleGroupTest, WhatOnlyGoesOnSaysWhatItSaidLast) {
  RuleHarness h(R"(
groups:
- name: g
  rules:
  - alert: A
    expr: x > 0
    keep_firing_for: 1m
    annotations: { summary: '{{ query "x > 0" | first | value }}' }
)");
  const auto summary = [&] { return h.Rule().alerts.at(0).annotations.Get("summary"); };
  h.Step("x", 1);
  EXPECT_EQ(summary(), "1");
  h.Step("x", 2);
  EXPECT_EQ(summary(), "2");
  h.Step("x", 0);
  EXPECT_EQ(summary(), "2") << "what is true no longer cannot be asked for";
}

TEST(RuleGroupTest, AnnotationsSpeakOfTheSeriesThatIsThereNow) {
  RuleHarness h(R"(
groups:
- name: g
  rules:
  - alert: A
    expr: x > 0
    labels: { leader: any }
    annotations: { summary: 'on {{ $labels.leader }}' }
)");
  h.Step(R"(x{leader="a"})", 1);
  EXPECT_EQ(h.Rule().alerts.at(0).annotations.Get("summary"), "on a");
  h.Pass(15s);
  h.Set(R"(x{leader="a"})", 0);
  h.Set(R"(x{leader="b"})", 1);
  h.Evaluate();
  ASSERT_EQ(h.Rule().alerts.size(), 1U);
  EXPECT_EQ(h.Rule().alerts[0].annotations.Get("summary"), "on b");
}

TEST(RuleGroupTest, WarmUpAfterAStart) {
  EXPECT_TRUE(WarmUpOf(6h, 15s, 30s, std::nullopt).may_fire);
  EXPECT_FALSE(WarmUpOf(0s, 15s, 30s, 29s).may_fire);
  EXPECT_TRUE(WarmUpOf(0s, 15s, 30s, 30s).may_fire);
  EXPECT_FALSE(WarmUpOf(0s, 15s, 0s, 29s).may_fire) << "two intervals at least";
  EXPECT_TRUE(WarmUpOf(0s, 1s, 0s, 2s).may_fire);
  EXPECT_FALSE(WarmUpOf(5min, 15s, 30s, 5min).may_fire);
  EXPECT_TRUE(WarmUpOf(5min, 15s, 30s, 5min + 30s).may_fire);
  EXPECT_TRUE(WarmUpOf(6h, 15s, 30s, 10min + 30s).may_fire) << "not blind for six hours";
  EXPECT_FALSE(WarmUpOf(6h, 15s, 30s, 59min).may_end);
  EXPECT_TRUE(WarmUpOf(6h, 15s, 30s, 1h + 30s).may_end);

  RuleHarness h("groups: [{name: g, rules: [{alert: NoUp, expr: absent(up)}]}]");
  h.data_age = 0s;
  h.Step();
  EXPECT_EQ(h.Rule().state, AlertState::kPending) << "the first scrape may still come";
  h.Step();
  EXPECT_EQ(h.Rule().state, AlertState::kFiring);
}

TEST(RuleGroupTest, ClockStepsNeitherFireNorResolve) {
  RuleHarness h("groups: [{name: g, rules: [{alert: A, expr: up == 0, for: 5m}]}]");
  for (int i = 0; i < 4; ++i) h.Step("up", 0);
  h.now.wall += 24h;
  h.Step("up", 0);
  EXPECT_EQ(h.Rule().state, AlertState::kPending);
  for (int i = 0; i < 15; ++i) h.Step("up", 0);
  EXPECT_EQ(h.Rule().state, AlertState::kPending);
  h.Step("up", 0);
  EXPECT_EQ(h.Rule().state, AlertState::kFiring) << "after 5 minutes lived through";
}

TEST(RuleGroupTest, ViewShowsWhatTheApiNeeds) {
  RuleHarness h(kBusy);
  h.Step("busy", 95);
  const RuleGroupView view = h.manager.View().at(0);
  EXPECT_EQ(view.file, "r.yml");
  EXPECT_EQ(view.interval, 15s);
  EXPECT_EQ(view.last_evaluation, h.now.wall);
  const RuleView& rule = view.rules.at(0);
  EXPECT_EQ(rule.query, "busy");
  EXPECT_EQ(rule.hold_for, 15s);
  EXPECT_EQ(rule.health, RuleHealth::kOk);
  EXPECT_EQ(rule.annotations.Get("summary"), "{{ $value }} %");
  EXPECT_EQ(rule.warning, "above 70 for 15s");
  EXPECT_EQ(rule.critical, "above 90 until below 85");
  ASSERT_EQ(rule.alerts.size(), 1U);
  EXPECT_EQ(rule.alerts[0].annotations.Get("summary"), "95 %");
  EXPECT_EQ(rule.alerts[0].severity, Severity::kCritical);
}

}  // namespace
}  // namespace tocsin
