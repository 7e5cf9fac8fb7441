#include "collectors/queue/pg_connection.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstddef>

#include "base/parse.h"
#include "collectors/queue/pq_library.h"

namespace tocsin {
namespace {

constexpr std::size_t kMaxMessage = 300;

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// What a server says, as one line that is not too long.
std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : Trim(text).substr(0, kMaxMessage)) {
    line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return line;
}

/// What a TCP connection has received since it was made, or nothing for a unix socket.
std::optional<std::uint64_t> BytesReceived(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
      size < offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) {
    return std::nullopt;
  }
  return info.tcpi_bytes_received;
}

}  // namespace

net::Reason PgConnectReason(std::string_view message, bool password_matters) {
  if (Has(message, "expected authentication request") || Has(message, "invalid response") ||
      Has(message, "lost synchronization")) {
    return net::Reason::kProtocol;
  }
  if (password_matters || Has(message, "pg_hba.conf") || Has(message, "authentication")) {
    return net::Reason::kAuth;
  }
  if (Has(message, "FATAL")) return net::Reason::kRefused;
  if (Has(message, "SSL") || Has(message, "certificate")) return net::Reason::kTls;
  if (Has(message, "closed the connection") || Has(message, "Connection reset")) {
    return net::Reason::kClosed;
  }
  return net::Reason::kConnect;
}

net::Reason PgQueryReason(std::string_view sqlstate) {
  if (sqlstate == "57014") return net::Reason::kTimeout;  // query_canceled: statement_timeout
  if (sqlstate == "55P03") return net::Reason::kTimeout;  // lock_not_available: lock_timeout
  if (sqlstate == "42501" || sqlstate.starts_with("28")) return net::Reason::kAuth;
  return net::Reason::kRefused;
}

void PgConnection::Connect(const Parameters& parameters, Done done) {
  Close();
  done_ = std::move(done);
  const auto library = PqLibrary::Load();
  if (!library) return End(net::Failure{net::Reason::kLocal, library.error().message()});
  pq_ = *library;
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  connection_ = pq_->connect_start_params(keywords.data(), values.data(), 0);
  if (!connection_) return Lose({net::Reason::kLocal, "libpq has no memory"});
  if (pq_->status(connection_) == CONNECTION_BAD) return Lose(net::Reason::kConnect);
  pq_->set_notice_receiver(
      connection_, [](void*, const PGresult*) {}, nullptr);
  Watch(EPOLLOUT, &PgConnection::MoveConnect);
}

void PgConnection::Watch(std::uint32_t events, void (PgConnection::*ready)()) {
  // The descriptor is another one when libpq tries the next address.
  watcher_.Clear();
  const bool watched = watcher_.Set(pq_->socket(connection_), events,
                                    [this, ready](std::uint32_t) { (this->*ready)(); });
  if (!watched) Lose({net::Reason::kLocal, "the connection cannot be watched"});
}

void PgConnection::MoveConnect() {
  watcher_.Clear();  // libpq may close the descriptor
  switch (pq_->connect_poll(connection_)) {
    case PGRES_POLLING_READING:
      return Watch(EPOLLIN, &PgConnection::MoveConnect);
    case PGRES_POLLING_WRITING:
      return Watch(EPOLLOUT, &PgConnection::MoveConnect);
    case PGRES_POLLING_OK:
      connected_ = pq_->set_nonblocking(connection_, 1) == 0;
      if (!connected_) return Lose(net::Reason::kLocal);
      return End(std::nullopt);
    default:
      return Lose(PgConnectReason(pq_->error_message(connection_),
                                  pq_->connection_needs_password(connection_) != 0));
  }
}

void PgConnection::Run(const std::string& sql, PgRows* rows, Done done) {
  done_ = std::move(done);
  rows_ = rows;
  rows_begun_ = false;
  received_ = 0;
  received_before_ = BytesReceived(pq_->socket(connection_)).value_or(0);
  failure_.reset();
  // The extended protocol takes one statement only; what a query does not return is not waited for
  // in memory, row by row.
  const int sent = rows ? pq_->send_query_params(connection_, sql.c_str(), 0, nullptr, nullptr,
                                                 nullptr, nullptr, 0)
                        : pq_->send_query(connection_, sql.c_str());
  if (!sent || (rows && !pq_->set_single_row_mode(connection_))) {
    return Lose(net::Reason::kClosed);
  }
  MoveQuery();
}

void PgConnection::MoveQuery() {
  const int unsent = pq_->flush(connection_);
  if (unsent < 0) return Lose(net::Reason::kClosed);
  Watch(unsent ? EPOLLIN | EPOLLOUT : EPOLLIN, &PgConnection::Receive);
}

void PgConnection::Receive() {
  // libpq reads as much as has come, doubling its buffer, and does not say how much it was.
  const int fd = pq_->socket(connection_);
  int pending = 0;
  if (::ioctl(fd, FIONREAD, &pending) == 0 && pending > 0) {
    received_ += static_cast<std::size_t>(pending);
  }
  if (!pq_->consume_input(connection_)) return Lose(net::Reason::kClosed);
  if (const auto bytes = BytesReceived(fd)) received_ = *bytes - received_before_;
  if (received_ > max_answer_bytes_) {
    return Lose({net::Reason::kTooLarge, "the answer is larger than allowed"});
  }
  while (!pq_->is_busy(connection_)) {
    pg_result* const result = pq_->get_result(connection_);
    if (!result) return End(std::exchange(failure_, std::nullopt));
    Take(result);
    const auto status = pq_->result_status(result);
    pq_->clear(result);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      return Lose({net::Reason::kContent, "the query copies instead of returning rows"});
    }
    if (pq_->status(connection_) == CONNECTION_BAD) return Lose(net::Reason::kClosed);
  }
  MoveQuery();
}

void PgConnection::Take(pg_result* result) {
  switch (pq_->result_status(result)) {
    case PGRES_SINGLE_TUPLE:
    case PGRES_TUPLES_OK:
      if (rows_) TakeRows(result);
      return;
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
      if (rows_) FailQuery({net::Reason::kContent, "the query returns no rows"});
      return;
    case PGRES_BAD_RESPONSE:
      return FailQuery({net::Reason::kProtocol, OneLine(pq_->result_error_message(result))});
    default: {
      const char* const state = pq_->result_error_field(result, PG_DIAG_SQLSTATE);
      const char* const text = pq_->result_error_field(result, PG_DIAG_MESSAGE_PRIMARY);
      return FailQuery({state ? PgQueryReason(state) : net::Reason::kProtocol,
                        OneLine(text ? text : pq_->result_error_message(result))});
    }
  }
}

void PgConnection::TakeRows(pg_result* result) {
  const int columns = pq_->nfields(result);
  if (!std::exchange(rows_begun_, true)) {
    std::vector<std::string_view> names;
    names.reserve(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i) names.emplace_back(pq_->fname(result, i));
    rows_->Begin(names);
  }
  std::vector<PgCell> cells(static_cast<std::size_t>(columns));
  for (int row = 0; row < pq_->ntuples(result); ++row) {
    for (int i = 0; i < columns; ++i) {
      PgCell& cell = cells[static_cast<std::size_t>(i)];
      cell.reset();
      if (pq_->getisnull(result, row, i)) continue;
      cell = std::string_view(pq_->getvalue(result, row, i),
                              static_cast<std::size_t>(pq_->getlength(result, row, i)));
    }
    rows_->Add(cells);
  }
}

void PgConnection::FailQuery(net::Failure failure) {
  if (!failure_) failure_ = std::move(failure);
}

void PgConnection::Close() {
  watcher_.Clear();
  connected_ = false;
  if (connection_) pq_->finish(std::exchange(connection_, nullptr));
  done_ = nullptr;
}

int PgConnection::server_version() const { return pq_->server_version(connection_); }

void PgConnection::End(std::optional<net::Failure> failure) {
  watcher_.Clear();
  const Done done = std::exchange(done_, nullptr);
  if (done) done(std::move(failure));
}

void PgConnection::Lose(net::Failure failure) {
  Done done = std::exchange(done_, nullptr);
  Close();
  done_ = std::move(done);
  End(std::move(failure));
}

void PgConnection::Lose(net::Reason reason) {
  // What the server said last is more than that the connection is gone.
  if (failure_) return Lose(*std::exchange(failure_, std::nullopt));
  Lose({reason, Message()});
}

std::string PgConnection::Message() const {
  return OneLine(connection_ ? pq_->error_message(connection_) : "");
}

}  // namespace tocsin
