#pragma once
// One column of a block: the values of one series in the block's rows. FORMAT.md, "Columns".

#include <cstdint>
#include <span>

#include "metrics/store/bits.h"
#include "metrics/store/integers.h"

namespace tocsin::store {

/// Stands in a row in which the series had no sample. No sample has these bits: they are a
/// signalling NaN that is taken in as the normal NaN.
inline constexpr std::uint64_t kAbsentBits = 0x7ff4aab5e7ab5e70;

/// Appends a column of 1 … kMaxRows values, given as the bits of doubles, kAbsentBits among them.
/// Every bit comes back.
void EncodeColumn(std::span<const std::uint64_t> rows, Bytes& out);

enum class ColumnKind {
  kFull,     // every row has a sample
  kGaps,     // some rows are absent
  kCorrupt,  // the bytes are no column; the rows are undefined
};

/// Reads a column of rows.size() (1 … kMaxRows) rows. If it is full, those before `from` (less than
/// their number) are left undefined: nobody asked for them.
ColumnKind DecodeColumn(std::span<const std::uint8_t> bytes, std::span<std::uint64_t> rows,
                        std::size_t from = 0);

}  // namespace tocsin::store
