#pragma once
// A closed block: up to kMaxRows rounds of one source, compressed. FORMAT.md, "Blocks".

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ref.h"
#include "metrics/store/arena.h"
#include "metrics/store/bits.h"
#include "metrics/store/column.h"

namespace tocsin::store {

/// Number of a series in this process; used again after the series was removed.
using SeriesRef = std::uint32_t;

/// Which series the columns of a block belong to; shared by blocks as long as it does not change.
/// Immutable.
class ColumnSet final : public RefCounted<ColumnSet> {
 public:
  /// Columns are of `sorted`, in that order.
  ColumnSet(std::vector<SeriesRef> sorted, Budget& budget);
  /// Series sorted[i] is column columns[i].
  ColumnSet(std::vector<SeriesRef> sorted, std::vector<std::uint32_t> columns, Budget& budget);
  ~ColumnSet();

  std::span<const SeriesRef> refs() const { return refs_; }
  /// The column of `ref`. `near` is where the last one asked for stood, 0 at first: series are
  /// mostly asked for in their order.
  std::optional<std::uint32_t> Find(SeriesRef ref, std::size_t& near) const;
  /// The column of refs()[i].
  std::uint32_t ColumnAt(std::size_t i) const {
    return columns_.empty() ? static_cast<std::uint32_t>(i) : columns_[i];
  }

 private:
  std::size_t Bytes() const;

  const std::vector<SeriesRef> refs_;
  const std::vector<std::uint32_t> columns_;  // empty: column i is of refs_[i]
  Budget& budget_;
};

/// Writes a block's bytes.
class BlockBuilder {
 public:
  /// `times`: 1 … kMaxRows, strictly rising.
  BlockBuilder(std::span<const std::int64_t> times, std::size_t columns);
  /// The next column, of one value a time. Called exactly as often as there are columns.
  void AddColumn(std::span<const std::uint64_t> rows);
  Bytes Finish() &&;

 private:
  std::size_t columns_added_ = 0;
  std::size_t directory_at_;
  Bytes bytes_;
};

/// The parts of a block's bytes, which may come from a damaged file: nothing read through it goes
/// past them.
class BlockReader {
 public:
  BlockReader(std::span<const std::uint8_t> bytes, std::uint32_t rows, std::uint32_t columns)
      : bytes_(bytes), rows_(rows), columns_(columns) {}

  /// False if the times or the directory do not fit the bytes.
  bool Valid() const;
  /// `out` has room for all rows. False if they are damaged, or do not rise.
  bool Times(std::span<std::int64_t> out) const;
  /// A span without bytes if the directory is damaged.
  std::span<const std::uint8_t> Column(std::uint32_t column) const;

 private:
  std::size_t DirectoryAt() const;

  std::span<const std::uint8_t> bytes_;
  std::uint32_t rows_;
  std::uint32_t columns_;
};

/// Immutable, but for where it is on disk. Lives in an arena.
class Block final : public RefCounted<Block> {
 public:
  struct Shape {
    std::int64_t min_ms;
    std::int64_t max_ms;
    std::uint32_t rows;
    std::uint32_t columns;
  };

  static Ref<Block> Make(BlockArena& arena, const Shape& shape, Ref<const ColumnSet> set,
                         std::span<const std::uint8_t> bytes);
  void operator delete(Block* block, std::destroying_delete_t);

  std::int64_t min_ms() const { return shape_.min_ms; }
  std::int64_t max_ms() const { return shape_.max_ms; }
  std::uint32_t rows() const { return shape_.rows; }
  const Shape& shape() const { return shape_; }
  const ColumnSet& set() const { return *set_; }
  const Ref<const ColumnSet>& shared_set() const { return set_; }
  std::span<const std::uint8_t> bytes() const {
    return {reinterpret_cast<const std::uint8_t*>(this + 1), size_};
  }
  /// What it takes in memory.
  std::size_t MemoryBytes() const { return sizeof(Block) + size_; }
  BlockReader reader() const { return {bytes(), shape_.rows, shape_.columns}; }

  /// The block is no part of the store any more; readers may hold it a little longer.
  void Evict();

  /// Number of the segment that holds it, 0 for none. Guarded by its source's mutex.
  std::uint64_t segment = 0;

 private:
  Block(BlockArena& arena, BlockArena::Region* region, const Shape& shape, Ref<const ColumnSet> set,
        std::span<const std::uint8_t> bytes);

  BlockArena& arena_;
  BlockArena::Region* const region_;
  const Ref<const ColumnSet> set_;
  const Shape shape_;
  const std::uint32_t size_;
  bool evicted_ = false;
  // The bytes follow.
};

}  // namespace tocsin::store
