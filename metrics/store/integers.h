#pragma once
// Compression of a short run of integers, the core of every column. FORMAT.md, "Integers".

#include <cstdint>
#include <span>

#include "metrics/store/bits.h"

namespace tocsin::store {

/// How the integers of a column are predicted and how what remains is written.
enum class IntegerMode : std::uint8_t {
  kConstant = 0,       // one value
  kDeltaSigned = 1,    // steps around a typical one
  kDeltaUnsigned = 2,  // steps from the smallest up
  kPlain = 3,          // values from the smallest up
  kDeltaOfDelta = 4,   // changes of the step
  kSparseDelta = 5,    // steps of which most are the typical one
  kSparsePlain = 6,    // values of which most are the typical one
};
inline constexpr std::uint8_t kIntegerModes = 7;

/// More rows than this are in no block, so that buffers can be arrays.
inline constexpr std::size_t kMaxRows = 256;

/// Appends `values` (1 … kMaxRows, arithmetic modulo 2^64) to `out` in the shortest mode that is
/// found, and returns the mode.
IntegerMode EncodeIntegers(std::span<const std::uint64_t> values, Bytes& out);

/// Reads out.size() (1 … kMaxRows) integers. False if `bytes` are not what EncodeIntegers
/// writes for that mode; then `out` is undefined.
bool DecodeIntegers(IntegerMode mode, std::span<const std::uint8_t> bytes,
                    std::span<std::uint64_t> out);

}  // namespace tocsin::store
