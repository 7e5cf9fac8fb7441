#pragma once
// Floats in two bytes: the range of a float with three digits, enough for sawteeth and work.

#include <bit>
#include <cmath>
#include <cstdint>

namespace tocsin::trend {

inline constexpr std::uint16_t kBfloat16Nan = 0x7FC0;

/// Rounded to nearest.
inline std::uint16_t ToBfloat16(float value) {
  if (std::isnan(value)) return kBfloat16Nan;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

inline float FromBfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace tocsin::trend
