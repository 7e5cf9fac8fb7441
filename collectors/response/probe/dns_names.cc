#include "collectors/response/probe/dns_names.h"

#include <span>

#include "base/parse.h"

namespace tocsin::probe {
namespace {

struct Word {
  std::string_view name;
  std::uint16_t number;
};

constexpr Word kTypes[] = {
    {"A", 1},         {"NS", 2},      {"MD", 3},           {"MF", 4},       {"CNAME", 5},
    {"SOA", 6},       {"MB", 7},      {"MG", 8},           {"MR", 9},       {"NULL", 10},
    {"PTR", 12},      {"HINFO", 13},  {"MINFO", 14},       {"MX", 15},      {"TXT", 16},
    {"RP", 17},       {"AFSDB", 18},  {"X25", 19},         {"ISDN", 20},    {"RT", 21},
    {"NSAP-PTR", 23}, {"SIG", 24},    {"KEY", 25},         {"PX", 26},      {"GPOS", 27},
    {"AAAA", 28},     {"LOC", 29},    {"NXT", 30},         {"EID", 31},     {"NIMLOC", 32},
    {"SRV", 33},      {"ATMA", 34},   {"NAPTR", 35},       {"KX", 36},      {"CERT", 37},
    {"DNAME", 39},    {"OPT", 41},    {"APL", 42},         {"DS", 43},      {"SSHFP", 44},
    {"RRSIG", 46},    {"NSEC", 47},   {"DNSKEY", 48},      {"DHCID", 49},   {"NSEC3", 50},
    {"TLSA", 52},     {"SMIMEA", 53}, {"NSEC3PARAM", 51},  {"HIP", 55},     {"NINFO", 56},
    {"RKEY", 57},     {"TALINK", 58}, {"CDS", 59},         {"CDNSKEY", 60}, {"OPENPGPKEY", 61},
    {"CSYNC", 62},    {"ZONEMD", 63}, {"SVCB", 64},        {"HTTPS", 65},   {"SPF", 99},
    {"UINFO", 100},   {"UID", 101},   {"GID", 102},        {"UNSPEC", 103}, {"NID", 104},
    {"L32", 105},     {"L64", 106},   {"LP", 107},         {"EUI48", 108},  {"EUI64", 109},
    {"TKEY", 249},    {"TSIG", 250},  {"IXFR", 251},       {"AXFR", 252},   {"MAILB", 253},
    {"MAILA", 254},   {"ANY", 255},   {"URI", 256},        {"CAA", 257},    {"AVC", 258},
    {"TA", 32768},    {"DLV", 32769}, {"Reserved", 65535},
};
constexpr Word kClasses[] = {{"IN", 1}, {"CS", 2},     {"CH", 3},
                             {"HS", 4}, {"NONE", 254}, {"ANY", 255}};
constexpr Word kRcodes[] = {
    {"NOERROR", 0},  {"FORMERR", 1},  {"SERVFAIL", 2}, {"NXDOMAIN", 3},  {"NOTIMP", 4},
    {"REFUSED", 5},  {"YXDOMAIN", 6}, {"YXRRSET", 7},  {"NXRRSET", 8},   {"NOTAUTH", 9},
    {"NOTZONE", 10}, {"BADSIG", 16},  {"BADVERS", 16}, {"BADKEY", 17},   {"BADTIME", 18},
    {"BADMODE", 19}, {"BADNAME", 20}, {"BADALG", 21},  {"BADTRUNC", 22}, {"BADCOOKIE", 23},
};

std::optional<std::uint16_t> Find(std::span<const Word> words, std::string_view name) {
  for (const Word& word : words) {
    if (word.name == name) return word.number;
  }
  return std::nullopt;
}

std::string NameOf(std::span<const Word> words, std::string_view prefix, std::uint16_t number) {
  for (const Word& word : words) {
    if (word.number == number) return std::string(word.name);
  }
  return std::string(prefix) + std::to_string(number);
}

}  // namespace

std::optional<std::uint16_t> FindDnsType(std::string_view name) {
  constexpr std::string_view kGeneric = "TYPE";
  if (const auto found = Find(kTypes, name)) return found;
  if (!name.starts_with(kGeneric)) return std::nullopt;
  return ParseInt<std::uint16_t>(name.substr(kGeneric.size()));
}

std::optional<std::uint16_t> FindDnsClass(std::string_view name) { return Find(kClasses, name); }
std::optional<std::uint16_t> FindDnsRcode(std::string_view name) { return Find(kRcodes, name); }

std::string DnsTypeName(std::uint16_t type) { return NameOf(kTypes, "TYPE", type); }
std::string DnsClassName(std::uint16_t klass) { return NameOf(kClasses, "CLASS", klass); }
std::string DnsRcodeName(std::uint16_t rcode) { return NameOf(kRcodes, "RCODE", rcode); }

bool IsDnsName(std::string_view name) {
  constexpr std::size_t kMaxName = 253;
  constexpr std::size_t kMaxLabel = 63;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() > kMaxName) return false;
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    if (dot == 0 || dot > kMaxLabel || dot + 1 == name.size()) return false;
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return true;
}

}  // namespace tocsin::probe
