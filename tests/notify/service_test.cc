#include "notify/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/time_text.h"
#include "tests/base/temp_folder.h"
#include "tests/notify/fault_vfs.h"
#include "tests/notify/scripted_transport.h"

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kConfig = R"(
route: { receiver: team, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 1h }
receivers:
  - { name: team, webhook_configs: [ { url: 'http://hook/' } ] }
)";

/// Says of each alert how many it has described.
class CountingContext final : public PageContext {
 public:
  Labels Describe(const Alert&, const ContextSettings&, WallTime) override {
    return {{"last_hour", "seen " + std::to_string(++described)}, {"summary", "not mine to say"}};
  }
  int described = 0;
};

/// The service with a scripted network, a manual clock and a state folder: Restart() is a crash and
/// a new start.
class ServiceTest : public testing::Test {
 protected:
  ServiceTest() {
    FaultVfs::Get().FailAt(0, 0, FaultVfs::After::kWorksAgain);
    Restart(kConfig);
  }

  void Restart(std::string_view config) {
    service_.reset();
    auto state = StateStore::Open({folder_.path(), FaultVfs::kName}, clock_.Wall());
    ASSERT_TRUE(state.ok()) << state.error().message();
    auto transport = std::make_unique<ScriptedTransport>();
    transport_ = transport.get();
    service_ =
        std::make_unique<Notifications>(clock_, NotificationParts{.transport = std::move(transport),
                                                                  .seed = 7,
                                                                  .state = *std::move(state),
                                                                  .link_key = "key",
                                                                  .context = &context_});
    Apply(config);
  }
  void Apply(std::string_view text) {
    const auto file = ParseYaml(text, "t.yml");
    auto config = ReadNotifyConfig(
        *file, *file->root,
        {.external_url = "http://agent", .identity = Labels{{"instance", "web1"}}});
    ASSERT_TRUE(config.ok()) << config.error().message();
    service_->Apply(*std::move(config));
  }
  void Send(const std::string& name, AlertState state = AlertState::kFiring,
            std::optional<WallTime> since = {}) {
    AlertEvent event;
    event.identity = {{"alertname", name}};
    event.labels = event.identity;
    event.state = state;
    event.fired_at = since.value_or(clock_.Wall());
    event.resolved_at = clock_.Wall();
    event.valid_until = clock_.Wall() + minutes(4);
    service_->Send(std::span(&event, 1));
  }
  void Round() { service_->RunOnce(hours(1)); }
  /// Time passes, second by second; every request is answered with `status` (0: not at all).
  /// Returns what was posted.
  std::vector<std::string> Pass(milliseconds time, int status = 200) {
    std::vector<std::string> posted;
    const std::size_t before = transport_->started.size();
    for (milliseconds t{0}; t <= time; t += seconds(1)) {
      Round();
      while (status != 0 && transport_->AnswerTo("http", WithStatus(status))) Round();
      if (t < time) clock_.Advance(seconds(1));
    }
    for (std::size_t i = before; i < transport_->started.size(); ++i) {
      posted.push_back(transport_->started[i].http().body);
    }
    return posted;
  }

  TempFolder folder_;
  CountingContext context_;
  ManualClock clock_{FromMillis(1'700'000'000'000)};
  ScriptedTransport* transport_ = nullptr;
  std::unique_ptr<Notifications> service_;
};

TEST_F(ServiceTest, GroupsWaitAndTellOnce) {
  Send("A");
  EXPECT_THAT(Pass(seconds(9)), IsEmpty());
  EXPECT_THAT(Pass(seconds(2)), ElementsAre(HasSubstr(R"("status":"firing")")));
  Send("A");
  EXPECT_THAT(Pass(minutes(30)), IsEmpty());
  EXPECT_THAT(Pass(minutes(32)), ElementsAre(HasSubstr("firing"))) << "repeat_interval";
  Send("A", AlertState::kInactive);
  EXPECT_THAT(Pass(minutes(2)), ElementsAre(HasSubstr(R"("status":"resolved")")));
  EXPECT_THAT(Pass(hours(2)), IsEmpty());
}

TEST_F(ServiceTest, ARestartRepeatsNothing) {
  Send("A");
  ASSERT_EQ(Pass(seconds(11)).size(), 1u);
  Restart(kConfig);
  Send("A");
  EXPECT_THAT(Pass(minutes(30)), IsEmpty());
  Restart(kConfig);
  Send("A", AlertState::kInactive);
  EXPECT_THAT(Pass(minutes(2)), ElementsAre(HasSubstr(R"("status":"resolved")")));
}

TEST_F(ServiceTest, WhatIsUndeliveredSurvivesUnderTheSameKey) {
  Send("A");
  const auto before = Pass(seconds(11), 0);
  ASSERT_EQ(before.size(), 1u);
  Restart(kConfig);
  const auto after = Pass(seconds(1));
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(after[0], before[0]);
  Restart(kConfig);
  EXPECT_THAT(Pass(minutes(10)), IsEmpty());
}

TEST_F(ServiceTest, FiredAndEndedWhileTheReceiverWasDownIsToldAsResolved) {
  Send("A");
  Pass(seconds(20), 503);
  Send("A", AlertState::kInactive);
  Pass(minutes(3), 503);
  const auto posted = Pass(minutes(2));
  ASSERT_EQ(posted.size(), 1u);
  EXPECT_THAT(posted[0], HasSubstr(R"("status":"resolved")"));
  EXPECT_THAT(Pass(hours(1)), IsEmpty());
}

TEST_F(ServiceTest, AReceiverThatIsNotToldOfEndsHearsNothingLate) {
  Restart(R"(
route: { receiver: team, group_by: [alertname], group_wait: 10s, group_interval: 1m }
receivers:
  - { name: team, webhook_configs: [ { url: 'http://hook/', send_resolved: false } ] }
)");
  Send("A");
  Pass(seconds(20), 503);
  Send("A", AlertState::kInactive);
  const std::size_t before = transport_->started.size();
  Pass(minutes(2), 503);
  const std::size_t attempts = transport_->started.size() - before;
  EXPECT_THAT(Pass(minutes(10)), IsEmpty()) << attempts;
  EXPECT_EQ(service_->Stats()[0].queued, 0u);
}

TEST_F(ServiceTest, SilencesMuteAndSurvive) {
  Silence silence;
  silence.matchers = *ParseMatchers("alertname=A");
  silence.starts_at = clock_.Wall();
  silence.ends_at = clock_.Wall() + minutes(30);
  const auto id = service_->SetSilence(silence);
  ASSERT_TRUE(id.ok());
  Restart(kConfig);
  Send("A");
  Send("B");
  EXPECT_THAT(Pass(minutes(5)), ElementsAre(HasSubstr(R"("alertname":"B")")));
  ASSERT_EQ(service_->Alerts().size(), 2u);
  for (const AlertView& view : service_->Alerts()) {
    EXPECT_EQ(view.muting.silenced_by.size(), view.alert.labels.Get("alertname") == "A" ? 1u : 0u);
    EXPECT_THAT(view.receivers, ElementsAre("team"));
  }
  ASSERT_TRUE(service_->ExpireSilence(*id).ok());
  Restart(kConfig);
  Send("A");
  EXPECT_THAT(Pass(minutes(1)), ElementsAre(HasSubstr(R"("alertname":"A")")));
}

TEST_F(ServiceTest, ClockStepsNeitherRepeatNorStall) {
  Send("A");
  ASSERT_EQ(Pass(seconds(11)).size(), 1u);
  clock_.StepWall(hours(24));
  EXPECT_THAT(Pass(minutes(30)), IsEmpty());
  clock_.StepWall(-hours(48));
  EXPECT_THAT(Pass(minutes(32)).size(), 1u) << "repeat_interval by the monotonic clock";
  Send("B");
  EXPECT_EQ(Pass(minutes(1)).size(), 1u);
}

TEST_F(ServiceTest, GoesOnInMemoryWithoutADiskAndCatchesUp) {
  FaultVfs::Get().FailAt(1, SQLITE_FULL, FaultVfs::After::kDead);
  Send("A");
  EXPECT_EQ(Pass(seconds(11)).size(), 1u);
  ASSERT_TRUE(service_->State());
  EXPECT_FALSE(service_->State()->healthy);
  Send("B");
  Pass(seconds(20), 503);  // B stays undelivered
  FaultVfs::Get().FailAt(0, 0, FaultVfs::After::kWorksAgain);
  Pass(seconds(11), 503);
  EXPECT_TRUE(service_->State()->healthy);
  Restart(kConfig);
  const auto posted = Pass(minutes(1));
  ASSERT_EQ(posted.size(), 1u) << "B and not A again";
  EXPECT_THAT(posted[0], HasSubstr(R"("alertname":"B")"));
}

TEST_F(ServiceTest, AReloadRepeatsNothingAndKeepsWhatIsQueued) {
  Send("A");
  ASSERT_EQ(Pass(seconds(11)).size(), 1u);
  Send("B");
  Pass(seconds(11), 0);
  const std::string changed = std::string(kConfig) + "  - { name: other }\n";
  Apply(changed);
  EXPECT_TRUE(transport_->AnswerTo("http://hook", WithStatus(200)));
  EXPECT_THAT(Pass(minutes(10)), IsEmpty());
}

constexpr std::string_view kEscalation = R"(
route:
  receiver: team
  group_by: [alertname]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 30m
  escalate: [ { after: 15m, receiver: boss } ]
receivers:
  - { name: team, webhook_configs: [ { url: 'http://hook/' } ] }
  - { name: boss, webhook_configs: [ { url: 'http://boss/' } ] }
)";

TEST_F(ServiceTest, EscalatesWhenNobodyAcknowledges) {
  Restart(kEscalation);
  Send("A");
  ASSERT_THAT(Pass(minutes(14)), ElementsAre(HasSubstr(R"("receiver":"team")")));
  ASSERT_THAT(Pass(minutes(2)), ElementsAre(HasSubstr(R"("receiver":"boss")")));
  Send("A", AlertState::kInactive);
  EXPECT_THAT(Pass(minutes(2)), ElementsAre(HasSubstr("resolved"), HasSubstr("resolved")));
}

TEST_F(ServiceTest, AnAcknowledgementMutesUntilResolvedAndSurvives) {
  Restart(kEscalation);
  Send("A");
  ASSERT_EQ(Pass(seconds(11)).size(), 1u);
  EXPECT_EQ(service_->Acknowledge("nonsense", "me", "").error().code(), Errc::kNotFound);
  ASSERT_TRUE(service_->Acknowledge(service_->Groups()[0].key, "me", "on it").ok());
  EXPECT_EQ(service_->Groups()[0].acknowledged->by, "me");
  EXPECT_THAT(Pass(hours(3)), IsEmpty()) << "neither repeated nor escalated";
  Restart(kEscalation);
  Send("A");
  EXPECT_THAT(Pass(minutes(40)), IsEmpty());
  Send("A", AlertState::kInactive);
  EXPECT_THAT(Pass(minutes(2)), ElementsAre(HasSubstr("resolved")));
  Send("A");
  EXPECT_THAT(Pass(minutes(2)), ElementsAre(HasSubstr("firing"))) << "a new incident pages again";
}

/// Until when the (only) alert that was posted may be believed.
std::string EndOf(const std::string& posted) {
  const std::size_t at = posted.find(R"("endsAt":")");
  return at == std::string::npos ? "" : posted.substr(at + 10, 24);
}

constexpr std::string_view kAlertmanager = R"(
route: { receiver: am, group_by: [team], group_wait: 10s, group_interval: 10m, repeat_interval: 4h }
receivers: [ { name: am, alertmanager_configs: [ { url: 'http://am/' } ] } ]
)";

TEST_F(ServiceTest, WhatAnAlertmanagerBehindARouteKnowsDoesNotEndByItself) {
  Restart(kAlertmanager);
  Send("A");
  std::string known = Rfc3339Millis(clock_.Wall() + minutes(1));
  const auto pass = [&](minutes time) {
    std::size_t posts = 0;
    for (minutes t{0}; t < time; ++t) {
      for (const std::string& body : Pass(minutes(1))) {
        EXPECT_THAT(body, testing::Not(HasSubstr(R"("alertname":"B")")));
        known = EndOf(body);
        ++posts;
      }
      EXPECT_GT(known, Rfc3339Millis(clock_.Wall()));
    }
    return posts;
  };
  EXPECT_EQ(pass(minutes(61)), 7u) << "once, and again with each flush";
  ASSERT_TRUE(service_->Acknowledge(service_->Groups()[0].key, "me", "").ok());
  EXPECT_EQ(pass(minutes(30)), 3u) << "acknowledged is not ended";
  Silence silence;
  silence.matchers = *ParseMatchers("alertname=~A|B");
  silence.starts_at = clock_.Wall();
  silence.ends_at = clock_.Wall() + hours(30);
  ASSERT_TRUE(service_->SetSilence(silence));
  Send("B");
  EXPECT_EQ(pass(minutes(30)), 3u) << "nor is silenced";
  Restart(kAlertmanager);
  Send("A");
  EXPECT_EQ(pass(minutes(31)), 3u) << "nor is a restart an end";
  Send("A", AlertState::kInactive);
  EXPECT_THAT(Pass(hours(1)), IsEmpty()) << "what has ended is left to end";
}

TEST_F(ServiceTest, AnAlertmanagerThatWasDownHearsWhatIsStillTrue) {
  Restart(kAlertmanager);
  Send("A");
  Pass(hours(6), 503);
  const std::string up = Rfc3339Millis(clock_.Wall() + minutes(20));
  const auto posted = Pass(minutes(10));
  ASSERT_FALSE(posted.empty());
  EXPECT_GT(EndOf(posted[0]), up);
}

TEST_F(ServiceTest, StateThatCanBeReadOnlyLaterIsTakenUpThen) {
  Silence silence;
  silence.matchers = *ParseMatchers("alertname=B");
  silence.starts_at = clock_.Wall();
  silence.ends_at = clock_.Wall() + hours(30);
  const auto old_silence = service_->SetSilence(silence);
  ASSERT_TRUE(old_silence);
  Send("A");
  ASSERT_EQ(Pass(seconds(11)).size(), 1u);
  ASSERT_TRUE(service_->Acknowledge(service_->Groups()[0].key, "me", "").ok());
  service_.reset();
  const std::string away = folder_.path().string() + "-away";
  std::filesystem::rename(folder_.path(), away);
  std::ofstream(folder_.path()) << "in the way";
  Restart(kConfig);
  Send("A");
  EXPECT_EQ(Pass(seconds(20)).size(), 1u) << "that it was told is not known";
  const auto new_silence = service_->SetSilence(silence);
  ASSERT_TRUE(new_silence);
  EXPECT_FALSE(service_->State()->healthy);
  std::filesystem::remove(folder_.path());
  std::filesystem::rename(away, folder_.path());
  EXPECT_THAT(Pass(seconds(20)), IsEmpty());
  EXPECT_TRUE(service_->State()->healthy);
  Restart(kConfig);
  EXPECT_EQ(service_->AllSilences().size(), 2u) << "of both lives";
  Send("A");
  EXPECT_THAT(Pass(seconds(30)), IsEmpty());
  EXPECT_EQ(service_->Groups()[0].acknowledged->by, "me");
}

TEST_F(ServiceTest, WhatIsTakenBackIsPagedAndEscalatedFromThen) {
  Restart(kEscalation);
  Send("A");
  ASSERT_EQ(Pass(seconds(11)).size(), 1u);
  const WallTime began = clock_.Wall();
  const std::string key = service_->Groups()[0].key;
  EXPECT_EQ(service_->WithdrawAcknowledgement("nonsense").error().code(), Errc::kNotFound);
  EXPECT_EQ(service_->WithdrawAcknowledgement(key).error().code(), Errc::kInvalid);
  ASSERT_TRUE(service_->Acknowledge(key, "me", "").ok());
  EXPECT_THAT(Pass(hours(3)), IsEmpty());
  ASSERT_TRUE(service_->WithdrawAcknowledgement(GroupHash(key)).ok());
  EXPECT_FALSE(service_->Groups()[0].acknowledged);
  EXPECT_THAT(Pass(seconds(1)), ElementsAre(HasSubstr(R"("receiver":"team")")))
      << "it is nobody's again";
  EXPECT_THAT(Pass(minutes(10)), IsEmpty()) << "it fires for hours, but nobody has had it for 10m";
  Restart(kEscalation);
  Send("A", AlertState::kFiring, began);
  EXPECT_THAT(Pass(minutes(4)), IsEmpty()) << "a restart does not forget when it was taken back";
  EXPECT_THAT(Pass(minutes(2)), ElementsAre(HasSubstr(R"("receiver":"boss")")));
  ASSERT_TRUE(service_->Acknowledge(key, "you", "").ok());
  EXPECT_THAT(Pass(hours(1)), IsEmpty());
  Send("A", AlertState::kInactive);
  EXPECT_THAT(Pass(minutes(2)), ElementsAre(HasSubstr("resolved"), HasSubstr("resolved")));
}

TEST_F(ServiceTest, AStepToTheSameReceiverPagesAgainOnceAlsoAcrossARestart) {
  constexpr std::string_view config = R"(
route:
  receiver: team
  group_by: [job]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 12h
  escalate: [ { after: 15m, receiver: team }, { after: 30m, receiver: team } ]
receivers: [ { name: team, webhook_configs: [ { url: 'http://hook/' } ] } ]
)";
  Restart(config);
  Send("A");
  ASSERT_EQ(Pass(minutes(14)).size(), 1u);
  const WallTime began = clock_.Wall();
  Restart(config);
  Send("A", AlertState::kFiring, began - minutes(14));
  EXPECT_EQ(Pass(minutes(2)).size(), 1u) << "15 minutes after it began, not after the restart";
  Restart(config);
  Send("A", AlertState::kFiring, began - minutes(14));
  EXPECT_THAT(Pass(minutes(13)), IsEmpty());
  EXPECT_EQ(Pass(minutes(2)).size(), 1u);
  EXPECT_THAT(Pass(hours(3)), IsEmpty());
}

TEST_F(ServiceTest, WhatJoinsAnAcknowledgedGroupPagesAndEscalatesByItsOwnTime) {
  constexpr std::string_view config = R"(
route:
  { receiver: team, group_by: [job], group_wait: 10s, group_interval: 1m, repeat_interval: 12h,
    escalate: [ { after: 15m, receiver: boss } ] }
receivers:
  - { name: team, webhook_configs: [ { url: 'http://hook/' } ] }
  - { name: boss, webhook_configs: [ { url: 'http://boss/' } ] }
)";
  Restart(config);
  Send("A");
  ASSERT_EQ(Pass(seconds(11)).size(), 1u);
  ASSERT_TRUE(service_->Acknowledge(service_->Groups()[0].key, "me", "").ok());
  EXPECT_THAT(Pass(minutes(60)), IsEmpty());
  Send("B");
  EXPECT_THAT(Pass(minutes(10)), ElementsAre(HasSubstr(R"("alertname":"B")")));
  EXPECT_THAT(Pass(minutes(6)), ElementsAre(HasSubstr(R"("receiver":"boss")")));
  Send("A", AlertState::kInactive);
  EXPECT_THAT(Pass(minutes(2)), testing::SizeIs(2)) << "both hear that A has ended";
}

TEST_F(ServiceTest, PagesCarryContextAndALinkThatAcknowledges) {
  Restart(std::string(kConfig) + "page: { acknowledge_link: true, sparkline: true }\n");
  for (int i = 0; i < 7; ++i) {
    AlertEvent event;
    event.identity = {{"alertname", "A"}, {"disk", std::to_string(i)}};
    event.labels = event.identity;
    event.annotations = {{"summary", "mine"}};
    event.fired_at = clock_.Wall();
    event.valid_until = clock_.Wall() + minutes(4);
    service_->Send(std::span(&event, 1));
  }
  const auto posted = Pass(seconds(11), 0);
  ASSERT_EQ(posted.size(), 1u);
  EXPECT_EQ(context_.described, 5) << "bounded";
  EXPECT_THAT(posted[0], HasSubstr(R"("last_hour":"seen 5")"));
  EXPECT_THAT(posted[0], HasSubstr(R"("commonAnnotations":{"summary":"mine"})"));
  const std::string link = R"("acknowledge_url":"http://agent/acknowledge?)";
  const auto at = posted[0].find(link);
  ASSERT_NE(at, std::string::npos) << posted[0];
  ASSERT_TRUE(service_->Acknowledge(GroupHash(service_->Groups()[0].key), "me", "").ok());
  const std::string query =
      service_->links().Query(service_->Groups()[0].key, clock_.Wall() - seconds(1));
  EXPECT_EQ(posted[0].substr(at + link.size(), query.find("until=")),
            query.substr(0, query.find("until=")));
  Restart(std::string(kConfig) + "page: { acknowledge_link: true, sparkline: true }\n");
  EXPECT_THAT(Pass(seconds(1)), ElementsAre(posted[0])) << "kept as it was, link and context";
}

TEST_F(ServiceTest, LinksAreSignedAndEnd) {
  const LinkSigner& links = service_->links();
  const WallTime now = clock_.Wall();
  const std::string query = links.Query("group", now);
  const auto part = [&](const std::string& name) {
    const auto begin = query.find(name + "=") + name.size() + 1;
    return query.substr(begin, query.find('&', begin) - begin);
  };
  const std::string group = part("group");
  const std::string until = part("until");
  const std::string signature = part("signature");
  EXPECT_EQ(group, GroupHash("group"));
  EXPECT_TRUE(links.Check(group, until, signature, now + LinkSigner::kLife).ok());
  EXPECT_EQ(
      links.Check(group, until, signature, now + LinkSigner::kLife + seconds(1)).error().code(),
      Errc::kTimeout);
  const std::string later = std::to_string(std::stoll(until) + 1);
  EXPECT_EQ(links.Check(group, later, signature, now).error().code(), Errc::kInvalid);
  EXPECT_EQ(links.Check(GroupHash("other"), until, signature, now).error().code(), Errc::kInvalid);
  EXPECT_FALSE(links.Check(group, until, "", now).ok());
  EXPECT_FALSE(LinkSigner("another key").Check(group, until, signature, now).ok());
}

TEST_F(ServiceTest, TheLinkKeyIsKeptAndOnlyItsOwnerReadsIt) {
  const auto key = KeepLinkKey(folder_.path());
  ASSERT_TRUE(key.ok()) << key.error().message();
  EXPECT_EQ(key->size(), 32u);
  EXPECT_EQ(*KeepLinkKey(folder_.path()), *key);
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "acknowledge.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_FALSE(KeepLinkKey(folder_ / "nowhere").ok());
}

TEST_F(ServiceTest, HeartbeatsGoOutWhileRulesAreEvaluated) {
  Restart("heartbeat: { every: 1m, url: 'http://deadman/' }\n");
  EXPECT_THAT(Pass(minutes(2)), IsEmpty()) << "no rules are evaluated yet";
  service_->NoteEvaluation();
  EXPECT_EQ(Pass(seconds(59)).size(), 1u);
  EXPECT_EQ(transport_->started.back().http().method, "GET");
  service_->NoteEvaluation();
  EXPECT_EQ(Pass(minutes(1)).size(), 1u);
  EXPECT_THAT(Pass(minutes(10)), testing::SizeIs(testing::Le(1u))) << "the rules hang";
  service_->NoteEvaluation();
  EXPECT_EQ(Pass(seconds(2)).size(), 1u);
  for (int i = 0; i < 5; ++i) {
    service_->NoteEvaluation();
    Pass(seconds(40), 503);
  }
  EXPECT_EQ(service_->Stats()[0].queued, 1u) << "a newer one takes the place of an older one";
}

TEST_F(ServiceTest, AHeartbeatMayGoToAReceiver) {
  Restart(std::string(kConfig) + "heartbeat: { every: 5m, receiver: team }\n");
  for (int i = 0; i < 20; ++i) {
    service_->NoteEvaluation();
    const auto posted = Pass(minutes(1) - seconds(1));
    clock_.Advance(seconds(1));
    EXPECT_EQ(posted.size(), i % 5 == 0 ? 1u : 0u) << i;
    if (!posted.empty()) {
      EXPECT_THAT(posted[0], HasSubstr(R"("alertname":"TocsinHeartbeat","instance":"web1")"));
    }
  }
}

TEST_F(ServiceTest, AlertsComeBackAsTheyWereSent) {
  AlertRecord record;
  record.identity = {{"alertname", "A"}};
  record.sent_labels = Labels{{"alertname", "A"}};
  record.status.fired_at = clock_.Wall();
  Send("A");
  service_->SaveAlerts(std::span(&record, 1));
  ASSERT_EQ(Pass(seconds(11)).size(), 1u);
  Restart(kConfig);
  EXPECT_THAT(service_->TakeAlertRecords(), ElementsAre(record));
  EXPECT_THAT(service_->TakeAlertRecords(), IsEmpty());
  EXPECT_EQ(service_->Alerts().size(), 1u) << "known before the rules tell it again";
  EXPECT_THAT(Pass(minutes(10)), IsEmpty());
}

}  // namespace
}  // namespace tocsin::notify
