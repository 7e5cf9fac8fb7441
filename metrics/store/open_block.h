#pragma once
// The rounds of a source that are not compressed yet. A series that does not change takes no
// buffer: on most hosts that is two in three.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ref.h"
#include "metrics/sample.h"
#include "metrics/store/arena.h"
#include "metrics/store/block.h"

namespace tocsin::store {

/// Rounds in a block. At the usual second a block closes, and is written, before the two minutes
/// are over that a kill may cost.
inline constexpr std::size_t kRowsPerBlock = 110;
/// An open block begins with buffers of so many rows. One with many of them closes when these are
/// full: thousands of series that are written every 15 s would otherwise hold buffers of half an
/// hour.
inline constexpr std::size_t kNarrowRows = 28;
/// Buffers up to which an open block has wide ones, of kRowsPerBlock rows: 2 MB.
inline constexpr std::size_t kMostWideBuffers = 2'048;

/// Where open blocks have their buffers from.
struct RowBuffers {
  explicit RowBuffers(Budget& budget)
      : narrow(budget, kNarrowRows * sizeof(std::uint64_t)),
        wide(budget, kRowsPerBlock * sizeof(std::uint64_t)) {}

  BufferPool narrow;
  BufferPool wide;
};

/// Guarded by its source's mutex. Readers hold a Ref and read rows below the count they saw; these
/// never change.
class OpenBlock final : public RefCounted<OpenBlock> {
 public:
  using SlotIndex = std::uint32_t;

  OpenBlock(RowBuffers& buffers, Budget& budget) : buffers_(buffers), budget_(budget) { Account(); }
  ~OpenBlock();

  static constexpr SlotIndex kNoSlot = ~SlotIndex{0};
  /// Takes over the active series of `last`, the block before this one; this one is empty.
  /// Returns what became of its slots, kNoSlot for those that are not active.
  std::vector<SlotIndex> Continue(const OpenBlock& last);

  std::size_t rows() const { return rows_; }
  std::span<const std::int64_t> times() const { return {times_.data(), rows_}; }
  std::size_t slots() const { return slots_.size(); }
  /// No row has room any more: Widen it or close it.
  bool Full() const { return rows_ == capacity_; }
  /// Makes room for kRowsPerBlock rows. False if it has that already, holds more than
  /// kMostWideBuffers, or there is no memory for it.
  bool Widen();

  // --- Building a round: values are written to row rows(), which CommitRow makes visible. A round
  // given up half way is simply written again.

  /// A new slot for a series that has none; it starts with this round.
  SlotIndex AddSlot(SeriesRef ref);
  std::optional<SlotIndex> FindSlot(SeriesRef ref) const;
  SeriesRef RefOf(SlotIndex slot) const { return slots_[slot].ref; }
  bool Active(SlotIndex slot) const { return slots_[slot].active; }

  /// The series goes on (or again) and has this value. False if there is no memory for it.
  bool Write(SlotIndex index, std::uint64_t bits) {
    Slot& slot = slots_[index];
    if (bits == kAbsentBits) [[unlikely]]
      bits = kNormalNanBits;
    if (slot.active) [[likely]] {
      if (slot.buffer) {
        slot.buffer[rows_] = bits;
        return true;
      }
      if (slot.constant == bits) return true;
    }
    return WriteOdd(slot, bits);
  }
  /// The series ends: with a stale marker in this round, or with the last one.
  enum class Ending { kStale, kSilent };
  void End(SlotIndex index, Ending ending);
  void CommitRow(std::int64_t t_ms);

  /// Forgets rows from `rows` on. Only before Encode and destruction.
  void Truncate(std::size_t rows);

  // --- Reading.

  /// Rows [from, to) of a slot, absent ones included. False if it certainly has no samples there.
  bool Copy(SlotIndex slot, std::size_t from, std::size_t to, std::uint64_t* out) const;

  /// The series that have samples in rows [from, rows()), sorted.
  std::vector<SeriesRef> Refs(std::size_t from) const;
  struct Encoded {
    std::vector<SeriesRef> refs;  // of the columns, sorted
    Bytes bytes;
  };
  /// Rows [from, rows()), at least one, compressed.
  Encoded Encode(std::size_t from) const;

  /// Memory besides the buffers.
  std::size_t HeapBytes() const;

 private:
  struct Slot {
    std::uint64_t constant;  // the value in all rows, while there is no buffer
    std::uint64_t* buffer;   // of capacity_ rows, or null
    SeriesRef ref;
    std::uint16_t first;  // row of the first sample
    std::uint16_t end;    // when not active: after the last row
    bool active;
    bool stale_end;  // when not active: row end - 1 is a stale marker
  };

  bool WriteOdd(Slot& slot, std::uint64_t bits);
  std::uint64_t At(const Slot& slot, std::size_t row) const;
  void Account();
  BufferPool& pool() const { return capacity_ == kNarrowRows ? buffers_.narrow : buffers_.wide; }

  RowBuffers& buffers_;
  Budget& budget_;
  std::size_t accounted_ = 0;
  std::size_t rows_ = 0;
  std::size_t capacity_ = kNarrowRows;
  std::array<std::int64_t, kRowsPerBlock> times_;
  std::vector<Slot> slots_;
  std::vector<SlotIndex> by_ref_;  // slots by rising ref
};

}  // namespace tocsin::store
