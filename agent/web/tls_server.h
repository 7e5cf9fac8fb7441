#pragma once
// The server's side of TLS, by OpenSSL, found when it is first needed (collectors/net/
// tls_library.h). Handshakes and bytes move without blocking.

#include <memory>
#include <string>

#include "agent/http/door/policy.h"
#include "agent/web/web_config.h"
#include "base/result.h"

namespace tocsin::web {

/// Certificate, key and rules of one configuration, ready for connections. Immutable.
class TlsServer {
 public:
  /// Reads the files. Errors: kIo, kMalformed or kInvalid, naming the file; kUnsupported without
  /// OpenSSL.
  static Result<std::shared_ptr<const TlsServer>> Make(const TlsConfig& config);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  /// Null when there is no memory. The stream keeps what it needs of this object.
  static std::unique_ptr<http::SecureStream> Accept(std::shared_ptr<const TlsServer> server,
                                                    int socket);

 private:
  class Stream;
  struct Parts;
  explicit TlsServer(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace tocsin::web
