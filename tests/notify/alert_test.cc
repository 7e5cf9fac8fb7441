#include "notify/alert.h"

#include <gtest/gtest.h>

namespace tocsin::notify {
namespace {

const WallTime kNow = FromMillis(1'700'000'000'000);

// The expected fingerprints and group key text are what Alertmanager 0.25 answered.
TEST(AlertTest, FingerprintsAsAlertmanagerDoes) {
  EXPECT_EQ(FingerprintText({{"alertname", "A"}, {"severity", "critical"}, {"i", "1"}}),
            "b9d1d61bd0580e7d");
  EXPECT_EQ(FingerprintText({{"alertname", "A"}, {"severity", "critical"}, {"i", "3"}}),
            "09c9de8af1c5b497");
  EXPECT_EQ(FingerprintText({{"foo", "bar"}}), "3fff2c2d7595e046");
  EXPECT_EQ(FingerprintText({{"alertname", "X"}, {"q", "a\"b\\c\nd"}, {"x", "1"}}),
            "b65ae01396e010ea");
}

TEST(AlertTest, SpellsLabelsAsGroupKeysDo) {
  EXPECT_EQ(GoLabelsText({{"x", "1"}, {"q", "a\"b\\c\nd"}}), "{q=\"a\\\"b\\\\c\\nd\", x=\"1\"}");
  EXPECT_EQ(GoLabelsText({}), "{}");
}

AlertEvent Event() {
  AlertEvent event;
  event.identity = {{"alertname", "A"}};
  event.labels = {{"alertname", "A"}, {"severity", "critical"}};
  event.fired_at = kNow - seconds(60);
  event.valid_until = kNow + seconds(240);
  return event;
}

TEST(AlertTest, ASeverityChangeEndsTheLabelsItReplaces) {
  AlertEvent event = Event();
  event.replaced_labels = Labels{{"alertname", "A"}, {"severity", "warning"}};
  const auto alerts = FromEvent(event, kNow);
  ASSERT_EQ(alerts.size(), 2u);
  EXPECT_EQ(alerts[0].labels.Get("severity"), "warning");
  EXPECT_EQ(alerts[0].ended_at, kNow);
  EXPECT_EQ(alerts[1].labels.Get("severity"), "critical");
  EXPECT_FALSE(alerts[1].resolved());
  EXPECT_EQ(alerts[1].severity_since, kNow);
  AlertRecord record;
  record.sent_labels = event.labels;
  record.status.fired_at = kNow - seconds(60);
  record.status.severity_at = kNow;
  EXPECT_EQ(FromRecord(record)->severity_since, kNow) << "a restart does not forget it";
}

TEST(AlertTest, NeverEndsBeforeItStarts) {
  AlertEvent event = Event();
  event.state = AlertState::kInactive;
  event.resolved_at = event.fired_at - seconds(5);  // the clock was set back
  EXPECT_EQ(FromEvent(event, kNow)[0].ended_at, event.fired_at);
}

Alert Firing(std::string_view name) { return {{{"alertname", name}}, {}, kNow, {}, kNow, {}}; }

TEST(AlertTest, ANewerMessageKeepsWhatItDoesNotMention) {
  Message older{"k", {}, {Firing("A"), Firing("B")}};
  Message newer{"k", {}, {Firing("B")}};
  newer.alerts[0].ended_at = kNow;
  const Message merged = Supersede(older, newer, kNow);
  ASSERT_EQ(merged.alerts.size(), 2u);
  EXPECT_TRUE(merged.alerts[0].resolved());
  EXPECT_EQ(merged.alerts[1].labels.Get("alertname"), "A");
  EXPECT_FALSE(merged.alerts[1].resolved());
}

TEST(AlertTest, InAWholeGroupWhatIsMissingHasEnded) {
  Message older{"k", {}, {Firing("A"), Firing("B")}};
  Message newer{"k", {}, {Firing("B")}, /*whole_group=*/true, /*repetition=*/true};
  const Message merged = Supersede(older, newer, kNow + seconds(9));
  ASSERT_EQ(merged.alerts.size(), 2u);
  EXPECT_EQ(merged.alerts[1].ended_at, kNow + seconds(9));
  EXPECT_FALSE(merged.repetition);
}

}  // namespace
}  // namespace tocsin::notify
