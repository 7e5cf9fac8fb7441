#pragma once
// How eager the detector is. The figures were chosen on seeds 1-10 and 21-40 of tests/trend/corpus;
// what each is for stands beside it.

#include <cstdint>
#include <optional>
#include <string_view>

namespace tocsin::trend {

enum class Sensitivity : std::uint8_t { kLow, kMedium, kHigh };

/// "low", "medium", "high"; nothing for other names.
std::optional<Sensitivity> SensitivityNamed(std::string_view name);

/// What is asked of a growth before it is an alarm.
struct Gates {
  /// The limit must be nearer than urgency * (hours of evidence)^1.2 times the evidence, at most
  /// max_urgency times: evidence is to be spent in proportion to what is left.
  double urgency;
  double max_urgency;
  /// The forecast is watched for this part of the evidence, or of what is left if that is less.
  double confirmation;
  /// The slope of the second half must be this part of the whole's: a plateau is no leak.
  double second_half;
  /// The middle and the last third must each bring this part of the growth: a step is no leak.
  double third;
  /// Kendall's tau over spans from three hours on.
  double long_tau;
};

struct DetectorOptions {
  Gates normal;   // the value alone is known
  Gates clear;    // work is known and does not explain the growth
  Gates unclear;  // work rises too and was never as high before
  /// While it is watched at least this part of the forecast growth must come true.
  double kept = 0.93;

  /// A clear growth that speeds up may be so many times as far from its limit; so may one above
  /// what older processes of the program hold, which needs to be watched for that part of the time.
  double speeding_up = 1;
  double above_settled = 1;

  /// Least rise that counts, of the floor: resolution of the value (a page; 1 for counts).
  double resolution = 4096;
  /// A limit further away is not urgent.
  double horizon_seconds = 7 * 86400.0;
  /// Zero is a failed read (memory), not a value (descriptors, queues).
  bool zero_is_missing = true;

  /// A floor counts only above everything that was before. Off where what was used up is given
  /// back at times and will be used up again: disks.
  bool needs_new_high = true;

  static DetectorOptions Preset(Sensitivity sensitivity);
  /// For what is to be known of growth of any kind: when is it full? Every lasting growth counts,
  /// however far away the limit is.
  static DetectorOptions Exhaustion(Sensitivity sensitivity);
};

}  // namespace tocsin::trend
