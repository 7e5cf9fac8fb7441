#pragma once
#include <bit>
#include <cstdint>

namespace tocsin {

/// One value of one series at one time, in milliseconds since the Unix epoch.
struct Sample {
  std::int64_t t_ms;
  double value;
};

/// Prometheus's staleness marker (model/value): a NaN with these bits ends a series.
inline constexpr std::uint64_t kStaleNanBits = 0x7ff0000000000002;
inline double StaleNan() { return std::bit_cast<double>(kStaleNanBits); }
inline bool IsStaleNan(double value) {
  return std::bit_cast<std::uint64_t>(value) == kStaleNanBits;
}

/// The quiet NaN that Prometheus stores for every other NaN (model/value.NormalNaN).
inline constexpr std::uint64_t kNormalNanBits = 0x7ff8000000000001;
inline double NormalNan() { return std::bit_cast<double>(kNormalNanBits); }

}  // namespace tocsin
