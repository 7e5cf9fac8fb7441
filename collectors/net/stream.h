#pragma once
// A byte stream to a target: TCP, unix socket, either with TLS. Never blocks.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/outgoing/exchange.h"
#include "base/result.h"
#include "collectors/net/failure.h"
#include "collectors/net/resolver.h"
#include "collectors/net/tls_peer.h"

namespace tocsin::net {

class Network;

/// Where a stream goes: a unix socket if `path` is set, else TCP.
struct Endpoint {
  std::string host;  // a name or an address, without brackets
  std::uint16_t port = 0;
  std::string path;

  /// "host:port", "host", "[2001:db8::1]:port". Errors: kInvalid.
  static Result<Endpoint> Parse(std::string_view text, std::uint16_t default_port);
  /// "host:port", "[2001:db8::1]:port" or the path.
  std::string Text() const;
};

struct StreamOptions {
  Endpoint to;
  IpVersion ip_version = IpVersion::kAny;
  /// Handshake at once; else a TLS can be started later. The name checked is `server_name` or else
  /// the host. A unix socket needs a server_name.
  std::optional<outgoing::TlsOptions> tls = std::nullopt;
  std::string source_ip = {};  // local address to connect from, or empty
  /// By when it must be connected, handshake included; then SetDeadline() says.
  MonoTime deadline{};
  /// Bytes received and not yet taken; more is Reason::kTooLarge.
  std::size_t max_unread = 1 << 20;
};

/// How long each phase of connecting took; zero for one that did not happen.
struct ConnectPhases {
  nanoseconds resolve{0};
  nanoseconds connect{0};
  nanoseconds tls{0};
};

/// Whoever uses a stream. All calls come on the loop's thread, none from within a function of
/// Stream. The stream may be closed or destroyed within any of them.
class StreamUser {
 public:
  /// Connected, with TLS if that was asked for; again after each StartTls().
  virtual void OnConnected() = 0;
  /// All that was received and not taken yet. Returns how much of it is taken now.
  virtual std::size_t OnData(std::string_view unread) = 0;
  /// The stream is closed: a failure, or the other side has ended it (kClosed). Not called after
  /// Close().
  virtual void OnEnd(const Failure& failure) = 0;

 protected:
  ~StreamUser() = default;
};

/// Loop thread only.
class Stream {
 public:
  /// `user` outlives the stream.
  Stream(Network& network, StreamUser& user);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Closes what was open and connects anew. Every failure comes by OnEnd(), also an immediate one.
  void Connect(StreamOptions options);
  /// Upgrades the connected stream (STARTTLS). Bytes received in clear and not taken are an error.
  void StartTls(const outgoing::TlsOptions& tls);
  /// Queues `bytes`; valid once connected.
  void Write(std::string_view bytes);
  /// From now on, the stream ends with kTimeout at `deadline`; nothing: never by itself.
  void SetDeadline(std::optional<MonoTime> deadline);
  /// Ends it without a call. May be called at any time.
  void Close();

  bool connected() const;
  const ConnectPhases& phases() const;
  /// The address connected, or tried last; empty for a unix socket.
  const Address& address() const;
  /// Nothing without TLS.
  const std::optional<TlsPeer>& tls_peer() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::net
