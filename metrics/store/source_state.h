#pragma once
// The samples of one source: closed blocks, the open one, and how its rounds map to them.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "metrics/store/block.h"
#include "metrics/store/open_block.h"
#include "metrics/store/series_index.h"
#include "metrics/store/shared.h"
#include "metrics/store/store.h"

namespace tocsin::store {

/// A round as either Source::Append gives it.
struct Round {
  std::int64_t t_ms = 0;
  Ref<const Layout> layout;               // of a snapshot …
  std::span<const double> values;         // … and its values
  std::span<const LabeledValue> labeled;  // or computed series, when there is no layout

  std::size_t size() const { return layout ? values.size() : labeled.size(); }
  double value(std::size_t i) const { return layout ? values[i] : labeled[i].value; }
  Labels FullLabels(std::size_t i) const;
};

/// What a reader needs of a source, as it was at one moment.
struct SourceCapture {
  std::vector<Ref<const Block>> blocks;  // that overlap the range, in order
  Ref<const OpenBlock> open;             // null if it does not overlap the range
  std::vector<std::int64_t> open_times;  // of the rows that count
};

/// Rounds of the open block that are not on disk, compressed as a block of their own.
struct Fragment {
  Block::Shape shape;
  OpenBlock::Encoded encoded;
};

/// Thread-safe. Where a SeriesIndex is passed the caller holds the store's mutex, which comes
/// before this one.
class SourceState {
 public:
  SourceState(SourceId id, std::string name, Shared& shared)
      : id_(id), name_(std::move(name)), shared_(shared) {}
  ~SourceState();

  SourceId id() const { return id_; }
  const std::string& name() const { return name_; }
  void SetLimits(SourceLimits limits);

  enum class Outcome {
    kDone,          // appended, or dropped and counted
    kNeedsMapping,  // the series are not the last round's: AppendMapped
    kNoRoom,        // the budget allows no buffer: make room and try again, or CloseEarly
  };
  /// The fast path.
  Outcome Append(const Round& round);
  /// Never kNeedsMapping.
  Outcome AppendMapped(const Round& round, SeriesIndex& index);
  /// Closes the open block to free its buffers. False if that would free nothing.
  bool CloseEarly();
  void DropRound(const Round& round, DropReason reason);

  void MarkStale(std::int64_t t_ms, SeriesIndex& index);
  /// Nobody appends any more: the series end without a marker.
  void Abandon(SeriesIndex& index);

  SourceCapture Capture(TimeRange range) const;
  /// Rows [from, to) of `open`, which was captured from this source. False if the series has none.
  bool CopyOpen(const OpenBlock& open, SeriesRef ref, std::size_t from, std::size_t to,
                std::uint64_t* out) const;

  /// Time of the last sample of the oldest closed block; INT64_MAX if there is none.
  std::int64_t OldestBlockEnd() const;
  /// Time of the oldest sample; INT64_MAX if there is none.
  std::int64_t OldestSample() const;
  void EvictOldest();
  /// Drops blocks that ended before `t_ms`, and open rounds too if all of them are that old. A
  /// source without series gives its buffers back if its last round was before `idle_ms`.
  void Expire(std::int64_t t_ms, std::int64_t idle_ms);

  /// A block that was read from disk. It comes after all there is, or replaces what it overlaps.
  void AddLoaded(Ref<Block> block);

  struct Extent {
    std::size_t blocks = 0;
    std::size_t columns = 0;  // of all blocks
    std::size_t block_bytes = 0;
    std::size_t series = 0;  // of the last round
    std::int64_t min_ms = INT64_MAX;
    std::int64_t max_ms = INT64_MIN;
  };
  Extent GetExtent() const;

  // --- Writing to disk (persistence.h).

  /// Closed blocks that no segment holds, in order.
  std::vector<Ref<Block>> Unwritten() const;
  void SetSegment(Block& block, std::uint64_t segment);
  /// The segments that hold blocks of this source, or the beginning of its open block.
  void AddSegments(std::vector<std::uint64_t>& out) const;
  /// Open rounds that are not on disk, if the first of them is from before `due_ms` and the block
  /// is not about to close by `closing_ms` anyway.
  std::optional<Fragment> UnwrittenRounds(std::int64_t due_ms, std::int64_t closing_ms) const;
  /// A fragment that was just taken is in `segment` now.
  void SetFragmentWritten(const Fragment& fragment, std::uint64_t segment);

 private:
  Labels WithTarget(Labels labels) const REQUIRES(mutex_);
  using SlotIndex = OpenBlock::SlotIndex;
  static constexpr SlotIndex kNoSlot = OpenBlock::kNoSlot;

  bool SameSeries(const Round& round) const REQUIRES(mutex_);
  bool SetBack(std::int64_t t_ms) const REQUIRES(mutex_);
  Outcome WriteValues(const Round& round) REQUIRES(mutex_);
  void Commit(const Round& round, std::size_t extra) REQUIRES(mutex_);
  /// Gives each series of the round a slot or a reason; `used[slot]` tells which slots it has.
  void Map(const Round& round, SeriesIndex& index, std::vector<bool>& used) REQUIRES(mutex_);
  SlotIndex Resolve(const Labels& labels, std::int64_t t_ms, SeriesIndex& index,
                    DropReason& refused) REQUIRES(mutex_);
  std::size_t End(std::int64_t t_ms, const std::vector<bool>& except, OpenBlock::Ending ending,
                  SeriesIndex& index) REQUIRES(mutex_);
  void Forget() REQUIRES(mutex_);
  void WarnOnce(DropReason reason) REQUIRES(mutex_);
  void StepBack(std::int64_t t_ms, SeriesIndex& index) REQUIRES(mutex_);

  bool ShouldClose(std::int64_t next_ms) const REQUIRES(mutex_);
  /// Closes the open block if a row at `next_ms` does not belong there or has no room.
  void CloseIfDue(std::int64_t next_ms) REQUIRES(mutex_);
  void EnsureOpen() REQUIRES(mutex_);
  void Close() REQUIRES(mutex_);
  Ref<const ColumnSet> SetFor(std::vector<SeriesRef> refs) REQUIRES(mutex_);
  void PopFront() REQUIRES(mutex_);
  void Account() REQUIRES(mutex_);

  const SourceId id_;
  const std::string name_;
  Shared& shared_;

  mutable Mutex mutex_;
  SourceLimits limits_ GUARDED_BY(mutex_);
  std::int64_t last_ms_ GUARDED_BY(mutex_) = INT64_MIN;

  // The last round's series, and the slot of each in open_.
  Ref<const Layout> layout_ GUARDED_BY(mutex_);
  std::vector<Labels> labels_ GUARDED_BY(mutex_);  // when there is no layout_
  std::vector<SlotIndex> slot_of_ GUARDED_BY(mutex_);
  std::size_t mapped_ GUARDED_BY(mutex_) = 0;                             // thereof with a slot
  std::array<std::uint32_t, kDropReasons> refused_ GUARDED_BY(mutex_){};  // the others, by reason
  bool warned_ GUARDED_BY(mutex_) = false;

  Ref<OpenBlock> open_ GUARDED_BY(mutex_);
  std::vector<Ref<Block>> blocks_ GUARDED_BY(mutex_);
  Ref<const ColumnSet> last_set_ GUARDED_BY(mutex_);
  std::size_t accounted_ GUARDED_BY(mutex_) = 0;

  std::size_t fragment_rows_ GUARDED_BY(mutex_) = 0;  // rows of open_ that are on disk
  std::vector<std::uint64_t> fragment_segments_ GUARDED_BY(mutex_);  // where
};

}  // namespace tocsin::store
