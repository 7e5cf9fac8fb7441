#pragma once
// One TLS client session over a non-blocking socket, by OpenSSL found at run time.

#include <memory>
#include <string>
#include <string_view>

#include "base/outgoing/exchange.h"
#include "base/result.h"
#include "collectors/net/tls_peer.h"

namespace tocsin::net {

/// Single-threaded.
class TlsSession {
 public:
  /// What a step came to.
  enum class Step { kDone, kWantRead, kWantWrite, kClosed, kFailed };

  /// `name` is what the certificate must be for, a DNS name or an IP address; empty only with
  /// insecure_skip_verify. The socket stays the caller's. Errors: kUnsupported without OpenSSL; kIo
  /// for unreadable files of `options`, kInvalid without a name.
  static Result<std::unique_ptr<TlsSession>> Start(int fd, const outgoing::TlsOptions& options,
                                                   const std::string& name);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Step Handshake();
  /// kDone: `size` is how much was read or written.
  Step Read(char* data, std::size_t room, std::size_t& size);
  Step Write(std::string_view bytes, std::size_t& size);

  /// After kFailed: what OpenSSL says, the certificate's fault first.
  const std::string& error() const { return error_; }
  TlsPeer Inspect() const;

 private:
  struct Parts;
  explicit TlsSession(std::unique_ptr<Parts> parts);
  Step StepOf(int result);

  std::unique_ptr<Parts> parts_;
  std::string error_;
};

}  // namespace tocsin::net
