#pragma once
// The modules of blackbox_exporter's blackbox.yml: what a probe does and what it expects.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/outgoing/exchange.h"
#include "base/outgoing/secret.h"
#include "collectors/response/probe/pattern.h"

namespace tocsin::probe {

enum class IpFamily : std::uint8_t { k4, k6 };

/// Which addresses of a name are used.
struct IpPreference {
  IpFamily preferred = IpFamily::k6;
  bool fallback = true;  // to the other family
};

struct HeaderMatch {
  std::string header;
  Pattern pattern;
  bool allow_missing = false;
};

/// A client-credentials grant: a token is fetched before the first probe and kept while it lasts.
struct OAuth2 {
  std::string client_id;
  outgoing::Secret client_secret;
  std::vector<std::string> scopes;
  std::string token_url;
  std::vector<std::pair<std::string, std::string>> endpoint_params;
  outgoing::TlsOptions tls;
};

enum class Compression : std::uint8_t { kNone, kIdentity, kGzip, kDeflate, kBrotli };

struct HttpModule {
  std::vector<int> valid_status_codes;           // empty: 200 to 299
  std::vector<std::string> valid_http_versions;  // "HTTP/1.1"; empty: any
  IpPreference ip;
  bool skip_resolve_phase_with_proxy = false;
  bool follow_redirects = true;
  bool enable_http2 = true;
  bool fail_if_ssl = false;
  bool fail_if_not_ssl = false;
  std::string method = "GET";
  std::vector<outgoing::Header> headers;
  std::vector<Pattern> fail_if_body_matches;
  std::vector<Pattern> fail_if_body_not_matches;
  std::vector<HeaderMatch> fail_if_header_matches;
  std::vector<HeaderMatch> fail_if_header_not_matches;
  std::string body;
  std::uint64_t body_size_limit = 0;  // bytes after decompression; 0: none but the prober's own
  Compression compression = Compression::kNone;

  std::string user;
  outgoing::Secret password;
  std::string authorization_type;  // "Bearer"; empty: no Authorization header
  outgoing::Secret credentials;
  std::optional<OAuth2> oauth2;
  std::string proxy;
  outgoing::TlsOptions tls;
};

struct QueryResponse {
  std::optional<Pattern> expect;
  std::string send;  // with $1 … of expect's groups
  bool starttls = false;
};

struct TcpModule {
  IpPreference ip;
  std::string source_ip;
  std::vector<QueryResponse> steps;
  bool tls = false;
  outgoing::TlsOptions tls_options;
};

struct IcmpModule {
  IpPreference ip;
  std::string source_ip;
  std::size_t payload_size = 0;  // 0: as long as the default text
  bool dont_fragment = false;
  int ttl = 64;
};

/// Conditions on the records of one section of an answer, each written as zone files have them.
struct RecordRules {
  std::vector<Pattern> fail_if_matches{};
  std::vector<Pattern> fail_if_all_match{};
  std::vector<Pattern> fail_if_not_matches{};
  std::vector<Pattern> fail_if_none_matches{};
};

enum class DnsTransport : std::uint8_t { kUdp, kTcp, kTls };

struct DnsModule {
  IpPreference ip;
  std::string source_ip;
  DnsTransport transport = DnsTransport::kUdp;
  outgoing::TlsOptions tls;
  std::string query_name;
  std::uint16_t query_type = 255;  // ANY
  std::uint16_t query_class = 1;   // IN
  bool recursion_desired = true;
  std::vector<std::uint16_t> valid_rcodes{0};  // NOERROR
  RecordRules answer;
  RecordRules authority;
  RecordRules additional;
};

struct GrpcModule {
  std::string service;
  IpPreference ip;
  bool tls = false;
  outgoing::TlsOptions tls_options;
};

enum class Prober : std::uint8_t { kHttp, kTcp, kIcmp, kDns, kGrpc };
std::string_view ProberName(Prober prober);

/// Immutable once read; probes of one module share it.
struct Module {
  std::string name;
  std::string source;  // as YAML without secrets, for debug pages
  Prober prober = Prober::kHttp;
  milliseconds timeout{0};  // 0: as long as the caller waits
  HttpModule http;
  TcpModule tcp;
  IcmpModule icmp;
  DnsModule dns;
  GrpcModule grpc;
};

using Modules = std::map<std::string, std::shared_ptr<const Module>, std::less<>>;

}  // namespace tocsin::probe
