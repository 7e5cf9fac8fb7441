#pragma once
// How one alert instance moves: inactive → pending → firing (warning or critical) → resolved.
// Pure functions over values; nothing here reads a clock or keeps anything.
//
// Time. `for` and `keep_firing_for` are compared with time that was *lived through* evaluation by
// evaluation (Step::elapsed, from ElapsedBetween), not with differences of wall-clock instants. So
// a clock that is set, a suspended host and a restarted agent neither fire, resolve nor reset
// anything: they add nothing to what was lived through. For evaluations that keep their interval
// it is the same sum as Prometheus's `ts - activeAt`.
//
// No data is a third answer. It is never "the condition is false": NoData decides.
//
// Reloading a rule with a longer `for` does not take back what fires: a page that went out ends
// when its condition ends, not because a file was edited. Pending instances wait for the new `for`,
// counting what they have waited already.

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "rules/alert.h"

namespace tocsin {

/// An instant on both clocks.
struct Moment {
  WallTime wall{};
  MonoTime mono{};
};

/// How much of `for` passed between two evaluations at `last` and `now`, of a group with this
/// interval: the difference of the evaluation times where the monotonic clock agrees to half an
/// interval (evaluation times are slots; what the thread was late by does not count), otherwise the
/// monotonic difference: then the wall clock was set or the host slept. At most kMaxStepIntervals
/// intervals: nobody looked in between (agent stopped, evaluation hung).
inline constexpr int kMaxStepIntervals = 4;
milliseconds ElapsedBetween(const Moment& last, const Moment& now, milliseconds interval);

enum class NoData : std::uint8_t {
  kKeep,   // nothing changes, for no_data_for; then the alert ends and says why
  kOk,     // as a false condition
  kAlert,  // as a true condition of the lowest level; a higher one that fires goes on
};

/// What one evaluation says of one level.
enum class Reading : std::uint8_t {
  kClear,    // the condition is false (beyond resolve_above/resolve_below, where given)
  kBetween,  // short of the threshold but not yet beyond the resolve threshold: no change
  kMet,
};

/// One severity of a rule.
struct LevelPolicy {
  milliseconds hold_for{0};
  milliseconds keep_firing_for{0};
  /// The condition counts as true while it was met in `met` of the last `of` evaluations that had
  /// data. 1 ≤ met ≤ of ≤ kMaxEvaluations.
  std::uint8_t met = 1;
  std::uint8_t of = 1;
  friend bool operator==(const LevelPolicy&, const LevelPolicy&) = default;
};
inline constexpr int kMaxEvaluations = 64;

/// Levels by rising severity. A plain rule has only the first.
inline constexpr std::size_t kLevels = 2;
inline constexpr std::size_t kLowLevel = 0;   // warning; or the one level of a plain rule
inline constexpr std::size_t kHighLevel = 1;  // critical

struct AlertPolicy {
  std::array<std::optional<LevelPolicy>, kLevels> levels;
  bool plain = false;  // Severity::kNone instead of kWarning
  NoData no_data = NoData::kOk;
  milliseconds no_data_for = std::chrono::hours(24);  // kKeep only
  friend bool operator==(const AlertPolicy&, const AlertPolicy&) = default;
};

/// What an instance remembers of one level.
struct LevelState {
  bool on = false;       // reached: `for` has been lived through
  bool holding = false;  // the condition is true
  bool clearing = false;
  milliseconds held{0};       // lived through since `holding` began
  milliseconds clear_for{0};  // lived through since the condition ended while `on`
  std::uint64_t recent = 0;   // met or not of the last evaluations, the latest in bit 0
  friend bool operator==(const LevelState&, const LevelState&) = default;
};

/// One alert instance as far as transitions go. A value; default: never active.
struct AlertStatus {
  AlertState state = AlertState::kInactive;
  Severity severity =
      Severity::kNone;  // while firing: the highest level reached; while pending: held
  std::array<LevelState, kLevels> levels;
  bool no_data = false;           // the last evaluation had none for this instance
  milliseconds no_data_since{0};  // lived through since
  WallTime active_at{};           // since when it is pending or firing
  WallTime fired_at{};
  WallTime severity_at{};               // since when it fires with this severity
  std::optional<WallTime> resolved_at;  // kInactive after kFiring
  friend bool operator==(const AlertStatus&, const AlertStatus&) = default;
};

/// One evaluation, as it concerns one instance.
struct Step {
  WallTime now;
  milliseconds elapsed;  // since the evaluation before
  /// Nothing: no data. Levels the rule lacks are ignored.
  std::optional<std::array<Reading, kLevels>> readings;
  // Warm-up after a start: while the samples that the rule looks back on are not there yet,
  // nothing may fire, and what is active may not end.
  bool may_fire = true;
  bool may_end = true;
};

enum class Transition : std::uint8_t {
  kNone,
  kPending,
  kFired,
  kSeverity,       // fires on, with another severity
  kResolved,       // the condition ended
  kResolvedBlind,  // no data for AlertPolicy::no_data_for
  kGone,           // was pending and is no longer
};

/// Moves `status` by one evaluation and says what happened. A resolved instance whose condition
/// becomes true begins anew.
Transition Advance(AlertStatus& status, const AlertPolicy& policy, const Step& step);

/// True if `status` is as good as a default one to later steps: inactive with nothing remembered
/// (whether it was resolved apart).
bool RemembersNothing(const AlertStatus& status);

}  // namespace tocsin
