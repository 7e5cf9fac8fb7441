#pragma once
// A connection to Redis or Valkey, kept over rounds, with pipelined commands.

#include <deque>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/outgoing/secret.h"
#include "base/yaml.h"
#include "collectors/net/failure.h"
#include "collectors/net/resp.h"
#include "collectors/net/stream.h"

namespace tocsin::net {

/// How to reach a Redis.
struct RedisAddress {
  Endpoint to;
  std::optional<outgoing::TlsOptions> tls;
  std::string user;  // of an ACL; empty: the default one
  outgoing::Secret password;
  int database = 0;

  /// redis://, rediss:// (TLS) and unix:// URIs, "host:port", "host", "/path/of/socket". The
  /// database is the path of a URI ("redis://h/3"), or "?db=3". Errors: kInvalid.
  static Result<RedisAddress> Parse(std::string_view uri);
};

/// The keys `user`, `password` (with `_file`) and `tls_config` of a target, over what `address`
/// says. Errors: kInvalid with position; a password within the URI among them.
Status ReadRedisFields(YamlFields& fields, RedisAddress& address);

/// Parse() of `text`, with the user, the password and the TLS settings of `access` where it has
/// them.
Result<RedisAddress> ParseRedisAddress(std::string_view text, const RedisAddress& access);

/// Loop thread only.
class RedisConnection final : private StreamUser {
 public:
  RedisConnection(Network& network, RedisAddress address);

  /// Begins a series of commands that must be answered by `deadline`. `failed` is called, later and
  /// at most once, if that does not happen; the connection is then closed and no reply told any
  /// more. Connects, authenticates and selects the database if it is not connected.
  void Begin(MonoTime deadline, std::function<void(const Failure&)> failed);
  /// Queues a command. `told` gets its reply, an error of the server too, on the loop, in order,
  /// and may send more commands. NOAUTH and WRONGPASS fail the connection (kAuth).
  void Send(std::initializer_list<std::string_view> words, std::function<void(Reply)> told);
  void Send(std::span<const std::string_view> words, std::function<void(Reply)> told);
  /// The series is over: nothing is told any more. The connection stays open if all commands were
  /// answered.
  void End();

  /// How long the last Connect took: zero if the connection was there.
  nanoseconds connect_time() const { return connect_time_; }

 private:
  struct Pending {
    std::string bytes;
    std::function<void(Reply)> told;
  };
  void Connect();
  void OnConnected() override;
  std::size_t OnData(std::string_view unread) override;
  void OnEnd(const Failure& failure) override;
  void Fail(const Failure& failure);

  Network& network_;
  const RedisAddress address_;
  Stream stream_;
  std::optional<RespReader> reader_;  // anew for each connection
  MonoTime deadline_;
  bool begun_ = false;
  bool answered_ = false;  // anything since Begin()
  bool reused_ = false;    // the connection is older than Begin()
  std::uint64_t series_ = 0;
  std::function<void(const Failure&)> failed_;
  std::deque<Pending> pending_;
  nanoseconds connect_time_{0};
};

}  // namespace tocsin::net
