#include "metrics/store/block.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace tocsin::store {
namespace {

/// The directory tells where columns end, in groups: the group's start from the first column (32
/// bits), then each column's end from the group's start (16 bits).
constexpr std::size_t kGroup = 16;
constexpr std::size_t kGroupBytes = 4 + kGroup * 2;

constexpr std::size_t Groups(std::size_t columns) { return (columns + kGroup - 1) / kGroup; }

}  // namespace

ColumnSet::ColumnSet(std::vector<SeriesRef> sorted, Budget& budget)
    : ColumnSet(std::move(sorted), {}, budget) {}

ColumnSet::ColumnSet(std::vector<SeriesRef> sorted, std::vector<std::uint32_t> columns,
                     Budget& budget)
    : refs_(std::move(sorted)), columns_(std::move(columns)), budget_(budget) {
  assert(std::is_sorted(refs_.begin(), refs_.end()));
  assert(columns_.empty() || columns_.size() == refs_.size());
  budget_.Add(Bytes());
}

ColumnSet::~ColumnSet() { budget_.Sub(Bytes()); }

std::size_t ColumnSet::Bytes() const {
  return sizeof(ColumnSet) + refs_.capacity() * sizeof(SeriesRef) +
         columns_.capacity() * sizeof(std::uint32_t);
}

std::optional<std::uint32_t> ColumnSet::Find(SeriesRef ref, std::size_t& near) const {
  for (const std::size_t i : {near, near + 1}) {
    if (i >= refs_.size() || refs_[i] != ref) continue;
    near = i;
    return ColumnAt(i);
  }
  const auto at = std::lower_bound(refs_.begin(), refs_.end(), ref);
  if (at == refs_.end() || *at != ref) return std::nullopt;
  near = static_cast<std::size_t>(at - refs_.begin());
  return ColumnAt(near);
}

BlockBuilder::BlockBuilder(std::span<const std::int64_t> times, std::size_t columns) {
  assert(!times.empty() && times.size() <= kMaxRows);
  bytes_.reserve(64 + columns * 96);
  // Mode and size of the times stand before them.
  bytes_.resize(3);
  const std::span<const std::uint64_t> numbers(reinterpret_cast<const std::uint64_t*>(times.data()),
                                               times.size());
  bytes_[0] = static_cast<std::uint8_t>(EncodeIntegers(numbers, bytes_));
  const auto size = static_cast<std::uint16_t>(bytes_.size() - 3);
  std::memcpy(bytes_.data() + 1, &size, sizeof(size));
  directory_at_ = bytes_.size();
  bytes_.resize(directory_at_ + Groups(columns) * kGroupBytes);
}

void BlockBuilder::AddColumn(std::span<const std::uint64_t> rows) {
  std::uint8_t* group = bytes_.data() + directory_at_ + columns_added_ / kGroup * kGroupBytes;
  const auto start = static_cast<std::uint32_t>(bytes_.size());
  if (columns_added_ % kGroup == 0) std::memcpy(group, &start, sizeof(start));
  EncodeColumn(rows, bytes_);
  group = bytes_.data() + directory_at_ + columns_added_ / kGroup * kGroupBytes;
  const auto end = static_cast<std::uint16_t>(bytes_.size() - LoadFixed<std::uint32_t>(group));
  std::memcpy(group + 4 + columns_added_ % kGroup * 2, &end, sizeof(end));
  ++columns_added_;
}

Bytes BlockBuilder::Finish() && {
  assert(Groups(columns_added_) * kGroupBytes <= bytes_.size());
  return std::move(bytes_);
}

std::size_t BlockReader::DirectoryAt() const {
  return bytes_.size() < 3 ? 3 : 3 + std::size_t{LoadFixed<std::uint16_t>(bytes_.data() + 1)};
}

bool BlockReader::Valid() const {
  return rows_ > 0 && rows_ <= kMaxRows &&
         DirectoryAt() + Groups(columns_) * kGroupBytes <= bytes_.size();
}

bool BlockReader::Times(std::span<std::int64_t> out) const {
  assert(out.size() == rows_);
  if (!Valid() || bytes_[0] >= kIntegerModes) return false;
  const std::span<std::uint64_t> numbers(reinterpret_cast<std::uint64_t*>(out.data()), out.size());
  if (!DecodeIntegers(static_cast<IntegerMode>(bytes_[0]), bytes_.subspan(3, DirectoryAt() - 3),
                      numbers)) {
    return false;
  }
  return std::adjacent_find(out.begin(), out.end(),
                            [](std::int64_t a, std::int64_t b) { return a >= b; }) == out.end();
}

std::span<const std::uint8_t> BlockReader::Column(std::uint32_t column) const {
  if (!Valid() || column >= columns_) return {};
  const std::uint8_t* const group = bytes_.data() + DirectoryAt() + column / kGroup * kGroupBytes;
  const std::size_t in_group = column % kGroup;
  const std::size_t base = LoadFixed<std::uint32_t>(group);
  const std::size_t start =
      base + (in_group == 0 ? 0 : LoadFixed<std::uint16_t>(group + 4 + (in_group - 1) * 2));
  const std::size_t end = base + LoadFixed<std::uint16_t>(group + 4 + in_group * 2);
  if (start > end || end > bytes_.size()) return {};
  return bytes_.subspan(start, end - start);
}

Ref<Block> Block::Make(BlockArena& arena, const Shape& shape, Ref<const ColumnSet> set,
                       std::span<const std::uint8_t> bytes) {
  const BlockArena::Piece piece = arena.Allocate(sizeof(Block) + bytes.size());
  return Ref<Block>(new (piece.memory) Block(arena, piece.region, shape, std::move(set), bytes));
}

Block::Block(BlockArena& arena, BlockArena::Region* region, const Shape& shape,
             Ref<const ColumnSet> set, std::span<const std::uint8_t> bytes)
    : arena_(arena),
      region_(region),
      set_(std::move(set)),
      shape_(shape),
      size_(static_cast<std::uint32_t>(bytes.size())) {
  std::memcpy(static_cast<void*>(this + 1), bytes.data(), bytes.size());
}

void Block::operator delete(Block* block, std::destroying_delete_t) {
  BlockArena& arena = block->arena_;
  BlockArena::Region* const region = block->region_;
  if (block->evicted_) arena.budget().SubPinned(block->MemoryBytes());
  block->~Block();
  arena.Release(region);
}

void Block::Evict() {
  assert(!evicted_);
  evicted_ = true;
  arena_.budget().AddPinned(MemoryBytes());
}

}  // namespace tocsin::store
