#include "rules/alert_state.h"

#include <gtest/gtest.h>

#include <string>

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds kInterval = 15s;

AlertPolicy TwoLevels(milliseconds warning_for, milliseconds critical_for) {
  AlertPolicy policy;
  policy.levels[kLowLevel].emplace().hold_for = warning_for;
  policy.levels[kHighLevel].emplace().hold_for = critical_for;
  policy.no_data = NoData::kKeep;
  return policy;
}

AlertPolicy Plain(milliseconds hold_for, milliseconds keep_firing_for = 0s) {
  AlertPolicy policy;
  policy.plain = true;
  auto& level = policy.levels[kLowLevel].emplace();
  level.hold_for = hold_for;
  level.keep_firing_for = keep_firing_for;
  return policy;
}

/// Drives one instance with evaluations at the interval. Readings as letters: '.' clear,
/// 'w' warning met, 'C' both met, 'b' warning between, 'B' warning met and critical between,
/// '?' no data.
class Instance {
 public:
  explicit Instance(AlertPolicy p) : policy(std::move(p)) {}

  Transition Do(char letter, milliseconds elapsed = kInterval) {
    Step step{now, elapsed, std::nullopt, may_fire, may_end};
    switch (letter) {
      case '.':
        step.readings = {Reading::kClear, Reading::kClear};
        break;
      case 'w':
        step.readings = {Reading::kMet, Reading::kClear};
        break;
      case 'b':
        step.readings = {Reading::kBetween, Reading::kClear};
        break;
      case 'B':
        step.readings = {Reading::kMet, Reading::kBetween};
        break;
      case 'C':
        step.readings = {Reading::kMet, Reading::kMet};
        break;
      default:
        break;
    }
    const Transition transition = Advance(status, policy, step);
    now += kInterval;
    return transition;
  }

  /// What each evaluation leaves: '-' inactive, 'p' pending, 'f' plain firing, 'w', 'C'.
  std::string Run(std::string_view letters) {
    std::string states;
    for (const char letter : letters) {
      Do(letter);
      states += Shown();
    }
    return states;
  }

  char Shown() const {
    if (status.state == AlertState::kInactive) return '-';
    if (status.state == AlertState::kPending) return 'p';
    return status.severity == Severity::kCritical  ? 'C'
           : status.severity == Severity::kWarning ? 'w'
                                                   : 'f';
  }

  AlertPolicy policy;
  AlertStatus status;
  WallTime now = FromMillis(1'700'000'000'000);
  bool may_fire = true;
  bool may_end = true;
};

TEST(AlertStateTest, PendingBecomesFiringExactlyAtFor) {
  EXPECT_EQ(Instance(Plain(30s)).Run("wwww."), "ppff-");
  EXPECT_EQ(Instance(Plain(0s)).Run("ww.w"), "ff-f");
  EXPECT_EQ(Instance(Plain(30s)).Run("ww.ww."), "pp-pp-") << "an interruption starts anew";
}

TEST(AlertStateTest, TimesAreThoseOfTheEvaluations) {
  Instance alert(Plain(30s));
  const WallTime start = alert.now;
  EXPECT_EQ(alert.Do('w'), Transition::kPending);
  EXPECT_EQ(alert.Do('w'), Transition::kNone);
  EXPECT_EQ(alert.Do('w'), Transition::kFired);
  EXPECT_EQ(alert.status.active_at, start);
  EXPECT_EQ(alert.status.fired_at, start + 30s);
  EXPECT_EQ(alert.Do('.'), Transition::kResolved);
  EXPECT_EQ(alert.status.resolved_at, start + 45s);
  EXPECT_EQ(alert.Do('w'), Transition::kPending);
  EXPECT_EQ(alert.status.active_at, start + 60s);
  EXPECT_FALSE(alert.status.resolved_at);
  EXPECT_EQ(alert.Do('.'), Transition::kGone);
  EXPECT_FALSE(alert.status.resolved_at) << "a pending alert is not resolved, it was never sent";
}

TEST(AlertStateTest, KeepFiringForBridgesGapsAndEndsWithThem) {
  EXPECT_EQ(Instance(Plain(0s, 30s)).Run("w.w..w...."), "ffffffff--");
  EXPECT_EQ(Instance(Plain(0s, 30s)).Run("w....w"), "fff--f");
}

TEST(AlertStateTest, SeverityRisesAndFallsWithinOneAlert) {
  Instance alert(TwoLevels(60s, 30s));
  EXPECT_EQ(alert.Run("wwwww"), "ppppw");
  const WallTime fired = alert.status.fired_at;
  EXPECT_EQ(alert.Run("CC"), "ww");
  EXPECT_EQ(alert.Do('C'), Transition::kSeverity);
  EXPECT_EQ(alert.Shown(), 'C');
  EXPECT_EQ(alert.status.fired_at, fired);
  EXPECT_GT(alert.status.severity_at, fired);
  EXPECT_EQ(alert.Do('w'), Transition::kSeverity);
  EXPECT_EQ(alert.Shown(), 'w');
  EXPECT_EQ(alert.Do('.'), Transition::kResolved);
}

TEST(AlertStateTest, FallingFromCriticalNeedsNotWaitForWarningsOwnFor) {
  EXPECT_EQ(Instance(TwoLevels(5min, 15s)).Run("CCw."), "pCw-");
}

TEST(AlertStateTest, BetweenTheThresholdsNothingChanges) {
  EXPECT_EQ(Instance(TwoLevels(0s, 0s)).Run("bwbb."), "-www-");
  EXPECT_EQ(Instance(TwoLevels(0s, 0s)).Run("BCBBw."), "wCCCw-");
  EXPECT_EQ(Instance(TwoLevels(30s, 0s)).Run("wbw"), "p-p") << "between does not count as met";
}

TEST(AlertStateTest, NOfTheLastMEvaluations) {
  AlertPolicy policy = Plain(0s);
  policy.levels[kLowLevel]->met = 3;
  policy.levels[kLowLevel]->of = 5;
  EXPECT_EQ(Instance(policy).Run("w.w.w.w..."), "----f-f---");
  EXPECT_EQ(Instance(policy).Run("www....."), "--fff---");
}

TEST(AlertStateTest, NoDataKeepChangesNothingUntilItsLimit) {
  Instance alert(TwoLevels(30s, 30s));
  alert.policy.no_data_for = 45s;
  EXPECT_EQ(alert.Run("w?w?w"), "ppppw") << "no time passes for `for` while nothing is known";
  EXPECT_EQ(alert.Run("???"), "www");
  EXPECT_EQ(alert.Do('?'), Transition::kResolvedBlind);
  EXPECT_TRUE(alert.status.resolved_at);
  EXPECT_TRUE(RemembersNothing(alert.status));
}

TEST(AlertStateTest, NoDataOkEndsAndNoDataAlertFires) {
  Instance ok(TwoLevels(0s, 0s));
  ok.policy.no_data = NoData::kOk;
  EXPECT_EQ(ok.Run("C?"), "C-");

  Instance alarm(TwoLevels(15s, 0s));
  alarm.policy.no_data = NoData::kAlert;
  EXPECT_EQ(alarm.Run(".??"), "-pw");
  EXPECT_EQ(alarm.Run("C??."), "CCC-") << "not knowing does not make it less severe";

  Instance critical_only(TwoLevels(0s, 0s));
  critical_only.policy.no_data = NoData::kAlert;
  critical_only.policy.levels[kLowLevel].reset();
  EXPECT_EQ(critical_only.Run("?"), "C");
}

TEST(AlertStateTest, WarmUpNeitherFiresNorEnds) {
  Instance alert(TwoLevels(15s, 15s));
  alert.may_fire = false;
  EXPECT_EQ(alert.Run("www"), "ppp");
  alert.may_fire = true;
  EXPECT_EQ(alert.Run("w"), "w") << "what was lived through counts";
  alert.may_end = false;
  EXPECT_EQ(alert.Run(".?."), "www");
  alert.may_end = true;
  EXPECT_EQ(alert.Run("."), "-");

  Instance restored(TwoLevels(30s, 30s));
  restored.Run("ww");
  restored.may_end = false;
  EXPECT_EQ(restored.Run("."), "p");
  restored.may_end = true;
  EXPECT_EQ(restored.Run("w"), "w") << "the `for` of a restored pending alert is not reset";
}

TEST(AlertStateTest, ReloadThatLengthensForDoesNotTakeBackWhatFires) {
  Instance alert(Plain(15s));
  EXPECT_EQ(alert.Run("ww"), "pf");
  alert.policy = Plain(1h);
  EXPECT_EQ(alert.Run("w"), "f");
  Instance pending(Plain(60s));
  EXPECT_EQ(pending.Run("www"), "ppp");
  pending.policy = Plain(45s);
  EXPECT_EQ(pending.Run("w"), "f");
}

TEST(AlertStateTest, ReloadThatTakesTheSeverityAwayGoesOnAsTheOther) {
  Instance alert(TwoLevels(1h, 0s));
  EXPECT_EQ(alert.Run("C"), "C");
  alert.policy.levels[kHighLevel].reset();
  EXPECT_EQ(alert.Run("w."), "w-");
}

TEST(ElapsedTest, SlotsWhereTheClocksAgree) {
  const Moment last{FromMillis(1'000'000), MonoTime(1000s)};
  const auto after = [&](milliseconds wall, milliseconds mono) {
    return ElapsedBetween(last, {last.wall + wall, last.mono + mono}, 15s);
  };
  EXPECT_EQ(after(15s, 14990ms), 15s) << "lateness of the thread does not count";
  EXPECT_EQ(after(30s, 31s), 30s) << "a skipped evaluation was lived through";
  EXPECT_EQ(after(24h, 15s), 15s) << "clock set forward";
  EXPECT_EQ(after(-24h, 15s), 15s) << "clock set back";
  EXPECT_EQ(after(8h, 20s), 20s) << "suspended: the monotonic clock stood still";
  EXPECT_EQ(after(8h, 8h), 60s) << "stopped: nobody looked";
  EXPECT_EQ(after(-1s, -1s), 0s);
}

}  // namespace
}  // namespace tocsin
