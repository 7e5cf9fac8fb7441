#pragma once
// One look at one window: does it grow like a leak, how fast, and when would it reach its limit?

#include <cstdint>
#include <optional>

#include "rules/trend/options.h"
#include "rules/trend/window.h"

namespace tocsin::trend {

/// What the work of the process says about the growth.
enum class Explanation : std::uint8_t { kUnknown, kClear, kUnclear, kExplained };

/// A growth that may be a leak, and what must come true before it is called one.
struct Suspicion {
  double floor = 0;      // at the end of the window
  double from = 0;       // at its beginning
  double slope = 0;      // a second; of the second half if that is steeper
  double slope_low = 0;  // 95 % confidence, widened to what the halves say
  double slope_high = 0;
  double peak = 0;       // where the limit is felt: the floor plus the sawtooth on it
  double span = 0;       // seconds that were looked at
  double need = 0;       // seconds that the forecast must hold
  double tolerance = 0;  // a fall of the floor by more ends the suspicion
  // Evidence, to be told.
  double tau = 0;
  double signal = 0;  // growth by the scatter around the line
  double recent = 0;  // slope of the second half by that of the whole
  Explanation explanation = Explanation::kUnknown;
};

inline constexpr std::size_t kLeastBuckets = 20;

/// The cheap look that most windows of healthy series end with: whether Judge can find anything.
/// Asks nothing of the context but the limit. Pure.
bool MayGrow(const Window& window, double limit, const DetectorOptions& options);

/// For a window of at least kLeastBuckets buckets that MayGrow. Pure.
std::optional<Suspicion> Judge(const Window& window, const Context& context,
                               const DetectorOptions& options);

}  // namespace tocsin::trend
