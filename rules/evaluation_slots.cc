#include "rules/evaluation_slots.h"

#include <algorithm>

namespace tocsin {

milliseconds SlotShift(std::string_view file, std::string_view group, milliseconds interval) {
  // FNV-1a, 64 bits; the zero byte keeps "a"+"bc" apart from "ab"+"c".
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3; };
  for (const char c : file) add(static_cast<unsigned char>(c));
  add(0);
  for (const char c : group) add(static_cast<unsigned char>(c));
  return milliseconds(
      static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(interval.count())));
}

WallTime SlotAt(WallTime now, milliseconds interval, milliseconds shift) {
  const std::int64_t since = (now - shift).time_since_epoch().count();
  std::int64_t within = since % interval.count();
  if (within < 0) within += interval.count();  // before 1970
  return now - milliseconds(within);
}

bool EvaluationSlots::Take(const Moment& now, Due& due) {
  const WallTime slot = SlotAt(now.wall, interval_, shift_);
  if (begun_ && slot == last_slot_) return false;
  const bool first = !begun_;
  const milliseconds by_slots = slot - last_slot_;
  const auto lived = std::chrono::duration_cast<milliseconds>(now.mono - last_taken_);
  const milliseconds passed = std::min(by_slots, lived + interval_ / 2);
  begun_ = true;
  last_slot_ = slot;
  last_taken_ = now.mono;
  due.slot = slot;
  due.missed =
      static_cast<std::uint64_t>(std::max<std::int64_t>(passed.count() / interval_.count() - 1, 0));
  return !first;
}

milliseconds EvaluationSlots::UntilNext(WallTime now) const {
  return SlotAt(now, interval_, shift_) + interval_ - now;
}

}  // namespace tocsin
