// What a source holds: closing, reading and dropping blocks.

#include <algorithm>
#include <cassert>

#include "metrics/store/source_state.h"

namespace tocsin::store {
namespace {

/// Blocks end after a sixth of the retention, so that what is kept past it stays small.
std::int64_t MaxSpanMs(const StoreOptions& options) {
  constexpr std::int64_t kLongestMs = 2 * 60 * 60 * 1000;
  return std::min<std::int64_t>(options.retention.count() / 6, kLongestMs);
}

/// Ended series keep their slots until the block closes: past this share it closes early.
constexpr std::size_t kSlotsPerSeries = 4;
constexpr std::size_t kSpareSlots = 256;

bool Overlaps(std::int64_t min_ms, std::int64_t max_ms, const TimeRange& range) {
  return min_ms <= range.max_ms && max_ms >= range.min_ms;
}

}  // namespace

bool SourceState::ShouldClose(std::int64_t next_ms) const {
  if (!open_ || open_->rows() == 0) return false;
  return next_ms - open_->times()[0] > MaxSpanMs(shared_.options) ||
         open_->slots() > mapped_ * kSlotsPerSeries + kSpareSlots;
}

void SourceState::CloseIfDue(std::int64_t next_ms) {
  if (ShouldClose(next_ms) || (open_ && open_->Full() && !open_->Widen())) Close();
}

void SourceState::EnsureOpen() {
  if (!open_) open_ = MakeRef<OpenBlock>(shared_.buffers, shared_.budget);
}

Ref<const ColumnSet> SourceState::SetFor(std::vector<SeriesRef> refs) {
  if (!last_set_ ||
      !std::equal(refs.begin(), refs.end(), last_set_->refs().begin(), last_set_->refs().end())) {
    refs.shrink_to_fit();
    last_set_ = MakeRef<ColumnSet>(std::move(refs), shared_.budget);
  }
  return last_set_;
}

/// The open block becomes a closed one; series that are active go on in a new one, if there are
/// any.
void SourceState::Close() {
  if (open_->rows() > 0) {
    const std::span<const std::int64_t> times = open_->times();
    OpenBlock::Encoded encoded = open_->Encode(0);
    if (!encoded.refs.empty()) {
      const Block::Shape shape{times.front(), times.back(),
                               static_cast<std::uint32_t>(times.size()),
                               static_cast<std::uint32_t>(encoded.refs.size())};
      blocks_.push_back(
          Block::Make(shared_.arena, shape, SetFor(std::move(encoded.refs)), encoded.bytes));
    }
  }
  auto next = MakeRef<OpenBlock>(shared_.buffers, shared_.budget);
  const std::vector<SlotIndex> moved_to = next->Continue(*open_);
  for (SlotIndex& slot : slot_of_) {
    if (slot != kNoSlot) slot = moved_to[slot];
  }
  open_ = next->slots() > 0 ? std::move(next) : nullptr;
  fragment_rows_ = 0;
  fragment_segments_.clear();
  // Series that were refused get another chance.
  if (mapped_ < slot_of_.size()) Forget();
  Account();
}

bool SourceState::CloseEarly() {
  const MutexLock lock(mutex_);
  if (!open_ || open_->rows() < 2) return false;
  Close();
  return true;
}

SourceCapture SourceState::Capture(TimeRange range) const {
  SourceCapture capture;
  const MutexLock lock(mutex_);
  auto first =
      std::lower_bound(blocks_.begin(), blocks_.end(), range.min_ms,
                       [](const Ref<Block>& block, std::int64_t t) { return block->max_ms() < t; });
  auto last = first;
  while (last != blocks_.end() && (*last)->min_ms() <= range.max_ms) ++last;
  capture.blocks.assign(first, last);
  if (open_ && open_->rows() > 0) {
    const auto times = open_->times();
    if (Overlaps(times.front(), times.back(), range)) {
      capture.open = open_;
      capture.open_times.assign(times.begin(), times.end());
    }
  }
  return capture;
}

bool SourceState::CopyOpen(const OpenBlock& open, SeriesRef ref, std::size_t from, std::size_t to,
                           std::uint64_t* out) const {
  const MutexLock lock(mutex_);
  const std::optional<SlotIndex> slot = open.FindSlot(ref);
  return slot && open.Copy(*slot, from, to, out);
}

std::int64_t SourceState::OldestBlockEnd() const {
  const MutexLock lock(mutex_);
  return blocks_.empty() ? INT64_MAX : blocks_.front()->max_ms();
}

std::int64_t SourceState::OldestSample() const {
  const MutexLock lock(mutex_);
  if (!blocks_.empty()) return blocks_.front()->min_ms();
  return open_ && open_->rows() > 0 ? open_->times()[0] : INT64_MAX;
}

void SourceState::PopFront() {
  blocks_.front()->Evict();
  blocks_.erase(blocks_.begin());
}

void SourceState::EvictOldest() {
  const MutexLock lock(mutex_);
  if (blocks_.empty()) return;
  PopFront();
  Counters::Add(shared_.counters.blocks_evicted, 1);
}

void SourceState::Expire(std::int64_t t_ms, std::int64_t idle_ms) {
  const MutexLock lock(mutex_);
  if (open_ && open_->rows() > 0 && mapped_ == 0 && last_ms_ < idle_ms) Close();
  while (!blocks_.empty() && blocks_.front()->max_ms() < t_ms) {
    PopFront();
    Counters::Add(shared_.counters.blocks_expired, 1);
  }
  // A source that hangs closes no block any more.
  if (open_ && open_->rows() > 0 && open_->times().back() < t_ms) {
    open_->Truncate(0);
    Close();
  }
}

void SourceState::AddLoaded(Ref<Block> block) {
  const MutexLock lock(mutex_);
  while (!blocks_.empty() && blocks_.back()->max_ms() >= block->min_ms()) {
    blocks_.back()->Evict();
    blocks_.pop_back();
  }
  last_ms_ = block->max_ms();
  last_set_ = block->shared_set();
  blocks_.push_back(std::move(block));
  Account();
}

SourceState::Extent SourceState::GetExtent() const {
  const MutexLock lock(mutex_);
  Extent extent;
  extent.blocks = blocks_.size();
  extent.series = mapped_;
  for (const Ref<Block>& block : blocks_) {
    extent.columns += block->shape().columns;
    extent.block_bytes += block->MemoryBytes();
  }
  if (!blocks_.empty()) {
    extent.min_ms = blocks_.front()->min_ms();
    extent.max_ms = blocks_.back()->max_ms();
  }
  if (open_ && open_->rows() > 0) {
    extent.min_ms = std::min(extent.min_ms, open_->times().front());
    extent.max_ms = std::max(extent.max_ms, open_->times().back());
  }
  return extent;
}

// --- Writing to disk.

std::vector<Ref<Block>> SourceState::Unwritten() const {
  const MutexLock lock(mutex_);
  auto first = blocks_.end();
  while (first != blocks_.begin() && (*(first - 1))->segment == 0) --first;
  return {first, blocks_.end()};
}

void SourceState::SetSegment(Block& block, std::uint64_t segment) {
  const MutexLock lock(mutex_);
  block.segment = segment;
}

void SourceState::AddSegments(std::vector<std::uint64_t>& out) const {
  const MutexLock lock(mutex_);
  for (const Ref<Block>& block : blocks_) out.push_back(block->segment);
  out.insert(out.end(), fragment_segments_.begin(), fragment_segments_.end());
}

std::optional<Fragment> SourceState::UnwrittenRounds(std::int64_t due_ms,
                                                     std::int64_t closing_ms) const {
  const MutexLock lock(mutex_);
  if (!open_ || fragment_rows_ >= open_->rows()) return std::nullopt;
  const std::size_t rows = open_->rows();
  const auto times = open_->times().subspan(fragment_rows_);
  if (times.front() > due_ms) return std::nullopt;
  if (rows > 1) {
    const std::int64_t interval =
        (times.back() - open_->times().front()) / static_cast<std::int64_t>(rows - 1);
    const auto missing = static_cast<std::int64_t>(kRowsPerBlock - rows) + 1;
    if (times.back() + missing * interval <= closing_ms) return std::nullopt;
  }
  Fragment fragment;
  fragment.encoded = open_->Encode(fragment_rows_);
  if (fragment.encoded.refs.empty()) return std::nullopt;
  fragment.shape = {times.front(), times.back(), static_cast<std::uint32_t>(times.size()),
                    static_cast<std::uint32_t>(fragment.encoded.refs.size())};
  return fragment;
}

void SourceState::SetFragmentWritten(const Fragment& fragment, std::uint64_t segment) {
  const MutexLock lock(mutex_);
  if (!open_) return;
  const auto times = open_->times();
  const auto last = std::lower_bound(times.begin(), times.end(), fragment.shape.max_ms);
  if (last == times.end() || *last != fragment.shape.max_ms) return;  // closed meanwhile
  fragment_rows_ = static_cast<std::size_t>(last - times.begin()) + 1;
  if (fragment_segments_.empty() || fragment_segments_.back() != segment) {
    fragment_segments_.push_back(segment);
  }
}

}  // namespace tocsin::store
