// The state machine of groups by itself: incidents that end unheard, escalation, reloads.

#include "notify/route/groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notify/routing_config.h"

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kConfig = R"(
route:
  receiver: team
  group_by: [job]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 1h
  escalate: [ { after: 15m, receiver: boss } ]
receivers:
  - { name: team, webhook_configs: [ { url: 'http://hook/' } ] }
  - { name: boss, webhook_configs: [ { url: 'http://boss/' } ] }
)";

class GroupsTest : public testing::Test {
 protected:
  GroupsTest() { Load(kConfig); }

  void Load(std::string_view text) {
    const auto file = ParseYaml(text, "am.yml");
    ASSERT_TRUE(file.ok());
    YamlFields fields(*file, *file->root, "config");
    const auto routing = ReadRouting(fields, InlineSecrets::kAllowed, "http://tocsin");
    ASSERT_TRUE(routing.ok()) << routing.error().message();
    auto old = std::move(groups_);
    groups_ =
        std::make_unique<AlertGroups>(routing->config, silences_, acknowledgements_, log_, now_);
    if (old) groups_->TakeOver(*old, now_);
  }
  void Put(std::string_view name, bool firing = true) {
    Alert alert;
    alert.labels = {{"alertname", name}};
    alert.starts_at = now_.wall;
    if (!firing) alert.ended_at = now_.wall;
    groups_->Put(alert, now_);
  }
  /// Time passes, second by second; all is delivered at once. Returns "RECEIVER: NAME…", with a '-'
  /// before the names of what has ended.
  std::vector<std::string> Pass(milliseconds time) {
    std::vector<std::string> told;
    for (milliseconds t{0}; t < time; t += seconds(1)) {
      for (const Outgoing& out : groups_->Advance(now_)) {
        std::string text = out.message.group.receiver + ":";
        for (const Alert& alert : out.message.alerts) {
          text += alert.resolved() ? " -" : " ";
          text += alert.labels.Get("alertname");
        }
        told.push_back(std::move(text));
        groups_->OnDelivered(out.destination, out.message, now_);
      }
      now_.wall += seconds(1);
      now_.mono += seconds(1);
    }
    return told;
  }
  void Acknowledge() {
    const auto groups = groups_->Groups();
    ASSERT_EQ(groups.size(), 1u);
    acknowledgements_.Set(groups[0].key,
                          {"me", "", now_.wall, EntryOf(groups[0].alerts, now_).firing});
  }
  std::string Silenced(const std::string& matchers, milliseconds time) {
    Silence silence;
    silence.matchers = *ParseMatchers(matchers);
    silence.starts_at = now_.wall;
    silence.ends_at = now_.wall + time;
    return *silences_.Set(silence, now_.wall);
  }

  Moment now_{FromMillis(1'700'000'000'000), MonoTime(hours(1000))};
  Silences silences_;
  Acknowledgements acknowledgements_;
  NotificationLog log_;
  std::unique_ptr<AlertGroups> groups_;
};

TEST_F(GroupsTest, WhoWasToldOfOneIncidentIsNotTheFirstToHearOfTheNext) {
  Put("A");
  EXPECT_THAT(Pass(minutes(17)), ElementsAre("team: A", "boss: A"));
  Put("A", false);
  EXPECT_THAT(Pass(minutes(2)), ElementsAre("team: -A", "boss: -A"));
  Put("A");
  EXPECT_THAT(Pass(minutes(14)), ElementsAre("team: A"));
  EXPECT_THAT(Pass(minutes(3)), ElementsAre("boss: A"));
}

TEST_F(GroupsTest, AnAcknowledgementEndsAlsoWhereTheEndIsNotHeard) {
  Put("A");
  ASSERT_THAT(Pass(minutes(1)), ElementsAre("team: A"));
  Acknowledge();
  const std::string id = Silenced("alertname=A", hours(1));
  Put("A", false);
  EXPECT_THAT(Pass(minutes(2)), IsEmpty());
  ASSERT_TRUE(silences_.Expire(id, now_.wall).ok());
  EXPECT_THAT(acknowledgements_.all(), IsEmpty());
  Put("A");
  EXPECT_THAT(Pass(minutes(17)), ElementsAre("boss: A")) << "nobody has taken this one on";
}

TEST_F(GroupsTest, AnAcknowledgementLastsWhileSomethingSilencedFires) {
  Put("A");
  Put("B");
  ASSERT_THAT(Pass(minutes(1)), ElementsAre("team: A B"));
  Acknowledge();
  Silenced("alertname=A", minutes(10));
  Put("B", false);
  EXPECT_THAT(Pass(minutes(5)), ElementsAre("team: -B"));
  EXPECT_THAT(Pass(minutes(40)), ElementsAre("team: A")) << "since it was told that all has ended";
}

TEST_F(GroupsTest, WhatIsAcknowledgedAndSilencedForLongIsNotPagedAfterwards) {
  Put("A");
  ASSERT_THAT(Pass(minutes(1)), ElementsAre("team: A"));
  Acknowledge();
  Silenced("alertname=A", hours(12));
  EXPECT_THAT(Pass(hours(14)), IsEmpty());
  Put("A", false);
  EXPECT_THAT(Pass(minutes(2)), ElementsAre("team: -A"));
}

/// A warning of three hours becomes critical.
void BecomeCritical(AlertGroups& groups, WallTime began, Moment now) {
  AlertEvent event;
  event.identity = {{"alertname", "A"}};
  event.labels = event.identity.With("severity", "critical");
  event.replaced_labels = event.identity.With("severity", "warning");
  event.fired_at = began;
  for (const Alert& alert : FromEvent(event, now.wall)) groups.Put(alert, now);
}

TEST_F(GroupsTest, WhatBecomesCriticalIsNewToThoseWhoHearOfCriticalOnesOnly) {
  Load(R"(
route:
  receiver: chat
  group_by: [job]
  group_wait: 10s
  group_interval: 1m
  routes: [ { matchers: [ severity=critical ], receiver: team, escalate: [ { after: 15m, receiver: boss } ] } ]
receivers: [ { name: chat, webhook_configs: [ { url: 'http://c/' } ] },
             { name: team, webhook_configs: [ { url: 'http://t/' } ] },
             { name: boss, webhook_configs: [ { url: 'http://b/' } ] } ]
)");
  const WallTime began = now_.wall;
  groups_->Put({{{"alertname", "A"}, {"severity", "warning"}}, {}, began, {}, {}, {}}, now_);
  ASSERT_THAT(Pass(hours(3)), ElementsAre("chat: A"));
  BecomeCritical(*groups_, began, now_);
  EXPECT_THAT(Pass(minutes(14)), testing::UnorderedElementsAre("chat: -A", "team: A"));
  EXPECT_THAT(Pass(minutes(2)), ElementsAre("boss: A"));
}

TEST_F(GroupsTest, WhatBecomesCriticalAmongThoseWhoHaveItEscalatesNoLater) {
  const WallTime began = now_.wall;
  groups_->Put({{{"alertname", "A"}, {"severity", "warning"}}, {}, began, {}, {}, {}}, now_);
  ASSERT_THAT(Pass(minutes(10)), ElementsAre("team: A"));
  BecomeCritical(*groups_, began, now_);
  EXPECT_THAT(Pass(minutes(6)), ElementsAre("team: A -A", "boss: A"));
}

TEST_F(GroupsTest, AReloadAfterTheClockWasSetEscalatesByTheTimeThatPassed) {
  Put("A");
  ASSERT_THAT(Pass(minutes(5)), ElementsAre("team: A"));
  now_.wall += hours(24);
  Load(kConfig);
  EXPECT_THAT(Pass(minutes(9)), IsEmpty());
  EXPECT_THAT(Pass(minutes(2)), ElementsAre("boss: A"));
}

TEST_F(GroupsTest, AcknowledgementsOfGroupsThatAReloadTookAwayEnd) {
  Put("A");
  ASSERT_THAT(Pass(minutes(1)), ElementsAre("team: A"));
  Acknowledge();
  std::string other(kConfig);
  other.replace(other.find("[job]"), 5, "[alertname]");
  Load(other);
  EXPECT_THAT(Pass(minutes(1)), ElementsAre("team: A"));
  EXPECT_THAT(acknowledgements_.all(), IsEmpty());
}

TEST_F(GroupsTest, AnEndThatWasRefusedIsToldAgainAtTheNextFlush) {
  Put("A");
  ASSERT_THAT(Pass(minutes(1)), ElementsAre("team: A"));
  Put("A", false);
  std::vector<Outgoing> out;
  for (int i = 0; i < 120 && out.empty(); ++i) {
    out = groups_->Advance(now_);
    now_.wall += seconds(1);
    now_.mono += seconds(1);
  }
  ASSERT_EQ(out.size(), 1u);
  groups_->OnRejected(out[0].destination, out[0].message, now_);  // a wrong password, say
  EXPECT_THAT(Pass(seconds(50)), IsEmpty());
  EXPECT_THAT(Pass(minutes(1)), ElementsAre("team: -A"));
  EXPECT_THAT(Pass(hours(3)), IsEmpty());
}

TEST_F(GroupsTest, AnEndThatNobodyTakesIsGivenUp) {
  Put("A");
  ASSERT_THAT(Pass(minutes(1)), ElementsAre("team: A"));
  Put("A", false);
  int attempts = 0;
  for (int i = 0; i < 6 * 3600; ++i) {
    for (const Outgoing& out : groups_->Advance(now_)) {
      ++attempts;
      groups_->OnRejected(out.destination, out.message, now_);
    }
    now_.wall += seconds(1);
    now_.mono += seconds(1);
  }
  EXPECT_GT(attempts, 100);
  EXPECT_LE(attempts, 121) << "once a group_interval for two repeat_intervals";
  EXPECT_THAT(groups_->Alerts(), IsEmpty());
}

TEST_F(GroupsTest, WhatIsSilencedBeforeItIsToldHasNotEnded) {
  Put("A");
  Put("B");
  now_.wall += seconds(10);
  now_.mono += seconds(10);
  const auto first = groups_->Advance(now_);
  ASSERT_EQ(first.size(), 1u);  // and is not delivered
  Silenced("alertname=A", hours(1));
  now_.wall += minutes(1);
  now_.mono += minutes(1);
  const auto second = groups_->Advance(now_);
  ASSERT_EQ(second.size(), 1u);
  const Message merged = Supersede(first[0].message, second[0].message, now_.wall);
  ASSERT_EQ(merged.alerts.size(), 1u);
  EXPECT_EQ(merged.alerts[0].labels.Get("alertname"), "B");
  EXPECT_FALSE(merged.alerts[0].resolved());
}

}  // namespace
}  // namespace tocsin::notify
