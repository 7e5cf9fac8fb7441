#include "rules/backtest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"
#include "rules/history.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kBusy = R"(
groups:
- name: g
  rules:
  - record: busy:max
    expr: max_over_time(busy[30s])
  - alert: Busy
    expr: busy:max
    warning: { above: 70, for: 1m }
    critical: { above: 90 }
    annotations: { summary: "{{ $value }} %" }
)";

/// busy{host="a"}: 10 min quiet, 10 min at 80, 5 min at 95, 10 min quiet; a sample every 15 s.
MemoryStore History() {
  MemoryStore store;
  const Labels busy = *ParseSeriesName(R"(busy{host="a"})");
  for (int i = 0; i < 35 * 4; ++i) {
    const int minute = i / 4;
    store.Append(busy, i * 15'000, minute < 10 ? 10 : minute < 20 ? 80 : minute < 25 ? 95 : 10);
  }
  return store;
}

BacktestOptions Options() {
  BacktestOptions options;
  options.start = FromMillis(0);
  options.end = FromMillis(35 * 60'000);
  options.data_since = options.start - 1h;
  options.rules.evaluation_interval = 15s;
  return options;
}

TEST(BacktestTest, TimelineOfWhatWouldHavePaged) {
  MemoryStore history = History();
  const Backtest run = RunBacktest(RulesOf(kBusy).groups, Options(), history);
  EXPECT_EQ(FormatTimeline(run, Options()),
            R"(1970-01-01 00:11:00  warning   Busy {host="a"}  80  80 %
1970-01-01 00:20:00  critical  Busy {host="a"}  95  95 %
1970-01-01 00:25:15  resolved  Busy {host="a"}  10  after 14m15s

1970-01-01 00:00:00 to 1970-01-01 00:35:00 UTC, 141 evaluations: 3 notifications
alert  times  notifications  firing      longest
Busy   1      3              14m15s      14m15s
)");
  ASSERT_EQ(run.episodes.size(), 1U);
  EXPECT_EQ(run.episodes[0].highest, Severity::kCritical);
}

TEST(BacktestTest, QuietRulesAndFailuresAreSaid) {
  MemoryStore history = History();
  const Backtest run = RunBacktest(RulesOf(R"(
groups:
- name: g
  rules:
  - { alert: Never, expr: busy > 100 }
  - { record: bad, expr: busy + on () group_left () (busy or other) }
)")
                                       .groups,
                                   Options(), history);
  EXPECT_THAT(FormatTimeline(run, Options()), HasSubstr("nothing would have paged"));
  EXPECT_TRUE(run.failures.empty());
  history.Append(*ParseSeriesName("other"), 60'000, 1);
  const Backtest failing = RunBacktest(RulesOf(R"(
groups:
- name: g
  rules:
  - { record: bad2, expr: busy + on () group_left () (busy or other) }
)")
                                           .groups,
                                       Options(), history);
  EXPECT_THAT(failing.failures, ElementsAre(HasSubstr("r.yml: bad2: ")));
}

TEST(BacktestTest, DifferenceBetweenTwoSetsOfRules) {
  MemoryStore a = History();
  MemoryStore b = History();
  const Backtest before = RunBacktest(RulesOf(kBusy).groups, Options(), a);
  const Backtest after = RunBacktest(RulesOf(R"(
groups:
- name: g
  rules:
  - alert: Busy
    expr: busy
    warning: { above: 70, for: 5m }
  - alert: New
    expr: busy > 90
)")
                                         .groups,
                                     Options(), b);
  EXPECT_EQ(
      FormatDifference(before, after),
      "~ Busy {host=\"a\"}  critical  1970-01-01 00:11:00 for 14m15s: fires 4m later, resolves "
      "15s earlier, warning instead of critical\n"
      "+ New {host=\"a\"}  firing  1970-01-01 00:20:00 for 5m\n"
      "3 notifications before, 4 after\n");
  EXPECT_EQ(FormatDifference(before, before), "no difference\n3 notifications before, 3 after\n");
}

TEST(HistoryTest, OpenMetricsWithTimestamps) {
  MemoryStore store;
  const auto span = LoadOpenMetrics(
      "# TYPE hits counter\nhits_total{a=\"1\"} 5 20\nhits_total{a=\"1\"} 3 10.5\n"
      "# TYPE skipped gauge\nskipped 1 10\n# EOF\n",
      "f.om", {"skipped"}, store);
  ASSERT_TRUE(span) << span.error().message();
  EXPECT_EQ(span->first_ms, 10'500);
  EXPECT_EQ(span->last_ms, 20'000);
  EXPECT_EQ(span->samples, 2U);
  EXPECT_EQ(store.series(), 1U);
  const auto bad = LoadOpenMetrics("# TYPE x gauge\nx 1\n# EOF\n", "f.om", {}, store);
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message(), HasSubstr("f.om:2:1: a sample without a timestamp"));
}

TEST(HistoryTest, ResultsOfQueries) {
  MemoryStore store;
  promql::QueryResult result;
  result.matrix.push_back({*ParseSeriesName("up{job=\"a\"}"), {{10'250, 1}, {20'000, 2}}});
  result.matrix.push_back({*ParseSeriesName("ALERTS"), {{10'000, 1}}});
  result.vector.push_back({*ParseSeriesName("up{job=\"b\"}"), 40'000, 3});
  const HistorySpan span = LoadResult(result, {"ALERTS"}, store);
  EXPECT_EQ(span.first_ms, 10'250);
  EXPECT_EQ(span.last_ms, 40'000);
  EXPECT_EQ(span.samples, 3U);
  EXPECT_EQ(store.series(), 2U);
}

TEST(HistoryTest, NeedsOfRules) {
  const HistoryNeeds needs = NeedsOf(RulesOf(R"(
groups:
- name: g
  query_offset: 1m
  rules:
  - record: a:b
    expr: sum(rate(x{a="1"}[5m] offset 10m))
  - alert: A
    expr: a:b > 1 and on () x and ALERTS
)")
                                         .groups);
  EXPECT_THAT(needs.selectors, ElementsAre("x", R"(x{a="1"})"));
  EXPECT_EQ(needs.look_back, 16min);
  EXPECT_THAT(needs.made, ElementsAre("ALERTS", "ALERTS_FOR_STATE", "a:b"));
}

}  // namespace
}  // namespace tocsin
