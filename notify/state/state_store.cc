#include "notify/state/state_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/log.h"
#include "notify/state/codec.h"
#include "notify/state/database.h"

namespace tocsin::notify {
namespace {

constexpr std::int64_t kSchemaVersion = 1;
constexpr std::int64_t kApplicationId = 0x544f4353;  // "TOCS"

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS state (kind INTEGER NOT NULL, key BLOB NOT NULL, "
    "value BLOB NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;"
    "PRAGMA application_id = 1414480723; PRAGMA user_version = 1;";

std::string DatabasePath(const std::string& directory) { return directory + "/state.db"; }

/// A key of an alert: its rule and which of the rule's instances.
std::string AlertKey(const AlertRecord& record) {
  return record.file + '\0' + record.group + '\0' + record.rule_key + '\0' +
         record.source.ToString() + (record.whole_rule ? "!" : "");
}

Result<int> Lock(const std::string& directory) {
  const std::string path = directory + "/state.lock";
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EROFS) fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Error{Errc::kIo, path + ": " + std::strerror(errno)};
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  const int error = errno;
  ::close(fd);
  if (error == EWOULDBLOCK) {
    return Error{Errc::kInvalid, path + ": another tocsin uses this storage"};
  }
  return Error{Errc::kIo, path + ": " + std::strerror(error)};
}

}  // namespace

std::string PairKey(std::string_view destination, std::string_view key) {
  return std::string(destination) + '\0' + std::string(key);
}

std::optional<std::pair<std::string, std::string>> SplitPairKey(std::string_view key) {
  const auto nul = key.find('\0');
  if (nul == std::string_view::npos) return std::nullopt;
  return std::pair(std::string(key.substr(0, nul)), std::string(key.substr(nul + 1)));
}

struct StateStore::Statements {
  DbStatement put;
  DbStatement remove;
};

StateStore::StateStore(Options options) : options_(std::move(options)) {}

StateStore::~StateStore() {
  const MutexLock lock(mutex_);
  statements_.reset();
  db_.reset();
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

Status StateStore::TakeLock() {
  if (lock_fd_ >= 0) return Unit{};
  std::error_code ignored;
  std::filesystem::create_directories(options_.directory, ignored);
  TRY_ASSIGN(lock_fd_, Lock(options_.directory));
  return Unit{};
}

Result<std::unique_ptr<StateStore>> StateStore::Open(const Options& options, WallTime now) {
  std::unique_ptr<StateStore> store(new StateStore(options));
  const MutexLock lock(store->mutex_);
  Status locked = store->TakeLock();
  if (!locked && locked.error().code() == Errc::kInvalid) return std::move(locked).error();
  Status opened = store->OpenOrReplace(now);
  if (!opened && opened.error().code() == Errc::kInvalid) return std::move(opened).error();
  if (!opened) {
    // The system's words for it say more than SQLite's.
    const Error& why = locked ? opened.error() : locked.error();
    LogError("state is kept in memory only, a restart would forget it",
             {{"folder", options.directory}, {"error", why.message()}});
  }
  store->stats_.healthy = opened.ok();
  store->Note(opened);
  return store;
}

Status StateStore::OpenOrReplace(WallTime now) {
  Status opened = OpenDatabase();
  if (opened.ok() || opened.error().code() != Errc::kMalformed) return opened;
  LogError("the state database is damaged and set aside", {{"error", opened.error().message()}});
  stats_.last_error = opened.error().message();
  TRY(SetAside(now));
  return OpenDatabase();
}

/// What is on a disk that cannot be written is read all the same: nothing that was told is told
/// again, silences stay in force.
Status StateStore::OpenDatabase() {
  Status opened = OpenForWriting();
  if (opened || opened.error().code() != Errc::kIo || read_) return opened;
  std::error_code none;
  const auto log_bytes =
      std::filesystem::file_size(DatabasePath(options_.directory) + "-wal", none);
  if (!none && log_bytes > 0) return opened;  // the newest is in there
  if (const auto db = Database::OpenUnchanging(DatabasePath(options_.directory), options_.vfs)) {
    const auto version = (*db)->Pragma("user_version");
    if (version && *version == kSchemaVersion) (void)Load(**db);
  }
  return opened;
}

Status StateStore::OpenForWriting() {
  statements_.reset();
  db_.reset();
  loaded_.clear();
  const std::string path = DatabasePath(options_.directory);
  TRY_ASSIGN(auto db, Database::Open(path, options_.vfs));
  TRY_ASSIGN(const std::int64_t version, db->Pragma("user_version"));
  if (version > kSchemaVersion) {
    return Error{Errc::kInvalid, path + ": written by a newer version of tocsin (schema " +
                                     std::to_string(version) + ", this one knows " +
                                     std::to_string(kSchemaVersion) + ")"};
  }
  TRY_ASSIGN(const std::int64_t application, db->Pragma("application_id"));
  if (version != 0 && application != kApplicationId) {
    return Error{Errc::kMalformed, path + ": a database of another program"};
  }
  TRY(db->Check());
  if (version == 0) {
    DbTransaction transaction(*db);
    TRY(transaction.Begin());
    TRY(db->Run(kSchema));
    TRY(transaction.Commit());
  }
  TRY_ASSIGN(
      DbStatement put,
      db->Prepare("INSERT INTO state (kind, key, value, since) VALUES (?, ?, ?, ?) "
                  "ON CONFLICT DO UPDATE SET value = excluded.value, since = excluded.since"));
  TRY_ASSIGN(DbStatement remove, db->Prepare("DELETE FROM state WHERE kind = ? AND key = ?"));
  db_ = std::move(db);
  statements_.reset(new Statements{std::move(put), std::move(remove)});
  return Load(*db_);
}

Status StateStore::Load(Database& db) {
  constexpr auto kLast = static_cast<std::int64_t>(StateChange::Table::kAlert);
  loaded_.clear();
  TRY_ASSIGN(DbStatement all,
             db.Prepare("SELECT kind, key, value, since FROM state ORDER BY since, kind, key"));
  for (;;) {
    TRY_ASSIGN(const bool row, all.Step());
    if (!row) break;
    const std::int64_t kind = all.Integer(0);
    if (kind < 0 || kind > kLast) continue;
    loaded_.push_back({static_cast<StateChange::Table>(kind), std::string(all.Blob(1)),
                       std::string(all.Blob(2)), all.Integer(3)});
  }
  read_ = true;
  return Unit{};
}

Status StateStore::SetAside(WallTime now) {
  statements_.reset();
  db_.reset();
  const std::string path = DatabasePath(options_.directory);
  const std::string aside = path + ".corrupt-" + std::to_string(ToMillis(now) / 1000);
  if (std::rename(path.c_str(), aside.c_str()) != 0 && errno != ENOENT) {
    return Error{Errc::kIo, path + ": " + std::strerror(errno)};
  }
  for (const char* suffix : {"-wal", "-shm"}) {
    std::rename((path + suffix).c_str(), (aside + suffix).c_str());
  }
  ++stats_.set_aside;
  saved_alerts_.clear();
  read_ = true;  // as far as it can be
  return Unit{};
}

std::vector<StateStore::Row> StateStore::TakeLoaded() {
  const MutexLock lock(mutex_);
  for (const Row& row : loaded_) {
    // Known, so that it goes when its alert does; with no digest, so that it is written anew.
    if (row.table == StateChange::Table::kAlert) saved_alerts_[row.key] = {};
  }
  return std::exchange(loaded_, {});
}

Status StateStore::WriteOne(const StateChange& change) {
  const auto kind = static_cast<std::int64_t>(change.table);
  if (change.remove) return statements_->remove.Bind(1, kind).Bind(2, change.key).Run();
  return statements_->put.Bind(1, kind)
      .Bind(2, change.key)
      .Bind(3, change.value)
      .Bind(4, change.since)
      .Run();
}

Status StateStore::Write(std::span<const StateChange> changes, bool clear_first) {
  if (!db_) return Error{Errc::kIo, "the state database is not open"};
  DbTransaction transaction(*db_);
  TRY(transaction.Begin());
  if (clear_first) TRY(db_->Run("DELETE FROM state"));
  for (const StateChange& change : changes) TRY(WriteOne(change));
  return transaction.Commit();
}

bool StateStore::Note(const Status& status) {
  if (status.ok()) return true;
  ++stats_.failures;
  if (stats_.healthy) {
    LogError("state cannot be written and is kept in memory only",
             {{"folder", options_.directory}, {"error", status.error().message()}});
  }
  stats_.healthy = false;
  stats_.last_error = status.error().message();
  damaged_ = damaged_ || status.error().code() == Errc::kMalformed;
  return false;
}

bool StateStore::Apply(std::span<const StateChange> changes) {
  const MutexLock lock(mutex_);
  if (changes.empty()) return stats_.healthy;
  // Once the file lags behind, single changes would leave it neither old nor new.
  return stats_.healthy && Note(Write(changes, /*clear_first=*/false));
}

bool StateStore::NeedsRecovery() const {
  const MutexLock lock(mutex_);
  return !stats_.healthy;
}

bool StateStore::OpenLate(WallTime now) {
  const MutexLock lock(mutex_);
  if (!read_ && (!Note(TakeLock()) || !Note(OpenOrReplace(now)))) return false;
  return !loaded_.empty();
}

bool StateStore::Recover(std::span<const StateChange> everything, WallTime now) {
  const MutexLock lock(mutex_);
  if (!Note(TakeLock())) return false;
  if (!read_ && (!Note(OpenOrReplace(now)) || !loaded_.empty())) return false;  // see OpenLate
  if (db_ && db_->IsReadOnly()) {  // it was when it was opened, and may no longer be
    statements_.reset();
    db_.reset();
  }
  if (damaged_) {
    if (!Note(SetAside(now))) return false;
    damaged_ = false;
  }
  if (!db_ && !Note(OpenOrReplace(now))) return false;
  loaded_.clear();
  saved_alerts_.clear();
  if (!Note(Write(everything, /*clear_first=*/true))) return false;
  stats_.healthy = true;
  LogInfo("state is written to disk again", {{"rows", std::to_string(everything.size())}});
  return true;
}

bool StateStore::SaveAlerts(std::span<const AlertRecord> records, MonoTime now) {
  std::unordered_map<std::string, SavedAlert> now_saved;
  now_saved.reserve(records.size());
  std::vector<StateChange> changes;
  const MutexLock lock(mutex_);
  if (!stats_.healthy) return false;
  for (const AlertRecord& record : records) {
    std::string key = AlertKey(record);
    SavedAlert current{DigestAlertRecord(record), now};
    const auto saved = saved_alerts_.find(key);
    if (saved != saved_alerts_.end() && saved->second.digest == current.digest &&
        (!IsSteady(record) || now - saved->second.at < kSteadyLag)) {
      current.at = saved->second.at;
    } else {
      changes.push_back({StateChange::Table::kAlert, key, EncodeAlertRecord(record)});
    }
    now_saved.emplace(std::move(key), current);
  }
  for (const auto& [key, saved] : saved_alerts_) {
    if (!now_saved.count(key)) changes.push_back({StateChange::Table::kAlert, key, {}, true});
  }
  if (!changes.empty() && !Note(Write(changes, /*clear_first=*/false))) return false;
  saved_alerts_ = std::move(now_saved);
  return true;
}

void StateStore::CountSkippedRow() {
  const MutexLock lock(mutex_);
  ++stats_.skipped_rows;
}

StateStats StateStore::Stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

}  // namespace tocsin::notify
