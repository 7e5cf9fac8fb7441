#pragma once
// One connection to a PostgreSQL server, by libpq, on the loop.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/net/failure.h"
#include "collectors/net/loop.h"
#include "collectors/queue/pg_rows.h"

struct pg_conn;
struct pg_result;

namespace tocsin {

struct PqLibrary;

/// Loop thread only. Never blocks on the network: the caller resolves names (libpq's `hostaddr`).
class PgConnection {
 public:
  using Done = std::function<void(std::optional<net::Failure>)>;
  /// libpq's keywords and their values.
  using Parameters = std::vector<std::pair<std::string, std::string>>;

  /// An answer of more than `max_answer_bytes` ends the connection with kTooLarge.
  PgConnection(net::Loop& loop, std::size_t max_answer_bytes)
      : watcher_(loop), max_answer_bytes_(max_answer_bytes) {}
  ~PgConnection() { Close(); }
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  /// Closes what was open and connects anew. `done` may be called from within.
  void Connect(const Parameters& parameters, Done done);

  /// Runs commands without looking at what they give.
  void Command(const std::string& sql, Done done) { Run(sql, nullptr, std::move(done)); }
  /// Runs one statement, rows into `rows`, which lives until `done`. The connection may have gone
  /// when `done` is called with a failure: see connected(). One at a time.
  void Query(const std::string& sql, PgRows& rows, Done done) { Run(sql, &rows, std::move(done)); }

  /// Ends it without a call.
  void Close();
  bool connected() const { return connected_; }
  /// As 150020.
  int server_version() const;

 private:
  void Run(const std::string& sql, PgRows* rows, Done done);
  void Watch(std::uint32_t events, void (PgConnection::*ready)());
  void MoveConnect();
  void MoveQuery();
  void Receive();
  void Take(pg_result* result);
  void TakeRows(pg_result* result);
  void FailQuery(net::Failure failure);
  void End(std::optional<net::Failure> failure);
  void Lose(net::Failure failure);
  void Lose(net::Reason reason);
  std::string Message() const;

  net::Watcher watcher_;
  const std::size_t max_answer_bytes_;
  const PqLibrary* pq_ = nullptr;
  pg_conn* connection_ = nullptr;
  bool connected_ = false;
  Done done_;

  PgRows* rows_ = nullptr;
  bool rows_begun_ = false;
  std::uint64_t received_ = 0;           // of the answer
  std::uint64_t received_before_ = 0;    // by the connection
  std::optional<net::Failure> failure_;  // of the statement that runs
};

/// Why libpq could not connect, from its words.
net::Reason PgConnectReason(std::string_view message, bool password_matters);

/// Why a statement failed, from its SQLSTATE.
net::Reason PgQueryReason(std::string_view sqlstate);

}  // namespace tocsin
