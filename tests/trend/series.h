#pragma once
// Series for tests of the leak detector: seeded, a sample each 15 s.

#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>

#include "rules/trend/detector.h"

namespace tocsin::trend {

inline constexpr std::int64_t kStart = 1'700'000'000;
inline constexpr std::int64_t kStep = 15;
inline constexpr double kMiB = 1048576;
inline constexpr double kHour = 3600;

/// The value at so many seconds from the start.
using Shape = std::function<double(double)>;

/// Small noise that has no trend.
class Noise {
 public:
  explicit Noise(std::uint32_t seed, double sd) : random_(seed), normal_(0, sd) {}
  double operator()() { return normal_(random_); }

 private:
  std::mt19937 random_;
  std::normal_distribution<double> normal_;
};

struct Fed {
  std::optional<Leak> first;     // the first alarm
  std::int64_t first_after = 0;  // seconds from the start until then
};

/// Feeds `hours` of a shape, from `from` seconds after the start on.
inline Fed Feed(Detector& detector, const Shape& shape, double hours, double limit,
                const DetectorOptions& options, double from = 0) {
  Fed run;
  for (double t = from; t < from + hours * kHour; t += kStep) {
    const auto leak = detector.Push(
        {.t_seconds = kStart + static_cast<std::int64_t>(t), .value = shape(t), .limit = limit},
        options);
    if (leak && !run.first) {
      run.first = leak;
      run.first_after = static_cast<std::int64_t>(t);
    }
  }
  return run;
}

inline DetectorOptions Medium() { return DetectorOptions::Preset(Sensitivity::kMedium); }

}  // namespace tocsin::trend
