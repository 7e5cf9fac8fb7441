#pragma once
// What a probe found out, in the units and senses of blackbox_exporter's metrics.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "collectors/net/tls_peer.h"
#include "collectors/response/probe/failure.h"

namespace tocsin::probe {

/// The address that the target's name led to.
struct Lookup {
  bool tried = false;  // not of a unix socket, nor of a target that cannot be understood
  double seconds = 0;
  int ip_protocol = 0;        // 4 or 6; 0: none was found
  std::uint32_t ip_hash = 0;  // FNV-1a of the address
};

/// The FNV-1a hash, 32 bits, of the bytes of an address.
std::uint32_t AddressHash(std::string_view bytes);

struct TlsFacts {
  double earliest_expiry = 0;  // Unix time; of all certificates that were sent
  double last_chain_expiry = 0;
  std::string version;
  std::string fingerprint;
  std::string subject;
  std::string issuer;
  std::string names;  // dns_names, parted by commas
};
TlsFacts FactsOf(const net::TlsPeer& peer);

struct HttpFacts {
  double resolve_seconds = 0;
  bool requested = false;  // the phases below mean something
  double connect_seconds = 0;
  double tls_seconds = 0;
  double processing_seconds = 0;
  double transfer_seconds = 0;
  int status = 0;
  std::int64_t content_length = 0;
  std::uint64_t uncompressed_bytes = 0;
  int redirects = 0;
  bool tls = false;
  double version = 0;
  bool failed_regex = false;
  std::optional<double> last_modified;  // Unix time
};

struct TcpFacts {
  bool failed_regex = false;
};

struct IcmpFacts {
  double resolve_seconds = 0;
  double setup_seconds = 0;
  double rtt_seconds = 0;           // of the first reply
  std::optional<double> hop_limit;  // of the last reply
  std::size_t sent = 0;
  std::vector<double> rtts;  // seconds, of every reply, in the order of sending
};

struct DnsFacts {
  double resolve_seconds = 0;
  double connect_seconds = 0;
  double request_seconds = 0;
  std::size_t answers = 0;
  std::size_t authorities = 0;
  std::size_t additionals = 0;
  bool query_succeeded = false;
  std::optional<std::uint32_t> serial;  // asked for an SOA: 0 if none came
};

struct GrpcFacts {
  double resolve_seconds = 0;
  std::optional<double> check_seconds;
  bool tls = false;
  int status = 0;              // a gRPC status code
  std::string serving_status;  // "SERVING" …; empty: none came
};

/// What the metrics of a probe are made of.
struct ProbeFacts {
  WallTime began{};
  double duration_seconds = 0;
  Lookup lookup;
  std::variant<HttpFacts, TcpFacts, IcmpFacts, DnsFacts, GrpcFacts> facts;
  std::optional<TlsFacts> tls;
  std::optional<Failure> failure;
  int attempts = 1;  // more than one: the earlier ones failed

  bool success() const { return !failure; }
  /// An HTTP status, "ok", or the reason of the failure.
  std::string Code() const;
};

/// Immutable once the probe has ended.
struct ProbeResult : ProbeFacts {
  std::string log;  // a line an event
};

}  // namespace tocsin::probe
