#include "rules/trend/options.h"

namespace tocsin::trend {

std::optional<Sensitivity> SensitivityNamed(std::string_view name) {
  if (name == "low") return Sensitivity::kLow;
  if (name == "medium") return Sensitivity::kMedium;
  if (name == "high") return Sensitivity::kHigh;
  return std::nullopt;
}

DetectorOptions DetectorOptions::Preset(Sensitivity sensitivity) {
  // With the value alone shapes must be strict, because a day's rise, a filling cache and a leak
  // look alike for a while. Where work rules those out, much less growth can be believed.
  DetectorOptions medium{
      .normal = {.urgency = 1.0,
                 .max_urgency = 8,
                 .confirmation = 0.2,
                 .second_half = 0.78,
                 .third = 0.1,
                 .long_tau = 0.6},
      .clear = {.urgency = 2.4,
                .max_urgency = 20,
                .confirmation = 0.12,
                .second_half = 0.5,
                .third = 0.025,
                .long_tau = 0.3},
      .unclear = {.urgency = 0.6,
                  .max_urgency = 8,
                  .confirmation = 0.3,
                  .second_half = 0.78,
                  .third = 0.1,
                  .long_tau = 0.6},
      .speeding_up = 2,
      .above_settled = 2,
  };
  DetectorOptions options = medium;
  switch (sensitivity) {
    case Sensitivity::kMedium:
      break;
    case Sensitivity::kLow:
      options.normal.urgency = 0.55;
      options.normal.confirmation = 0.33;
      options.clear = options.normal;
      options.speeding_up = 1;
      options.above_settled = 1;
      options.unclear.urgency = 0.4;
      options.unclear.confirmation = 0.38;
      break;
    case Sensitivity::kHigh:
      options.normal.urgency = 1.6;
      options.normal.confirmation = 0.1;
      options.clear.urgency = 3.5;
      options.clear.confirmation = 0.05;
      options.unclear.urgency = 1.0;
      options.unclear.confirmation = 0.25;
      break;
  }
  return options;
}

DetectorOptions DetectorOptions::Exhaustion(Sensitivity sensitivity) {
  constexpr double kAnyTime = 1e12;
  const double confirmation = sensitivity == Sensitivity::kLow    ? 0.3
                              : sensitivity == Sensitivity::kHigh ? 0.05
                                                                  : 0.15;
  const Gates gates{.urgency = kAnyTime,
                    .max_urgency = kAnyTime,
                    .confirmation = confirmation,
                    .second_half = 0.5,
                    .third = 0.03,
                    .long_tau = 0.5};
  DetectorOptions options{.normal = gates, .clear = gates, .unclear = gates, .kept = 0.6};
  options.horizon_seconds = 400 * 86400.0;
  options.needs_new_high = false;
  return options;
}

}  // namespace tocsin::trend
