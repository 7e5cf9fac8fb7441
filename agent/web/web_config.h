#pragma once
// The web configuration file of Prometheus and its exporters (--web.config.file): TLS, users and
// headers. Read as github.com/prometheus/exporter-toolkit documents it (docs/web-configuration.md).

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tocsin::web {

/// Go's names for what is asked of clients.
enum class ClientAuth {
  kNone,             // NoClientCert
  kRequest,          // RequestClientCert
  kRequireAny,       // RequireAnyClientCert
  kVerifyIfGiven,    // VerifyClientCertIfGiven
  kRequireAndVerify  // RequireAndVerifyClientCert
};

enum class TlsVersion { k10, k11, k12, k13 };

/// PEM in a file, or as it stands in the configuration.
struct Pem {
  std::string file;  // absolute, or relative to the working directory
  std::string text;  // instead
  bool empty() const { return file.empty() && text.empty(); }
};

struct TlsConfig {
  Pem certificate;  // with its chain
  Pem key;
  Pem client_ca;  // empty: the system's
  ClientAuth client_auth = ClientAuth::kNone;
  std::vector<std::string> client_allowed_sans;  // empty: any
  TlsVersion min_version = TlsVersion::k12;
  TlsVersion max_version = TlsVersion::k13;
  std::string ciphers;  // of TLS 1.2 and before, as OpenSSL lists them; empty: its own choice
  bool only_tls13_ciphers = false;  // cipher_suites named none of TLS 1.2
  std::string groups;               // as OpenSSL lists them; empty: its own choice
  bool prefer_server_ciphers = true;
};

struct RateLimit {
  milliseconds interval{0};  // a request more is allowed every so often; 0: no limit
  std::int64_t burst = 0;    // so many at once
};

struct WebConfig {
  std::optional<TlsConfig> tls;
  std::vector<std::pair<std::string, std::string>> headers;
  std::map<std::string, std::string> users;  // name → bcrypt hash; empty: no login
  RateLimit rate_limit;
};

/// Errors: kIo; otherwise "file:line:column: what, and what was meant". The files that it names
/// are not looked at.
Result<WebConfig> ReadWebConfig(const std::string& path);
/// The same from a text in memory; `name` is what errors call it, and paths are relative to.
Result<WebConfig> ParseWebConfig(std::string_view text, const std::string& name);

}  // namespace tocsin::web
