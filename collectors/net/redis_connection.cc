#include "collectors/net/redis_connection.h"

#include <utility>

#include "base/outgoing/http_config.h"
#include "base/parse.h"
#include "base/percent.h"
#include "base/utf8.h"
#include "collectors/net/network.h"

namespace tocsin::net {
namespace {

constexpr std::uint16_t kDefaultPort = 6379;
constexpr std::size_t kMaxUnread = 256 << 10;

Error Bad(std::string_view what) {
  return {Errc::kInvalid, "not the address of a Redis (redis://host:port): " + std::string(what)};
}

Status ParseDatabase(std::string_view text, RedisAddress& address) {
  if (text.empty()) return Unit{};
  const auto database = ParseInt<int>(text);
  if (!database || *database < 0) return Bad("the database is a number");
  address.database = *database;
  return Unit{};
}

/// user:password before an '@'. Redis's own tools take ":password" and "password" for the latter.
void ParseUser(std::string_view text, RedisAddress& address) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    address.user = PercentDecoded(text);
    return;
  }
  address.user = PercentDecoded(text.substr(0, colon));
  address.password = outgoing::Secret::Literal(PercentDecoded(text.substr(colon + 1)));
}

/// `?db=3` at the end of a URI.
Status TakeQuery(std::string_view& rest, RedisAddress& address) {
  const auto question = rest.find('?');
  if (question == std::string_view::npos) return Unit{};
  const std::string_view query = rest.substr(question + 1);
  rest = rest.substr(0, question);
  if (!query.starts_with("db=")) return Bad("of parameters, only db is known");
  return ParseDatabase(query.substr(3), address);
}

}  // namespace

Result<RedisAddress> RedisAddress::Parse(std::string_view uri) {
  RedisAddress address;
  if (uri.find_first_of(" \t\r\n") != std::string_view::npos) return Bad("blanks");
  if (uri.starts_with("/")) {
    address.to.path = uri;
    return address;
  }
  const auto scheme_end = uri.find("://");
  if (scheme_end == std::string_view::npos) {
    TRY_ASSIGN(address.to, Endpoint::Parse(uri, kDefaultPort));
    return address;
  }
  const std::string_view scheme = uri.substr(0, scheme_end);
  std::string_view rest = uri.substr(scheme_end + 3);
  TRY(TakeQuery(rest, address));
  const auto slash_before_at = rest.find('/');
  const auto at = rest.substr(0, slash_before_at).rfind('@');
  if (at != std::string_view::npos) {
    ParseUser(rest.substr(0, at), address);
    rest.remove_prefix(at + 1);
  }
  if (scheme == "unix" || scheme == "redis-socket") {
    if (!rest.starts_with('/')) return Bad("a socket has an absolute path: unix:///run/redis.sock");
    address.to.path = rest;
    return address;
  }
  if (scheme == "rediss" || scheme == "valkeys") {
    address.tls.emplace();
  } else if (scheme != "redis" && scheme != "valkey") {
    return Bad("the scheme is redis, rediss or unix");
  }
  const auto slash = rest.find('/');
  if (slash != std::string_view::npos) {
    TRY(ParseDatabase(rest.substr(slash + 1), address));
    rest = rest.substr(0, slash);
  }
  TRY_ASSIGN(address.to, Endpoint::Parse(rest, kDefaultPort));
  return address;
}

Status ReadRedisFields(YamlFields& fields, RedisAddress& address) {
  if (!address.password.empty()) {
    return Error{Errc::kInvalid, "a password does not belong in an address: use password_file"};
  }
  TRY_ASSIGN(address.user, fields.Read("user", YamlString, address.user));
  TRY_ASSIGN(address.password,
             outgoing::ReadSecret(fields, "password", outgoing::InlineSecrets::kRefused));
  if (const YamlNode* tls = fields.Find("tls_config")) {
    TRY_ASSIGN(address.tls, outgoing::ReadTlsOptions(fields.file(), *tls));
  }
  return Unit{};
}

Result<RedisAddress> ParseRedisAddress(std::string_view text, const RedisAddress& access) {
  TRY_ASSIGN(RedisAddress address, RedisAddress::Parse(text));
  if (!access.user.empty()) address.user = access.user;
  if (!access.password.empty()) address.password = access.password;
  if (access.tls) address.tls = access.tls;
  return address;
}

RedisConnection::RedisConnection(Network& network, RedisAddress address)
    : network_(network), address_(std::move(address)), stream_(network, *this) {}

void RedisConnection::Begin(MonoTime deadline, std::function<void(const Failure&)> failed) {
  ++series_;
  deadline_ = deadline;
  failed_ = std::move(failed);
  begun_ = true;
  answered_ = false;
  connect_time_ = nanoseconds(0);
  reused_ = stream_.connected();
  if (reused_) return stream_.SetDeadline(deadline);
  Connect();
}

void RedisConnection::Connect() {
  reader_.emplace();
  stream_.Connect({.to = address_.to,
                   .ip_version = IpVersion::kAny,
                   .tls = address_.tls,
                   .source_ip = {},
                   .deadline = deadline_,
                   .max_unread = kMaxUnread});
}

void RedisConnection::Send(std::initializer_list<std::string_view> words,
                           std::function<void(Reply)> told) {
  Send(std::span(words.begin(), words.size()), std::move(told));
}

void RedisConnection::Send(std::span<const std::string_view> words,
                           std::function<void(Reply)> told) {
  Pending pending{{}, std::move(told)};
  AppendCommand(words, pending.bytes);
  pending_.push_back(std::move(pending));
  if (stream_.connected()) stream_.Write(pending_.back().bytes);
}

void RedisConnection::End() {
  begun_ = false;
  failed_ = nullptr;
  if (!pending_.empty() || !stream_.connected()) {
    stream_.Close();
    pending_.clear();
    return;
  }
  stream_.SetDeadline(std::nullopt);
}

/// The commands that must go first on a new connection stand before those that wait already.
void RedisConnection::OnConnected() {
  const ConnectPhases& phases = stream_.phases();
  connect_time_ = phases.resolve + phases.connect + phases.tls;
  std::deque<Pending> greeting;
  const auto greet = [&](std::initializer_list<std::string_view> words, Reason reason) {
    Pending pending;
    AppendCommand(std::span(words.begin(), words.size()), pending.bytes);
    pending.told = [this, reason](const Reply& reply) {
      if (reply.IsError()) Fail({reason, OneLine(reply.text, 200)});
    };
    greeting.push_back(std::move(pending));
  };
  const auto password = address_.password.Reveal();
  if (!password) return Fail({Reason::kLocal, password.error().message()});
  if (!address_.user.empty()) {
    greet({"AUTH", address_.user, *password}, Reason::kAuth);
  } else if (!password->empty()) {
    greet({"AUTH", *password}, Reason::kAuth);
  }
  if (address_.database != 0) {
    greet({"SELECT", std::to_string(address_.database)}, Reason::kRefused);
  }
  pending_.insert(pending_.begin(), std::make_move_iterator(greeting.begin()),
                  std::make_move_iterator(greeting.end()));
  stream_.SetDeadline(deadline_);
  std::string all;
  for (const Pending& pending : pending_) all += pending.bytes;
  if (!all.empty()) stream_.Write(all);
}

std::size_t RedisConnection::OnData(std::string_view unread) {
  reader_->Feed(unread);
  const std::uint64_t series = series_;
  while (begun_ && series == series_) {
    auto next = reader_->Next();
    if (!next) {
      const bool large = next.error().code() == Errc::kLimit;
      Fail({large ? Reason::kTooLarge : Reason::kProtocol, next.error().message()});
      return unread.size();
    }
    if (!next->has_value()) break;
    if (pending_.empty()) {
      Fail({Reason::kProtocol, "a reply to no command"});
      return unread.size();
    }
    answered_ = true;
    Reply reply = std::move(**next);
    const auto told = std::move(pending_.front().told);
    pending_.pop_front();
    if (reply.IsError() &&
        (reply.text.starts_with("NOAUTH") || reply.text.starts_with("WRONGPASS"))) {
      Fail({Reason::kAuth, OneLine(reply.text, 200)});
      return unread.size();
    }
    told(std::move(reply));
  }
  if (!begun_ && pending_.empty() && stream_.connected() && series == series_) {
    // Between rounds nothing is asked, so nothing may come.
    const auto next = reader_->Next();
    if (!next || next->has_value()) stream_.Close();
  }
  return unread.size();
}

void RedisConnection::OnEnd(const Failure& failure) {
  if (!begun_) return;  // idle too long for the server: the next series connects anew
  if (reused_ && !answered_ && failure.reason == Reason::kClosed) {
    reused_ = false;
    return Connect();  // it had gone while nobody asked
  }
  Fail(failure);
}

void RedisConnection::Fail(const Failure& failure) {
  stream_.Close();
  pending_.clear();
  begun_ = false;
  if (const auto failed = std::exchange(failed_, nullptr)) failed(failure);
}

}  // namespace tocsin::net
