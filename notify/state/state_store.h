#pragma once
// What must survive a crash, in one SQLite file: notifications not yet delivered, what was told to
// whom, silences, acknowledgements, alerts. Format: FORMAT.md.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "notify/queue.h"
#include "notify/route/silences.h"
#include "rules/alert_record.h"

namespace tocsin::notify {

class Database;

/// One change. A change without a value deletes.
struct StateChange {
  enum class Table { kOutbox, kLog, kSilence, kAcknowledgement, kAlert };
  Table table;
  std::string key;    // unique within the table
  std::string value;  // encoded (codec.h)
  bool remove = false;
  std::int64_t since = 0;  // kOutbox: when it was queued, Unix ms
};

/// A key of two parts, as outbox and log have them: destination and message or group key.
std::string PairKey(std::string_view destination, std::string_view key);
/// The parts of a PairKey; nothing if it is none.
std::optional<std::pair<std::string, std::string>> SplitPairKey(std::string_view key);

struct StateStats {
  bool healthy = true;             // false: changes are kept in memory only
  std::uint64_t failures = 0;      // transactions that failed
  std::uint64_t set_aside = 0;     // damaged files set aside
  std::uint64_t skipped_rows = 0;  // rows that could not be decoded
  std::string last_error;
};

/// Thread-safe. A failing disk never stops its callers: it is remembered that the file lags behind,
/// and Recover() writes everything anew.
class StateStore {
 public:
  struct Options {
    std::string directory;  // created if it is not there
    std::string vfs;        // tests only
  };

  /// Opens `state.db` in the directory. A damaged file is set aside as `state.db.corrupt-<time>`
  /// and a fresh one begun; a disk that cannot be written gives a store that is not healthy.
  /// Errors: kInvalid if another process uses it, or a newer version wrote it.
  static Result<std::unique_ptr<StateStore>> Open(const Options& options, WallTime now);
  ~StateStore();

  struct Row {
    StateChange::Table table;
    std::string key;
    std::string value;
    std::int64_t since;
  };
  /// Every row as it was when the file was opened; afterwards they are no longer held.
  std::vector<Row> TakeLoaded() EXCLUDES(mutex_);

  /// All or none, on disk when it returns true. False: not healthy, nothing is on disk.
  bool Apply(std::span<const StateChange> changes) EXCLUDES(mutex_);

  /// For a file that could not be read at the start: true if that is possible now, and there are
  /// rows for TakeLoaded(). Before Recover(), which would write over what nobody has read.
  bool OpenLate(WallTime now) EXCLUDES(mutex_);

  /// True if the file lags behind memory.
  bool NeedsRecovery() const EXCLUDES(mutex_);
  /// Tries to write `everything` in place of all rows but alerts, whose next save is a whole one.
  bool Recover(std::span<const StateChange> everything, WallTime now) EXCLUDES(mutex_);

  /// Makes the alerts on disk these, writing what changed; what changes at every evaluation of an
  /// alert that just goes on firing, each kSteadyLag. As Apply.
  bool SaveAlerts(std::span<const AlertRecord> records, MonoTime now) EXCLUDES(mutex_);
  static constexpr milliseconds kSteadyLag = std::chrono::minutes(1);

  void CountSkippedRow() EXCLUDES(mutex_);
  StateStats Stats() const EXCLUDES(mutex_);

 private:
  struct Statements;
  explicit StateStore(Options options);
  Status TakeLock() REQUIRES(mutex_);
  Status OpenDatabase() REQUIRES(mutex_);
  Status OpenOrReplace(WallTime now) REQUIRES(mutex_);
  Status SetAside(WallTime now) REQUIRES(mutex_);
  Status Write(std::span<const StateChange> changes, bool clear_first) REQUIRES(mutex_);
  Status WriteOne(const StateChange& change) REQUIRES(mutex_);
  Status OpenForWriting() REQUIRES(mutex_);
  Status Load(Database& db) REQUIRES(mutex_);
  bool Note(const Status& status) REQUIRES(mutex_);

  const Options options_;
  mutable Mutex mutex_;
  int lock_fd_ GUARDED_BY(mutex_) = -1;
  std::unique_ptr<Database> db_ GUARDED_BY(mutex_);
  std::unique_ptr<Statements> statements_ GUARDED_BY(mutex_);
  std::vector<Row> loaded_ GUARDED_BY(mutex_);
  struct SavedAlert {
    std::uint64_t digest;
    MonoTime at;
  };
  std::unordered_map<std::string, SavedAlert> saved_alerts_ GUARDED_BY(mutex_);
  bool read_ GUARDED_BY(mutex_) = false;     // what is on the disk, if anything, was loaded
  bool damaged_ GUARDED_BY(mutex_) = false;  // found while running: set aside at recovery
  StateStats stats_ GUARDED_BY(mutex_);
};

}  // namespace tocsin::notify
