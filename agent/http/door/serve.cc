// One connection, from bytes to request to response.

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "agent/http/door/loop.h"

namespace tocsin::http {
namespace {

/// Writes of one connection before the others have their turn.
constexpr int kWritesAtOnce = 16;
/// Over TLS a small response leaves in one record with its head.
constexpr std::size_t kJoinedBody = 8192;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::uint32_t EventFor(IoStep step) { return step == IoStep::kWantWrite ? EPOLLOUT : EPOLLIN; }

bool IsRefusal(Policy::Verdict verdict) {
  return verdict == Policy::Verdict::kRefuse || verdict == Policy::Verdict::kTooMany;
}

/// Somebody forgot the s of https. A TLS record begins with another byte.
bool BeginsLikeHttp(int socket) {
  char first = 0;
  return ::recv(socket, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && first >= 'A' && first <= 'Z';
}

Response TooBusy() {
  Response response = TextResponse(503, "too many requests at once, try again");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

/// After anything that happened to a connection: what has arrived already, and what to wait for.
void Loop::Advance(Connection& connection) {
  TakeRequests(connection);
  while (connection.TakesRequests() && connection.secure && connection.secure->HasPending()) {
    Read(connection);
  }
  if (connection.phase == Phase::kClosed) return;
  Account(connection);
  Arm(connection);
}

void Loop::Shake(Connection& connection) {
  if (!std::exchange(connection.shaking, true) && BeginsLikeHttp(connection.fd)) {
    const Response response = TextResponse(400, "400 this address speaks HTTPS");
    const std::string text = ResponseHead(response, false, clock_.Wall()) + response.body;
    (void)::send(connection.fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return SayLast(connection);
  }
  switch (connection.secure->Handshake()) {
    case SecureStream::Step::kDone:
      connection.wanted = EPOLLIN;
      Move(connection, Phase::kHeader);
      return Read(connection);
    case SecureStream::Step::kWantRead:
      connection.wanted = EPOLLIN;
      return;
    case SecureStream::Step::kWantWrite:
      connection.wanted = EPOLLOUT;
      return;
    case SecureStream::Step::kEnded:
      return SayLast(connection);
  }
}

void Loop::Read(Connection& connection) {
  while (connection.TakesRequests()) {
    std::size_t size = 0;
    const IoStep step = ReadSome(connection, buffer_.data(), buffer_.size(), size);
    if (step == IoStep::kEnded) return Close(connection);
    connection.wanted = EventFor(step);
    if (step != IoStep::kDone) return;
    Feed(connection, {buffer_.data(), size});
    TakeRequests(connection);
    if (!connection.secure) return;  // epoll reports what is left
  }
}

void Loop::Drain(Connection& connection) {
  const ssize_t n = ::recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
    Close(connection);
  }
}

void Loop::Feed(Connection& connection, std::string_view bytes) {
  if (connection.phase != Phase::kBody) {
    connection.in.append(bytes);
    return;
  }
  Exchange& exchange = *connection.exchange;
  const std::size_t whole = exchange.header_bytes + exchange.checked.body_bytes;
  const std::size_t mine = std::min(bytes.size(), whole - exchange.bytes.size());
  exchange.bytes.append(bytes.substr(0, mine));
  connection.in.append(bytes.substr(mine));
  if (exchange.bytes.size() == whole) return Hand(connection);
  Account(connection);
}

/// Requests that have arrived, one after the other: the next begins when this one is answered.
void Loop::TakeRequests(Connection& connection) {
  while (!connection.in.empty() &&
         (connection.phase == Phase::kHeader || connection.phase == Phase::kIdle)) {
    if (connection.phase == Phase::kIdle) Move(connection, Phase::kHeader);
    switch (connection.scanner.Scan(connection.in, limits_)) {
      case HeaderScanner::State::kIncomplete:
        return Account(connection);
      case HeaderScanner::State::kRefused:
        Refuse(connection, connection.scanner.Refusal());
        break;
      case HeaderScanner::State::kComplete:
        Begin(connection);
        break;
    }
  }
}

void Loop::Begin(Connection& connection) {
  connection.exchange = std::make_unique<Exchange>();
  Exchange& exchange = *connection.exchange;
  exchange.bytes = std::exchange(connection.in, {});
  exchange.header_bytes = connection.scanner.header_bytes();
  connection.scanner.Reset();
  HttpVersion version{};
  if (auto refusal =
          ReadHeader(exchange.bytes.data(), exchange.header_bytes, exchange.request, version)) {
    return Refuse(connection, *std::move(refusal));
  }
  exchange.checked = CheckRequest(exchange.request, version, limits_);
  if (exchange.checked.refusal) return Refuse(connection, *std::move(exchange.checked.refusal));
  const std::size_t whole = exchange.header_bytes + exchange.checked.body_bytes;
  if (exchange.bytes.size() > whole) {
    connection.in.assign(exchange.bytes, whole);
    exchange.bytes.resize(whole);
  }
  if (policy_) exchange.verdict = policy_->Judge(exchange.request);
  if (IsRefusal(exchange.verdict)) {
    const bool has_body = exchange.checked.body_bytes > 0;  // which nobody reads
    exchange.checked.keep_alive = exchange.checked.keep_alive && !has_body;
    if (has_body) connection.in.clear();
    exchange.response = policy_->Refusal(exchange.verdict);
    return Answer(connection);
  }
  if (exchange.bytes.size() == whole) return Hand(connection);
  AwaitBody(connection);
}

void Loop::AwaitBody(Connection& connection) {
  Move(connection, Phase::kBody);
  connection.wanted = EPOLLIN;
  connection.exchange->request = {};  // its views die as the body grows
  if (!connection.exchange->checked.expects_continue) return;
  std::size_t size = 0;
  // The socket's buffer is empty at this point, so that it takes these few bytes or is broken.
  if (WriteSome(connection, kContinue, {}, size) != IoStep::kDone || size != kContinue.size()) {
    Close(connection);
  }
}

/// To the workers.
void Loop::Hand(Connection& connection) {
  Exchange& exchange = *connection.exchange;
  if (exchange.checked.body_bytes > 0) {
    // Its bytes have moved while the body arrived.
    HttpVersion version{};
    (void)ReadHeader(exchange.bytes.data(), exchange.header_bytes, exchange.request, version);
    exchange.request.body = std::string_view(exchange.bytes).substr(exchange.header_bytes);
  }
  exchange.remote = RemoteName(connection.fd);
  exchange.request.remote = exchange.remote;
  exchange.connection = &connection;
  Account(connection);
  connection.handled = &exchange;
  Move(connection, Phase::kHandling);
  const bool check = exchange.verdict == Policy::Verdict::kCheck;
  if (!workers_.Submit(check ? Workers::Lane::kLogin : Workers::Lane::kHandler,
                       connection.exchange)) {
    connection.handled = nullptr;
    exchange.response = TooBusy();
    Answer(connection);
  }
}

/// From the workers.
void Loop::Finished(std::unique_ptr<Exchange> exchange) {
  if (!exchange->connection) return;
  Connection& connection = *exchange->connection;
  connection.handled = nullptr;
  connection.exchange = std::move(exchange);
  if (connection.exchange->failed) return Close(connection);
  Answer(connection);
  Advance(connection);
}

/// Answers without looking at what else the client sends, and ends the connection.
void Loop::Refuse(Connection& connection, Response response) {
  if (!connection.exchange) connection.exchange = std::make_unique<Exchange>();
  connection.in.clear();
  connection.exchange->checked.keep_alive = false;
  connection.exchange->response = std::move(response);
  Answer(connection);
}

void Loop::Answer(Connection& connection) {
  Exchange& exchange = *connection.exchange;
  if (policy_) policy_->Decorate(exchange.response);
  const Response& response = exchange.response;
  exchange.checked.keep_alive = exchange.checked.keep_alive && !stopping_;
  exchange.head = ResponseHead(response, exchange.checked.keep_alive, clock_.Wall());
  const bool bodiless =
      exchange.request.method == "HEAD" || response.status == 204 || response.status == 304;
  if (!bodiless) exchange.body = response.Body();
  if (connection.secure && exchange.body.size() <= kJoinedBody) {
    exchange.head.append(exchange.body);
    exchange.body = {};
  }
  Move(connection, Phase::kResponse);
  Account(connection);
  Flush(connection);
}

void Loop::Flush(Connection& connection) {
  Exchange& exchange = *connection.exchange;
  const std::size_t whole = exchange.head.size() + exchange.body.size();
  for (int i = 0; i < kWritesAtOnce && exchange.sent < whole; ++i) {
    const std::size_t of_head = std::min(exchange.sent, exchange.head.size());
    std::size_t size = 0;
    const IoStep step = WriteSome(connection, std::string_view(exchange.head).substr(of_head),
                                  exchange.body.substr(exchange.sent - of_head), size);
    if (step == IoStep::kEnded) return Close(connection);
    if (step != IoStep::kDone) {
      connection.wanted = EventFor(step);
      return;
    }
    exchange.sent += size;
  }
  connection.wanted = EPOLLOUT;
  if (exchange.sent == whole) Finish(connection);
}

void Loop::Finish(Connection& connection) {
  const bool keep_alive = connection.exchange->checked.keep_alive;
  connection.exchange = nullptr;
  if (!keep_alive) return SayLast(connection);
  connection.wanted = EPOLLIN;
  Move(connection, Phase::kIdle);
}

/// Ends the connection so that the client still gets what was sent, though it may have sent more
/// than was read: closing at once would reset it.
void Loop::SayLast(Connection& connection) {
  if (connection.secure) connection.secure->SayGoodbye();
  ::shutdown(connection.fd, SHUT_WR);
  connection.in = {};
  connection.wanted = EPOLLIN;
  Move(connection, Phase::kLinger);
}

void Loop::Account(Connection& connection) {
  if (connection.phase == Phase::kHandling || connection.phase == Phase::kClosed) return;
  std::size_t holds = connection.in.size();
  if (const Exchange* exchange = connection.exchange.get()) {
    holds += exchange->bytes.size() + exchange->head.size() + exchange->response.body.size();
  }
  held_ += holds - connection.held;
  connection.held = holds;
  if (held_ > door_.held_bytes) Reclaim(connection);
}

}  // namespace tocsin::http
