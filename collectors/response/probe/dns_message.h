#pragma once
// Messages of the DNS (RFC 1035): one question out, one answer in.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::probe {

struct DnsQuestion {
  std::uint16_t id = 0;
  std::string name;  // IsDnsName()
  std::uint16_t type = 1;
  std::uint16_t klass = 1;
  bool recursion_desired = true;
  /// Bytes of an answer by UDP that the asker takes (EDNS0); 0: the 512 that all servers know.
  std::uint16_t udp_bytes = 0;
};

std::string BuildDnsQuery(const DnsQuestion& question);

struct DnsRecord {
  std::uint16_t type = 0;
  /// As a zone file has it, fields parted by tabs: "localhost.\t3600\tIN\tA\t127.0.0.1".
  std::string text;
  std::optional<std::uint32_t> serial;  // of an SOA
};

struct DnsAnswer {
  std::uint16_t id = 0;
  bool is_response = false;
  bool truncated = false;
  std::uint16_t rcode = 0;  // with the upper bits that an OPT record adds
  std::vector<DnsRecord> answer;
  std::vector<DnsRecord> authority;
  std::vector<DnsRecord> additional;
};

/// Reads a message of at most 64 KB. Work and memory are linear in it: names may point backwards
/// only. Errors: kMalformed, saying what and at which byte.
Result<DnsAnswer> ParseDnsAnswer(std::string_view message);

}  // namespace tocsin::probe
