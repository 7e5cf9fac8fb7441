#pragma once
#include <optional>

#include "base/clock.h"
#include "collectors/collector.h"

namespace tocsin {

/// Tells in which rounds something that changes rarely is due to be looked at again.
class Every {
 public:
  explicit Every(nanoseconds period) : period_(period) {}

  /// True in the first round and whenever the period has passed since it was last true.
  bool Due(const RoundContext& round) {
    // The deadline is a round's only instant on the monotonic clock; all of a collector's rounds
    // have the same time until it.
    if (last_ && round.deadline - *last_ < period_) return false;
    last_ = round.deadline;
    return true;
  }
  /// The next round is due whatever the time.
  void Reset() { last_.reset(); }

 private:
  const nanoseconds period_;
  std::optional<MonoTime> last_;
};

}  // namespace tocsin
