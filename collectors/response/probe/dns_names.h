#pragma once
// Words of the DNS and their numbers (IANA's registries).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::probe {

namespace dns_type {
inline constexpr std::uint16_t kA = 1, kNs = 2, kCname = 5, kSoa = 6, kPtr = 12, kHinfo = 13,
                               kMx = 15, kTxt = 16, kAaaa = 28, kSrv = 33, kNaptr = 35, kDname = 39,
                               kOpt = 41, kDs = 43, kSshfp = 44, kTlsa = 52, kSpf = 99, kCaa = 257;
}

/// "AAAA", "TYPE65280"; upper case only. Nothing if there is no such word.
std::optional<std::uint16_t> FindDnsType(std::string_view name);
/// "IN", "CH", "HS", "NONE", "ANY"
std::optional<std::uint16_t> FindDnsClass(std::string_view name);
/// "NOERROR", "NXDOMAIN" …
std::optional<std::uint16_t> FindDnsRcode(std::string_view name);

/// The word for a number, or "TYPE65280", "CLASS7", "RCODE20".
std::string DnsTypeName(std::uint16_t type);
std::string DnsClassName(std::uint16_t klass);
std::string DnsRcodeName(std::uint16_t rcode);

/// Whether `name` can be asked for: labels of 1 to 63 bytes, 253 bytes in all, or "." alone.
bool IsDnsName(std::string_view name);

}  // namespace tocsin::probe
