#pragma once
// Where samples live: compressed in memory, bounded in time and bytes, and on disk besides if a
// directory is given. FORMAT.md says what the bytes are.
//
// Each source (a collector, a recording rule) appends whole rounds: one timestamp, one value a
// series. Readers see all of a round or nothing of it. No function reads a clock.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "metrics/labels.h"
#include "metrics/matcher.h"
#include "metrics/sample.h"
#include "metrics/snapshot.h"

namespace tocsin::store {

class FileSystem;
class Persistence;
class SourceState;
class Cursor;
class StoreImpl;

struct StoreOptions {
  /// Blocks whose newest sample is older than this are dropped by Maintain.
  milliseconds retention = std::chrono::hours(3);
  /// Everything the store holds: samples, series, index, buffers. Past it the oldest blocks go;
  /// when there are none left, new series and rounds are refused.
  std::size_t max_bytes = std::size_t{16} << 20;
  /// Series of all sources together that have samples in the store.
  std::size_t max_series = 50'000;
  /// Where blocks are kept across restarts; created if missing. Empty: memory only.
  std::string directory = {};
};

struct SourceLimits {
  std::size_t max_series = 20'000;  // that the source appends to at one time
  Labels target_labels = {};        // instance, job: given to series that do not have them
};

/// One sample of a round that does not come from a collector. `labels` include __name__; labels
/// with empty values are ignored.
struct LabeledValue {
  Labels labels;
  double value;
};

/// Why samples were not kept.
enum class DropReason : std::uint8_t {
  kOutOfOrder,   // a timestamp not after the last one of the series
  kDuplicate,    // the series stands twice in the round, or another source appends to it
  kSourceLimit,  // SourceLimits::max_series
  kSeriesLimit,  // StoreOptions::max_series
  kByteBudget,   // StoreOptions::max_bytes, with nothing left to evict
};
inline constexpr std::size_t kDropReasons = 5;
/// "out_of_order" …, as the metric's label has it.
std::string_view DropReasonText(DropReason reason);

/// One appender. Thread-safe, but rounds of one source come from one thread at a time or their
/// order is undefined. When it is destroyed its series just end (call MarkStale before, if they
/// are known to be gone). Must not outlive the Store.
class Source {
 public:
  Source(StoreImpl& store, std::shared_ptr<SourceState> state)
      : store_(store), state_(std::move(state)) {}
  ~Source();
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  /// Appends a round at snapshot->at. While the layout is the last round's, nothing is hashed and
  /// nothing allocated but room for samples. Series that were in the last round and are not in this
  /// one end here with a stale marker. A round not after the last one is dropped; one that is more
  /// than a minute before it means that the clock was set back, and what lies after it is dropped.
  void Append(const Ref<const Snapshot>& snapshot);

  /// The same for computed series.
  void Append(WallTime at, std::span<const LabeledValue> round);

  /// All series of the source end with a stale marker at `at`, or right after their last sample if
  /// that is later. They go on with the next round.
  void MarkStale(WallTime at);

 private:
  StoreImpl& store_;
  const std::shared_ptr<SourceState> state_;
};

/// One series of a selection. `samples` rise strictly in time and contain stale markers.
struct SeriesView {
  const Labels* labels;
  std::span<const Sample> samples;
};

/// Streams over selected series, each decoded when it is reached. What it reads is as it was at
/// Select, whatever is appended or evicted meanwhile. One thread at a time. Must not outlive the
/// Store.
class SeriesCursor {
 public:
  explicit SeriesCursor(std::unique_ptr<Cursor> impl);
  ~SeriesCursor();
  SeriesCursor(SeriesCursor&&) noexcept;
  SeriesCursor& operator=(SeriesCursor&&) noexcept;

  /// Moves to the next series with samples in the range; false at the end. What the last view
  /// points to dies with it.
  bool Next(SeriesView& out);
  /// How many series the matchers selected, with samples in the range or without.
  std::size_t SeriesCount() const;

 private:
  std::unique_ptr<Cursor> impl_;
};

/// kLast: of each series only the last sample in the range, which is far cheaper when the range
/// ends near the newest sample.
enum class Want { kAll, kLast };

/// Bounds in milliseconds since the epoch, both inclusive.
struct TimeRange {
  std::int64_t min_ms = INT64_MIN;
  std::int64_t max_ms = INT64_MAX;
};

struct StoreStats {
  std::size_t series = 0;         // with samples in the store
  std::size_t active_series = 0;  // appended to in their source's last round
  std::size_t sources = 0;
  std::size_t label_pairs = 0;   // distinct name="value"
  std::size_t blocks = 0;        // closed ones
  std::size_t chunks = 0;        // columns of closed blocks, and open ones
  std::size_t bytes = 0;         // all of it, as max_bytes counts it
  std::size_t block_bytes = 0;   // thereof: closed blocks
  std::size_t open_bytes = 0;    // thereof: rows not compressed yet
  std::size_t series_bytes = 0;  // thereof: series and label index
  std::int64_t min_ms = 0;       // of all samples; both 0 when there are none
  std::int64_t max_ms = 0;
  std::uint64_t appended = 0;  // samples, stale markers included
  std::uint64_t rounds = 0;
  std::array<std::uint64_t, kDropReasons> dropped{};  // samples, by DropReason
  std::uint64_t blocks_expired = 0;                   // by retention
  std::uint64_t blocks_evicted = 0;                   // by the byte budget
  std::uint64_t series_created = 0;
  std::uint64_t series_removed = 0;
  std::uint64_t corruptions = 0;  // records or columns that could not be read
  bool disk_ok = true;            // the last write succeeded, or there is no directory
  std::uint64_t disk_bytes = 0;
  std::uint64_t disk_bytes_written = 0;
  std::uint64_t disk_errors = 0;  // failed writes
};

/// The names or pairs that have the most of something, most first.
using Ranking = std::vector<std::pair<std::string, std::uint64_t>>;

/// What /api/v1/status/tsdb shows.
struct Cardinality {
  Ranking series_by_metric_name;
  Ranking values_by_label_name;
  Ranking bytes_by_label_name;         // of the values' text
  Ranking series_by_label_value_pair;  // "name=value"
};

/// Thread-safe.
class Store {
 public:
  /// Reads what the directory holds. A damaged file costs what is damaged, one warning and a count.
  /// A directory that cannot be made or written to is no error: the store works in memory and tries
  /// again at every Maintain. Errors: kInvalid if another process holds the directory.
  static Result<std::unique_ptr<Store>> Open(StoreOptions options, WallTime now);
  /// The same on given files. `files` outlives the store.
  static Result<std::unique_ptr<Store>> Open(StoreOptions options, WallTime now, FileSystem& files);
  /// What was not flushed and not written yet is lost.
  ~Store();

  /// The source called `name`, with the samples of earlier sources of that name.
  std::unique_ptr<Source> OpenSource(std::string_view name, SourceLimits limits = {});

  /// The series that satisfy every matcher, in no particular order, none twice.
  SeriesCursor Select(TimeRange range, std::span<const Matcher> matchers,
                      Want want = Want::kAll) const;

  /// Names, sorted, of the labels of series that satisfy every matcher and may have samples in the
  /// range. Without matchers: of all series.
  std::vector<std::string> LabelNames(TimeRange range, std::span<const Matcher> matchers) const;
  /// Sorted values of label `name` of such series.
  std::vector<std::string> LabelValues(std::string_view name, TimeRange range,
                                       std::span<const Matcher> matchers) const;
  /// The labels of such series, sorted.
  std::vector<Labels> SeriesLabels(TimeRange range, std::span<const Matcher> matchers) const;

  StoreStats Stats() const;
  Cardinality TopCardinality(std::size_t limit) const;

  /// Retention, eviction, removal of series without samples, writing to disk. To be called every
  /// few seconds; may block on the disk, and never blocks appends and queries while it does.
  void Maintain(WallTime now);
  /// Writes everything that is not on disk yet, and syncs it. At exit.
  void Flush(WallTime now);

 private:
  explicit Store(std::unique_ptr<StoreImpl> impl);

  const std::unique_ptr<StoreImpl> impl_;
  std::unique_ptr<Persistence> persistence_;  // null without a directory; set once
  Mutex maintenance_;                         // one Maintain or Flush at a time
};

}  // namespace tocsin::store
