#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notify/catalog.h"
#include "notify/routing_config.h"

namespace tocsin::notify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Routing> Read(std::string_view text, InlineSecrets secrets = InlineSecrets::kAllowed) {
  auto file = ParseYaml(text, "am.yml");
  if (!file) return file.error();
  YamlFields fields(*file, *file->root, "config");
  auto routing = ReadRouting(fields, secrets, "http://tocsin");
  if (!routing) return routing;
  TRY(fields.Finish());
  return routing;
}
std::string ErrorOf(std::string_view text) {
  const auto routing = Read(text);
  return routing.ok() ? "no error" : routing.error().message();
}

// The keys are what Alertmanager 0.25 sent as groupKey for the same route.
TEST(RoutingTest, RouteKeysAreAlertmanagers) {
  const auto routing = Read(R"(
route:
  receiver: w
  routes:
    - matchers: ['x="1"']
    - match_re: { y: "a|b" }
      routes: [ { match: { b: c, a: "q\"\\\n" } } ]
receivers: [ { name: w } ]
)");
  ASSERT_TRUE(routing.ok()) << routing.error().message();
  const Route& root = routing->config->root;
  EXPECT_EQ(root.key, "{}");
  EXPECT_EQ(root.routes[0].key, R"({}/{x="1"})");
  EXPECT_EQ(root.routes[1].key, R"({}/{y=~"^(?:a|b)$"})");
  EXPECT_EQ(root.routes[1].routes[0].key, R"({}/{y=~"^(?:a|b)$"}/{a="q\"\\\n",b="c"})");
}

TEST(RoutingTest, ChildrenInheritAndStopAtTheFirstMatch) {
  const auto routing = Read(R"(
route:
  receiver: root
  group_by: [b, a]
  group_wait: 7s
  routes:
    - { match: { team: x }, continue: true, receiver: first }
    - { match: { team: x }, group_by: ['...'], routes: [ { match: { deep: y }, receiver: deep } ] }
    - { match: { team: x }, receiver: never }
receivers: [ { name: root }, { name: first }, { name: deep }, { name: never } ]
)");
  ASSERT_TRUE(routing.ok()) << routing.error().message();
  const auto receivers = [&](const Labels& labels) {
    std::vector<const Route*> found;
    MatchRoutes(routing->config->root, labels, found);
    std::vector<std::string> names;
    for (const Route* route : found) names.push_back(route->receiver);
    return names;
  };
  EXPECT_THAT(receivers({{"team", "x"}}), ElementsAre("first", "root"));
  EXPECT_THAT(receivers({{"team", "x"}, {"deep", "y"}}), ElementsAre("first", "deep"));
  EXPECT_THAT(receivers({{"team", "z"}}), ElementsAre("root"));
  const Route& first = routing->config->root.routes[0];
  EXPECT_EQ(first.group_wait, seconds(7));
  EXPECT_EQ(first.GroupLabels({{"a", "1"}, {"c", "2"}}), (Labels{{"a", "1"}}));
  EXPECT_EQ(routing->config->root.routes[1].GroupLabels({{"a", "1"}, {"c", "2"}}),
            (Labels{{"a", "1"}, {"c", "2"}}));
}

TEST(RoutingTest, SaysWhereAndWhatIsWrong) {
  const std::string tail = "\nreceivers: [ { name: r } ]\n";
  EXPECT_THAT(ErrorOf("route: { receiver: x }" + tail),
              HasSubstr("am.yml:1:20: there is no receiver \"x\""));
  EXPECT_THAT(ErrorOf("route: { receiver: r, match: { a: b } }" + tail), HasSubstr("no matchers"));
  EXPECT_THAT(ErrorOf("route: { receiver: r, group_interval: 0s }" + tail),
              HasSubstr("am.yml:1:39: group_interval cannot be zero"));
  EXPECT_THAT(ErrorOf("route: { receiver: r, group_by: [a, a] }" + tail), HasSubstr("\"a\" twice"));
  EXPECT_THAT(ErrorOf("route: { receiver: r, group_by: [a, '...'] }" + tail), HasSubstr("..."));
  EXPECT_THAT(ErrorOf("route: { receiver: r, routes: [ { matchers: ['a=~\"(\"'] } ] }" + tail),
              HasSubstr("am.yml:1:"));
  EXPECT_THAT(ErrorOf("route: { receiver: r, routes: [ { mute_time_intervals: [z] } ] }" + tail),
              HasSubstr("no time interval \"z\""));
  EXPECT_THAT(ErrorOf("route: { receiver: r, group_wiat: 1s }" + tail), HasSubstr("group_wait"));
  EXPECT_THAT(ErrorOf("receivers: [ { name: r, sns_configs: [{}] } ]"), HasSubstr("not supported"));
  EXPECT_THAT(ErrorOf("receivers: [ { name: r }, { name: r } ]"), HasSubstr("stands twice"));
  EXPECT_THAT(ErrorOf("receivers: [ { name: r, slack_configs: [ { channel: x } ] } ]"),
              HasSubstr("slack_api_url_file"));
  EXPECT_THAT(ErrorOf("receivers: [ { name: r, webhook_configs: [ { url: 'ftp://x' } ] } ]"),
              HasSubstr("http://"));
  EXPECT_THAT(ErrorOf("receivers: [ { name: r, discord_configs: [ { webhook_url: 'http://x', "
                      "title: '{{ .Nope' } ] } ]"),
              HasSubstr("am.yml:1:"));
}

TEST(RoutingTest, RefusesSecretsInTheAgentsOwnFile) {
  const std::string text =
      "route: { receiver: r }\nreceivers: [ { name: r, pagerduty_configs: [ { routing_key: abc } ] "
      "} ]";
  EXPECT_TRUE(Read(text, InlineSecrets::kAllowed).ok());
  const auto refused = Read(text, InlineSecrets::kRefused);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("routing_key_file"));
  EXPECT_THAT(refused.error().message(), testing::Not(HasSubstr("abc")));
}

TEST(MatchersTest, ReadsEverySpelling) {
  const auto text = [](std::string_view input) {
    const auto matchers = ParseMatchers(input);
    return matchers.ok() ? MatchersText(*matchers) : "error: " + matchers.error().message();
  };
  EXPECT_EQ(text("a=b"), R"({a="b"})");
  EXPECT_EQ(text(R"({ a = "b,c" , d=~e.* })"), R"({a="b,c",d=~"e.*"})");
  EXPECT_EQ(text(R"(a!="x\"y\\z\n\q")"), R"({a!="x\"y\\z\n\\q"})");
  EXPECT_EQ(text("a="), R"({a=""})");
  EXPECT_EQ(text("a=b,"), R"({a="b"})");
  EXPECT_EQ(text(""), "{}");
  for (const char* bad :
       {"a", "=b", "a=\"b", "a=b\"", "1a=b", "a=~(", "a=\"b\"c\"", "a==\"b\" \"", ",a=b"}) {
    EXPECT_THAT(text(bad), testing::StartsWith("error: ")) << bad;
  }
}

TEST(InhibitTest, NeedsEqualLabelsAndASourceThatIsNotATargetToo) {
  InhibitRule rule;
  rule.source = *ParseMatchers("severity=critical");
  rule.target = *ParseMatchers("severity=~\"warning|critical\"");
  rule.equal = {"cluster", "absent"};
  Inhibitor inhibitor({rule});
  const Alert critical{{{"severity", "critical"}, {"cluster", "a"}}, {}, {}, {}, {}, {}};
  inhibitor.Update(critical);
  EXPECT_EQ(inhibitor.InhibitedBy({{"severity", "warning"}, {"cluster", "a"}}),
            FingerprintText(critical.labels));
  EXPECT_EQ(inhibitor.InhibitedBy({{"severity", "warning"}, {"cluster", "b"}}), "");
  EXPECT_EQ(inhibitor.InhibitedBy({{"severity", "warning"}, {"cluster", "a"}, {"absent", "x"}}),
            "");
  EXPECT_EQ(inhibitor.InhibitedBy(critical.labels), "") << "not by itself";
  Alert ended = critical;
  ended.ended_at = FromMillis(1);
  inhibitor.Update(ended);
  EXPECT_EQ(inhibitor.InhibitedBy({{"severity", "warning"}, {"cluster", "a"}}), "");
}

TimeInterval Interval(std::string_view text) {
  const auto file = ParseYaml(text, "t.yml");
  const auto interval = ReadTimeInterval(*file, *file->root);
  EXPECT_TRUE(interval.ok()) << interval.error().message();
  return interval.ok() ? *interval : TimeInterval{};
}
std::string IntervalError(std::string_view text) {
  const auto file = ParseYaml(text, "t.yml");
  const auto interval = ReadTimeInterval(*file, *file->root);
  return interval.ok() ? "no error" : interval.error().message();
}
WallTime At(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  return WallTime(std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) /
                                        static_cast<int>(day))) +
         std::chrono::hours(hour) + std::chrono::minutes(minute);
}

TEST(TimeIntervalTest, TimesEndBeforeTheirEnd) {
  const TimeInterval night = Interval("times: [ { start_time: '22:30', end_time: '24:00' } ]");
  EXPECT_FALSE(night.Contains(At(2026, 1, 5, 22, 29)));
  EXPECT_TRUE(night.Contains(At(2026, 1, 5, 22, 30)));
  EXPECT_TRUE(night.Contains(At(2026, 1, 5, 23, 59)));
  EXPECT_FALSE(night.Contains(At(2026, 1, 6, 0, 0)));
}

TEST(TimeIntervalTest, AllPartsMustMatch) {
  const TimeInterval odd = Interval(
      "{ weekdays: ['monday:friday', sunday], months: ['january:3', '12'], years: ['2026'] }");
  EXPECT_TRUE(odd.Contains(At(2026, 1, 5)));    // a Monday
  EXPECT_FALSE(odd.Contains(At(2026, 1, 3)));   // a Saturday
  EXPECT_TRUE(odd.Contains(At(2026, 1, 4)));    // a Sunday
  EXPECT_FALSE(odd.Contains(At(2026, 4, 6)));   // April
  EXPECT_TRUE(odd.Contains(At(2026, 12, 31)));  // a Thursday
  EXPECT_FALSE(odd.Contains(At(2027, 1, 4)));
}

TEST(TimeIntervalTest, DaysCountFromTheEndOfTheMonth) {
  const TimeInterval last = Interval("days_of_month: ['-2:-1']");
  EXPECT_TRUE(last.Contains(At(2024, 2, 29)));
  EXPECT_TRUE(last.Contains(At(2024, 2, 28)));
  EXPECT_FALSE(last.Contains(At(2024, 2, 27)));
  EXPECT_FALSE(last.Contains(At(2024, 3, 29)));
  const TimeInterval late = Interval("days_of_month: ['29:31']");
  EXPECT_FALSE(late.Contains(At(2026, 2, 28)));
  EXPECT_TRUE(late.Contains(At(2026, 4, 30)));
}

TEST(TimeIntervalTest, FollowsItsTimeZone) {
  const TimeInterval morning = Interval(
      "{ location: Europe/Berlin, times: [ { start_time: '09:00', end_time: '10:00' } ] }");
  EXPECT_TRUE(morning.Contains(At(2026, 1, 5, 8, 30)));  // winter: UTC+1
  EXPECT_FALSE(morning.Contains(At(2026, 1, 5, 7, 30)));
  EXPECT_TRUE(morning.Contains(At(2026, 7, 6, 7, 30)));  // summer: UTC+2
  EXPECT_TRUE(morning.Contains(At(2055, 7, 6, 7, 30)));  // past the listed changes
}

TEST(TimeIntervalTest, RefusesWhatMakesNoSense) {
  EXPECT_THAT(IntervalError("times: [ { start_time: '10:00', end_time: '09:00' } ]"),
              HasSubstr("before"));
  EXPECT_THAT(IntervalError("times: [ { start_time: '9:00', end_time: '10:00' } ]"),
              HasSubstr("bad time of day"));
  EXPECT_THAT(IntervalError("weekdays: ['friday:monday']"), HasSubstr("ends before"));
  EXPECT_THAT(IntervalError("weekdays: [someday]"), HasSubstr("bad value"));
  EXPECT_THAT(IntervalError("days_of_month: ['-1:5']"), HasSubstr("cannot end"));
  EXPECT_THAT(IntervalError("days_of_month: ['0']"), HasSubstr("bad value"));
  EXPECT_THAT(IntervalError("location: Mars/Olympus"), HasSubstr("t.yml:1:11: unknown time zone"));
  EXPECT_THAT(IntervalError("location: ../../etc/passwd"), HasSubstr("bad time zone name"));
}

TEST(CatalogTest, IsSortedAndComplete) {
  std::string before;
  for (const ReceiverKind& kind : ReceiverCatalog()) {
    EXPECT_LT(before, kind.name);
    EXPECT_EQ(kind.key, std::string(kind.name) + "_configs");
    before = kind.name;
  }
  EXPECT_EQ(ReceiverCatalog().size(), 12u);
}

}  // namespace
}  // namespace tocsin::notify
