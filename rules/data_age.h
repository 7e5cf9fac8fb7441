#pragma once
// For how long samples have been taken without a break of the clock: RuleContext::data_age.

#include "base/clock.h"
#include "rules/alert_state.h"

namespace tocsin {

/// Begins anew when the wall clock is set or the host slept: the samples from before lie elsewhere
/// in time then, and what looks back finds none of them, or a counter that seems to have grown by
/// an hour in a moment. A step within kTolerated leaves the windows of rules mostly whole, and the
/// store takes no more than that for samples that come late.
class DataAge {
 public:
  static constexpr milliseconds kTolerated = std::chrono::minutes(1);

  explicit DataAge(const Moment& started) : last_(started), since_(started.mono) {}

  /// The age at `now`; calls follow each other within seconds.
  milliseconds At(const Moment& now);

 private:
  Moment last_;
  MonoTime since_;
};

}  // namespace tocsin
