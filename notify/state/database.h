#pragma once
// SQLite behind Result<T>. Only notify/state includes this.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tocsin::notify {

/// A prepared statement, used again and again. Errors of all: kIo (full, read-only, I/O, locked),
/// kMalformed (the file is no database, or damaged).
class DbStatement {
 public:
  DbStatement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  ~DbStatement();
  DbStatement(DbStatement&& other) noexcept;
  DbStatement& operator=(DbStatement&&) = delete;

  /// Parameters from 1; blobs and texts are copied.
  DbStatement& Bind(int index, std::int64_t value);
  DbStatement& Bind(int index, std::string_view blob);

  /// Runs to the end and makes it ready for the next time.
  Status Run();
  /// True: a row is there to be read. False: that was all, and it is ready for the next time.
  Result<bool> Step();
  /// Of the row, from 0. Views live until the next call.
  std::int64_t Integer(int column) const;
  std::string_view Blob(int column) const;

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_;
};

/// Not thread-safe.
class Database {
 public:
  /// Opens or creates `path` with a write-ahead log, every commit synced. `vfs`: another file
  /// system layer for tests, or empty.
  static Result<std::unique_ptr<Database>> Open(const std::string& path, const std::string& vfs);
  /// One whose folder cannot be written and which nobody else writes; a write-ahead log that is
  /// there is not read.
  static Result<std::unique_ptr<Database>> OpenUnchanging(const std::string& path,
                                                          const std::string& vfs);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Status Run(const char* sql);
  Result<DbStatement> Prepare(std::string_view sql);
  Result<std::int64_t> Pragma(const std::string& name);
  /// True if it could be opened for reading only.
  bool IsReadOnly() const;
  /// kMalformed if SQLite finds damage.
  Status Check();

 private:
  explicit Database(sqlite3* db) : db_(db) {}
  sqlite3* db_;
};

/// Commits when Commit() is called; otherwise rolls back.
class DbTransaction {
 public:
  explicit DbTransaction(Database& db) : db_(db) {}
  ~DbTransaction();
  DbTransaction(const DbTransaction&) = delete;
  DbTransaction& operator=(const DbTransaction&) = delete;
  Status Begin();
  Status Commit();

 private:
  Database& db_;
  bool open_ = false;
};

}  // namespace tocsin::notify
