#include "metrics/store/open_block.h"

#include <algorithm>
#include <cassert>

namespace tocsin::store {

OpenBlock::~OpenBlock() {
  for (const Slot& slot : slots_) {
    if (slot.buffer) pool().Release(slot.buffer);
  }
  budget_.Sub(accounted_);
}

std::size_t OpenBlock::HeapBytes() const {
  return sizeof(OpenBlock) + slots_.capacity() * sizeof(Slot) +
         by_ref_.capacity() * sizeof(SlotIndex);
}

void OpenBlock::Account() {
  const std::size_t now = HeapBytes();
  budget_.Add(now);
  budget_.Sub(accounted_);
  accounted_ = now;
}

std::vector<OpenBlock::SlotIndex> OpenBlock::Continue(const OpenBlock& last) {
  assert(slots_.empty() && rows_ == 0);
  capacity_ = last.capacity_;
  const auto active = static_cast<std::size_t>(std::count_if(
      last.slots_.begin(), last.slots_.end(), [](const Slot& slot) { return slot.active; }));
  slots_.reserve(active);
  by_ref_.reserve(active);
  std::vector<SlotIndex> moved_to(last.slots_.size(), kNoSlot);
  for (std::size_t i = 0; i < last.slots_.size(); ++i) {
    if (!last.slots_[i].active) continue;
    moved_to[i] = static_cast<SlotIndex>(slots_.size());
    slots_.push_back({0, nullptr, last.slots_[i].ref, 0, 0, true, false});
  }
  for (const SlotIndex old : last.by_ref_) {
    if (moved_to[old] != kNoSlot) by_ref_.push_back(moved_to[old]);
  }
  Account();
  return moved_to;
}

OpenBlock::SlotIndex OpenBlock::AddSlot(SeriesRef ref) {
  const auto index = static_cast<SlotIndex>(slots_.size());
  slots_.push_back({0, nullptr, ref, static_cast<std::uint16_t>(rows_), 0, true, false});
  // Mostly the highest ref so far.
  const auto at =
      by_ref_.empty() || slots_[by_ref_.back()].ref < ref
          ? by_ref_.end()
          : std::lower_bound(by_ref_.begin(), by_ref_.end(), ref,
                             [&](SlotIndex a, SeriesRef b) { return slots_[a].ref < b; });
  assert(at == by_ref_.end() || slots_[*at].ref != ref);
  by_ref_.insert(at, index);
  Account();
  return index;
}

std::optional<OpenBlock::SlotIndex> OpenBlock::FindSlot(SeriesRef ref) const {
  const auto at = std::lower_bound(by_ref_.begin(), by_ref_.end(), ref,
                                   [&](SlotIndex a, SeriesRef b) { return slots_[a].ref < b; });
  if (at == by_ref_.end() || slots_[*at].ref != ref) return std::nullopt;
  return *at;
}

std::uint64_t OpenBlock::At(const Slot& slot, std::size_t row) const {
  if (row < slot.first || (!slot.active && row >= slot.end)) return kAbsentBits;
  if (slot.buffer) return slot.buffer[row];
  return !slot.active && slot.stale_end && row + 1 == slot.end ? kStaleNanBits : slot.constant;
}

bool OpenBlock::WriteOdd(Slot& slot, std::uint64_t bits) {
  if (!slot.buffer) {
    if (slot.first == rows_) {  // its first sample
      slot.active = true;
      slot.constant = bits;
      return true;
    }
    auto* const buffer = static_cast<std::uint64_t*>(pool().Allocate());
    if (!buffer) return false;
    for (std::size_t row = slot.first; row < rows_; ++row) buffer[row] = At(slot, row);
    slot.buffer = buffer;
  } else if (!slot.active) {
    std::fill(slot.buffer + slot.end, slot.buffer + rows_, kAbsentBits);
  }
  slot.active = true;
  slot.buffer[rows_] = bits;
  return true;
}

void OpenBlock::End(SlotIndex index, Ending ending) {
  Slot& slot = slots_[index];
  if (!slot.active) return;
  slot.active = false;
  slot.stale_end = ending == Ending::kStale;
  slot.end = static_cast<std::uint16_t>(rows_ + (slot.stale_end ? 1 : 0));
  if (slot.stale_end && slot.buffer) slot.buffer[rows_] = kStaleNanBits;
}

void OpenBlock::CommitRow(std::int64_t t_ms) {
  assert(rows_ < capacity_ && (rows_ == 0 || t_ms > times_[rows_ - 1]));
  times_[rows_++] = t_ms;
}

bool OpenBlock::Widen() {
  if (capacity_ == kRowsPerBlock) return false;
  const auto buffered = static_cast<std::size_t>(std::count_if(
      slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.buffer != nullptr; }));
  if (buffered > kMostWideBuffers) return false;
  std::vector<std::uint64_t*> wide(buffered);
  for (std::uint64_t*& buffer : wide) {
    buffer = static_cast<std::uint64_t*>(buffers_.wide.Allocate());
    if (buffer) continue;
    for (std::uint64_t* const unused : wide) {
      if (unused) buffers_.wide.Release(unused);
    }
    return false;
  }
  auto next = wide.begin();
  for (Slot& slot : slots_) {
    if (!slot.buffer) continue;
    std::copy_n(slot.buffer, rows_, *next);
    buffers_.narrow.Release(slot.buffer);
    slot.buffer = *next++;
  }
  capacity_ = kRowsPerBlock;
  return true;
}

void OpenBlock::Truncate(std::size_t rows) {
  assert(rows <= rows_);
  rows_ = rows;
}

bool OpenBlock::Copy(SlotIndex index, std::size_t from, std::size_t to, std::uint64_t* out) const {
  const Slot& slot = slots_[index];
  if (slot.first >= to || (!slot.active && slot.end <= from)) return false;
  if (slot.active && slot.first <= from) {
    if (slot.buffer) {
      std::copy(slot.buffer + from, slot.buffer + to, out);
    } else {
      std::fill_n(out, to - from, slot.constant);
    }
    return true;
  }
  for (std::size_t row = from; row < to; ++row) *out++ = At(slot, row);
  return true;
}

std::vector<SeriesRef> OpenBlock::Refs(std::size_t from) const {
  std::vector<SeriesRef> refs;
  refs.reserve(slots_.size());
  for (const SlotIndex index : by_ref_) {
    const Slot& slot = slots_[index];
    if (slot.first < rows_ && (slot.active || slot.end > from)) refs.push_back(slot.ref);
  }
  return refs;
}

OpenBlock::Encoded OpenBlock::Encode(std::size_t from) const {
  assert(from < rows_);
  std::array<std::uint64_t, kRowsPerBlock> values;
  Encoded encoded;
  encoded.refs = Refs(from);
  BlockBuilder builder(times().subspan(from), encoded.refs.size());
  for (const SlotIndex index : by_ref_) {
    if (!Copy(index, from, rows_, values.data())) continue;
    builder.AddColumn({values.data(), rows_ - from});
  }
  encoded.bytes = std::move(builder).Finish();
  return encoded;
}

}  // namespace tocsin::store
