#include "notify/state/database.h"

#include <sqlite3.h>

#include <utility>

#include "base/hex.h"

namespace tocsin::notify {
namespace {

Error DbError(sqlite3* db, int code) {
  const int primary = code & 0xff;
  const bool damaged = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
  std::string message = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  message += " (" + std::to_string(code) + ")";
  return Error{damaged ? Errc::kMalformed : Errc::kIo, std::move(message)};
}

constexpr int kBusyMilliseconds = 2000;

Result<sqlite3*> OpenHandle(const std::string& name, int flags, const std::string& vfs) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_FULLMUTEX,
                                   vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK) {
    Error error = DbError(handle, code);
    sqlite3_close_v2(handle);
    return error;
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  return handle;
}

}  // namespace

DbStatement::DbStatement(DbStatement&& other) noexcept
    : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)) {}

DbStatement::~DbStatement() { sqlite3_finalize(statement_); }

DbStatement& DbStatement::Bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}

DbStatement& DbStatement::Bind(int index, std::string_view blob) {
  // A null pointer would bind NULL.
  sqlite3_bind_blob64(statement_, index, blob.empty() ? "" : blob.data(), blob.size(),
                      SQLITE_TRANSIENT);  // NOLINT: the macro is a cast
  return *this;
}

Result<bool> DbStatement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  Error error = DbError(db_, code);
  sqlite3_reset(statement_);
  if (code == SQLITE_DONE) return false;
  return error;
}

Status DbStatement::Run() {
  for (;;) {
    TRY_ASSIGN(const bool row, Step());
    if (!row) return Unit{};
  }
}

std::int64_t DbStatement::Integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view DbStatement::Blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data ? std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size))
              : std::string_view();
}

Result<std::unique_ptr<Database>> Database::Open(const std::string& path, const std::string& vfs) {
  TRY_ASSIGN(sqlite3* const handle,
             OpenHandle(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs));
  std::unique_ptr<Database> db(new Database(handle));
  TRY(
      db->Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -256;"
              "PRAGMA wal_autocheckpoint = 256; PRAGMA journal_size_limit = 1048576;"));
  return db;
}

Result<std::unique_ptr<Database>> Database::OpenUnchanging(const std::string& path,
                                                           const std::string& vfs) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += '%';
      AppendHex(static_cast<unsigned char>(c), uri);
    } else {
      uri.push_back(c);
    }
  }
  TRY_ASSIGN(sqlite3* const handle,
             OpenHandle(uri + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, vfs));
  return std::unique_ptr<Database>(new Database(handle));
}

bool Database::IsReadOnly() const { return sqlite3_db_readonly(db_, "main") == 1; }

Database::~Database() { sqlite3_close_v2(db_); }

Status Database::Run(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return DbError(db_, code);
  return Unit{};
}

Result<DbStatement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return DbError(db_, code);
  return DbStatement(db_, statement);
}

Result<std::int64_t> Database::Pragma(const std::string& name) {
  TRY_ASSIGN(DbStatement statement, Prepare("PRAGMA " + name));
  TRY_ASSIGN(const bool row, statement.Step());
  return row ? statement.Integer(0) : 0;
}

Status Database::Check() {
  TRY_ASSIGN(DbStatement statement, Prepare("PRAGMA quick_check(1)"));
  TRY_ASSIGN(const bool row, statement.Step());
  if (row && statement.Blob(0) != "ok") {
    return Error{Errc::kMalformed, std::string(statement.Blob(0))};
  }
  return Unit{};
}

Status DbTransaction::Begin() {
  TRY(db_.Run("BEGIN IMMEDIATE"));
  open_ = true;
  return Unit{};
}

Status DbTransaction::Commit() {
  TRY(db_.Run("COMMIT"));
  open_ = false;
  return Unit{};
}

DbTransaction::~DbTransaction() {
  // Fails if the error rolled it back already: then there is nothing left to do.
  if (open_) (void)db_.Run("ROLLBACK").ok();
}

}  // namespace tocsin::notify
