#pragma once
// What a TLS handshake has shown of the other side.

#include <string>
#include <vector>

#include "base/clock.h"

namespace tocsin::net {

struct Certificate {
  WallTime not_before{};
  WallTime not_after{};
  std::string subject;  // RFC 2253, as Go prints it: "CN=example.com,O=Example"
  std::string issuer;
  std::string serial;                  // lower-case hexadecimal
  std::string sha256;                  // fingerprint, lower-case hexadecimal
  std::vector<std::string> dns_names;  // subject alternative names
};

struct TlsPeer {
  std::string version;  // "TLS 1.3", as Go's crypto/tls names it
  std::string cipher;   // "TLS_AES_256_GCM_SHA384"
  std::string alpn;     // "h2", empty if none was agreed
  /// As the other side sent them, its own first.
  std::vector<Certificate> chain;
  /// The chains that hold, each from its own certificate to an authority; empty if nothing was
  /// verified (insecure_skip_verify).
  std::vector<Certificate> verified;
};

/// When the first certificate of the chain to expire does so; epoch for an empty chain.
WallTime EarliestExpiry(const std::vector<Certificate>& chain);

}  // namespace tocsin::net
