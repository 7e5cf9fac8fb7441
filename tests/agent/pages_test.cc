#include "agent/api/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/memory_store.h"

namespace tocsin::api {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The engine's deadlines are on the real monotonic clock.
class FixedWall final : public Clock {
 public:
  WallTime Wall() const override { return FromMillis(1'700'000'000'000); }
  MonoTime Mono() const override { return SystemClock().Mono(); }
};

http::Response Graph(const MemoryStore& store, std::string_view query) {
  const FixedWall clock;
  http::Request request;
  request.method = "GET";
  request.query = query;
  return GraphPage(store, clock, {{}, seconds(10), 4}, request);
}

TEST(PagesTest, AlertsShowWhatFiresFirst) {
  RuleGroupView group;
  RuleView& rule = group.rules.emplace_back();
  rule.name = "Disk";
  rule.query = "disk_used > 5";
  AlertView& pending = rule.alerts.emplace_back();
  pending.labels = {{"disk", "<a>"}};
  pending.state = AlertState::kPending;
  AlertView& firing = rule.alerts.emplace_back();
  firing.labels = {{"disk", "b"}};
  firing.annotations = {{"summary", "b & full"}};
  firing.state = AlertState::kFiring;
  firing.active_at = FromMillis(0);
  firing.value = 6;
  const std::string page = AlertsPage({group}, FromMillis(3'725'000)).body;
  EXPECT_LT(page.find("firing"), page.find("pending"));
  EXPECT_THAT(page, HasSubstr("<td>1h2m</td>"));
  EXPECT_THAT(page, HasSubstr("href=\"graph?g0.expr=disk_used+%3E+5&amp;g0.tab=1\""));
  EXPECT_THAT(page, HasSubstr("b &amp; full"));
  EXPECT_THAT(page, Not(HasSubstr("<a>")));
  EXPECT_THAT(AlertsPage({}, FromMillis(0)).body, HasSubstr("Nothing is pending or firing"));
}

TEST(PagesTest, AGraphHasALineForEachRunOfSamples) {
  MemoryStore store;
  for (int i = 0; i <= 120; ++i) {
    if (i > 40 && i < 80) continue;  // longer than the lookback
    store.Append(Labels{{"__name__", "m"}, {"l", "\"><x>"}}, 1'700'000'000'000 - (120 - i) * 30'000,
                 i);
  }
  const auto page = Graph(store, "g0.expr=m&g0.tab=1");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("<p>120</p><svg"));
  std::size_t lines = 0;
  for (auto at = page.body.find("<polyline"); at != std::string::npos;
       at = page.body.find("<polyline", at + 1)) {
    ++lines;
  }
  EXPECT_EQ(lines, 2u);
  EXPECT_THAT(page.body, Not(HasSubstr("<x>")));
}

TEST(PagesTest, AGraphSaysWhatIsWrong) {
  const MemoryStore store;
  EXPECT_THAT(Graph(store, "g0.expr=rate(").body, HasSubstr("parse error"));
  EXPECT_THAT(Graph(store, "g0.expr=m").body, HasSubstr("no data"));
  EXPECT_THAT(Graph(store, "").body, HasSubstr("<form"));
  EXPECT_THAT(Graph(store, "g0.expr=%22%3E%3Cscript%3E").body, Not(HasSubstr("<script>")));
}

}  // namespace
}  // namespace tocsin::api
