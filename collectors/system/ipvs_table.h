#pragma once
// /proc/net/ip_vs and /proc/net/ip_vs_stats.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin {

struct IpvsTotals {
  std::uint64_t connections;
  std::uint64_t incoming_packets;
  std::uint64_t outgoing_packets;
  std::uint64_t incoming_bytes;
  std::uint64_t outgoing_bytes;
};

/// Errors: kMalformed.
Result<IpvsTotals> ParseIpvsTotals(std::string_view text);

/// One real server behind one virtual service. Views point into the text and are as the kernel
/// prints them: addresses "C0A80016:0CEA" or "[2620:…]:0CEA".
struct IpvsBackend {
  std::string_view protocol;
  std::string_view local;  // empty behind a firewall mark
  std::string_view mark;   // empty behind an address
  std::string_view remote;
  std::uint64_t weight;
  std::uint64_t active;
  std::uint64_t inactive;
};

/// Fills `backends`, whose heap is used again. Errors: kMalformed.
Status ParseIpvsBackends(std::string_view text, std::vector<IpvsBackend>& backends);

struct IpvsEndpoint {
  std::string address;  // "192.168.0.22", "2620::1"
  std::string port;
};

/// Errors: kMalformed.
Result<IpvsEndpoint> ParseIpvsEndpoint(std::string_view text);

}  // namespace tocsin
