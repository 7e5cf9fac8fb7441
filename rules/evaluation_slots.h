#pragma once
// When a rule group is evaluated: at fixed slots of the wall clock, one interval apart, shifted by
// a hash of the group's name so that groups do not all run at once. Pure.

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "rules/alert_state.h"

namespace tocsin {

/// The shift of a group's slots: 0 ≤ shift < interval, the same after every restart.
milliseconds SlotShift(std::string_view file, std::string_view group, milliseconds interval);

/// The latest slot that is not after `now`.
WallTime SlotAt(WallTime now, milliseconds interval, milliseconds shift);

/// One group's place in the timetable.
class EvaluationSlots {
 public:
  EvaluationSlots(milliseconds interval, milliseconds shift) : interval_(interval), shift_(shift) {}

  struct Due {
    WallTime slot;
    std::uint64_t missed;  // slots lived through since the last one that nobody evaluated
  };

  /// True when a slot has begun that was not taken yet; it then counts as taken. The first call
  /// only notes the time: the first slot is the next one. After a step of the wall clock, in
  /// either direction, or a suspended host, one slot is due, the present one; what the clock
  /// jumped over was not missed.
  bool Take(const Moment& now, Due& due);

  /// Time until the next slot, at most the interval; whoever waits for it is late by no more than
  /// that if the clock is set meanwhile.
  milliseconds UntilNext(WallTime now) const;

  milliseconds interval() const { return interval_; }

 private:
  milliseconds interval_;
  milliseconds shift_;
  WallTime last_slot_{};
  MonoTime last_taken_{};
  bool begun_ = false;
};

}  // namespace tocsin
