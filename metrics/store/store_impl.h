#pragma once
// What Store is made of.

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "metrics/store/cursor.h"
#include "metrics/store/series_index.h"
#include "metrics/store/shared.h"
#include "metrics/store/source_state.h"
#include "metrics/store/store.h"

namespace tocsin::store {

/// Thread-safe. Locks are taken in this order: StoreImpl's, a SourceState's, the arena's.
class StoreImpl {
 public:
  explicit StoreImpl(StoreOptions options) : shared_(std::move(options)), index_(shared_.budget) {}

  std::shared_ptr<SourceState> OpenSource(std::string_view name, SourceLimits limits);
  void CloseSource(const std::shared_ptr<SourceState>& state);
  void Append(SourceState& source, const Round& round);
  void MarkStale(SourceState& source, std::int64_t t_ms);

  std::unique_ptr<Cursor> Select(TimeRange range, std::span<const Matcher> matchers,
                                 Want want) const;
  std::vector<std::string> LabelNames(TimeRange range, std::span<const Matcher> matchers) const;
  std::vector<std::string> LabelValues(std::string_view name, TimeRange range,
                                       std::span<const Matcher> matchers) const;
  std::vector<Labels> SeriesLabels(TimeRange range, std::span<const Matcher> matchers) const;
  StoreStats Stats() const;
  Cardinality TopCardinality(std::size_t limit) const;

  /// Everything of Maintain but the disk.
  void Tidy(WallTime now);

  // --- For persistence.h.

  const StoreOptions& options() const { return shared_.options; }
  Counters& counters() { return shared_.counters; }
  Budget& budget() { return shared_.budget; }
  std::vector<std::shared_ptr<SourceState>> Sources() const;
  /// The labels of such series, which have samples in the store.
  std::vector<Labels> LabelsOf(std::span<const SeriesRef> refs) const;

  /// A series of a block that was read from disk. Nothing if a limit forbids it.
  std::optional<SeriesRef> LoadSeries(const Labels& labels, const Block::Shape& shape,
                                      SourceId source);
  void LoadBlock(SourceState& source, const Block::Shape& shape, Ref<const ColumnSet> set,
                 std::span<const std::uint8_t> bytes, std::uint64_t segment);
  /// The state that OpenSource will find.
  std::shared_ptr<SourceState> LoadSource(std::string_view name);

 private:
  struct Entry {
    std::shared_ptr<SourceState> state;  // null: the id is free
    std::size_t handles = 0;
  };

  Entry& EntryFor(std::string_view name) REQUIRES(mutex_);
  bool MakeRoom(std::size_t bytes);
  void RemoveDeadSeries() REQUIRES(mutex_);
  void RemoveDeadSources() REQUIRES(mutex_);
  std::vector<SeriesRef> SelectIn(TimeRange range, std::span<const Matcher> matchers) const
      REQUIRES(mutex_);

  mutable Shared shared_;
  mutable Mutex mutex_;
  SeriesIndex index_ GUARDED_BY(mutex_);
  std::vector<Entry> sources_ GUARDED_BY(mutex_);  // by id
  std::map<std::string, SourceId, std::less<>> source_ids_ GUARDED_BY(mutex_);
};

}  // namespace tocsin::store
