#include "rules/alert_state.h"

#include <algorithm>
#include <bit>

namespace tocsin {
namespace {

constexpr std::uint64_t Last(std::uint8_t count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

/// `higher`: the level above, already advanced. Where it is reached, so is this one; while its
/// condition is true, this one does not end.
void AdvanceLevel(LevelState& level, const LevelPolicy& policy, Reading reading, const Step& step,
                  const LevelState& higher) {
  if (reading == Reading::kClear && !step.may_end) return;

  const bool met = reading == Reading::kMet || (reading == Reading::kBetween && level.on);
  level.recent = ((level.recent << 1) | (met ? 1U : 0U)) & Last(policy.of);
  const bool holds = std::popcount(level.recent) >= policy.met;

  // So that an alert that comes down from critical goes on as warning without waiting for
  // warning's own `for`.
  if (higher.on) level.on = true;
  if (holds) {
    level.held = level.holding ? level.held + step.elapsed : milliseconds(0);
    level.clearing = false;
    level.clear_for = milliseconds(0);
    if (level.held >= policy.hold_for && step.may_fire) level.on = true;
  } else {
    level.held = milliseconds(0);
    if (level.on) {
      level.clear_for = level.clearing ? level.clear_for + step.elapsed : milliseconds(0);
      level.clearing = true;
      const bool ends = level.clear_for >= policy.keep_firing_for && step.may_end;
      if (ends && !higher.holding && !higher.on) level.on = false;
    }
  }
  level.holding = holds;
  if (!level.on) {
    level.clearing = false;
    level.clear_for = milliseconds(0);
  }
}

Severity SeverityOf(const AlertPolicy& policy, std::size_t level) {
  if (policy.plain) return Severity::kNone;
  return level == kHighLevel ? Severity::kCritical : Severity::kWarning;
}

/// Back to inactive; what happened in the last evaluations stays known.
void End(AlertStatus& status, WallTime now) {
  AlertStatus ended;
  if (status.state == AlertState::kFiring) ended.resolved_at = now;
  for (std::size_t i = 0; i < kLevels; ++i) ended.levels[i].recent = status.levels[i].recent;
  ended.no_data = status.no_data;
  ended.no_data_since = status.no_data_since;
  ended.active_at = status.active_at;
  ended.fired_at = status.fired_at;
  ended.severity_at = status.severity_at;
  ended.severity = status.severity;
  status = ended;
}

/// The state that the levels amount to, and the transition that leads there.
Transition Settle(AlertStatus& status, const AlertPolicy& policy, WallTime now) {
  std::optional<std::size_t> on, held;
  for (std::size_t i = 0; i < kLevels; ++i) {
    if (status.levels[i].on) on = i;
    if (status.levels[i].holding) held = i;
  }
  const AlertState before = status.state;
  const Severity severity_before = status.severity;
  if (!on && !held) {
    if (before == AlertState::kInactive) return Transition::kNone;
    End(status, now);
    return before == AlertState::kFiring ? Transition::kResolved : Transition::kGone;
  }
  if (!on && before == AlertState::kFiring) {
    // A reload took away the severity it fires with: it goes on as the one that holds.
    status.levels[*held].on = true;
    on = held;
  }
  if (before == AlertState::kInactive) {
    status.active_at = now;
    status.fired_at = {};
    status.severity_at = {};
    status.resolved_at.reset();
  }
  status.severity = SeverityOf(policy, on ? *on : *held);
  if (!on) {
    status.state = AlertState::kPending;
    return before == AlertState::kPending ? Transition::kNone : Transition::kPending;
  }
  status.state = AlertState::kFiring;
  if (before != AlertState::kFiring) {
    status.fired_at = now;
    status.severity_at = now;
    return Transition::kFired;
  }
  if (status.severity == severity_before) return Transition::kNone;
  status.severity_at = now;
  return Transition::kSeverity;
}

std::array<Reading, kLevels> ReadingsOfNoData(const AlertPolicy& policy) {
  std::array<Reading, kLevels> readings{Reading::kClear, Reading::kClear};
  if (policy.no_data != NoData::kAlert) return readings;
  // The lowest level that the rule has; a level above that fires is neither met nor clear.
  if (policy.levels[kLowLevel]) return {Reading::kMet, Reading::kBetween};
  return {Reading::kClear, Reading::kMet};
}

}  // namespace

milliseconds ElapsedBetween(const Moment& last, const Moment& now, milliseconds interval) {
  const milliseconds by_slots = now.wall - last.wall;
  const auto by_mono = std::chrono::duration_cast<milliseconds>(now.mono - last.mono);
  const bool agree = std::chrono::abs(by_slots - by_mono) * 2 <= interval;
  return std::clamp(agree ? by_slots : by_mono, milliseconds(0), interval * kMaxStepIntervals);
}

Transition Advance(AlertStatus& status, const AlertPolicy& policy, const Step& step) {
  status.no_data_since =
      !step.readings && status.no_data ? status.no_data_since + step.elapsed : milliseconds(0);
  status.no_data = !step.readings;

  if (!step.readings && policy.no_data == NoData::kKeep) {
    if (status.no_data_since < policy.no_data_for || !step.may_end) return Transition::kNone;
    for (LevelState& level : status.levels) level.recent = 0;
    const AlertState before = status.state;
    if (before == AlertState::kInactive) return Transition::kNone;
    End(status, step.now);
    return before == AlertState::kFiring ? Transition::kResolvedBlind : Transition::kGone;
  }

  const auto readings = step.readings ? *step.readings : ReadingsOfNoData(policy);
  const LevelState none;
  for (std::size_t i = kLevels; i-- > 0;) {
    if (!policy.levels[i]) {
      status.levels[i] = {};  // a reload took this severity away
      continue;
    }
    AdvanceLevel(status.levels[i], *policy.levels[i], readings[i], step,
                 i == kHighLevel ? none : status.levels[kHighLevel]);
  }
  return Settle(status, policy, step.now);
}

bool RemembersNothing(const AlertStatus& status) {
  if (status.state != AlertState::kInactive) return false;
  return std::all_of(status.levels.begin(), status.levels.end(),
                     [](const LevelState& level) { return level.recent == 0; });
}

}  // namespace tocsin
