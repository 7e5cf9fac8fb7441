#include "collectors/response/probe/module_fields.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/ascii.h"
#include "base/outgoing/http_config.h"
#include "base/parse.h"

namespace tocsin::probe {
namespace {

/// Nanoseconds of a unit of Go's durations; 0 if it is none.
double GoUnit(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\u00b5s" || unit == "\u03bcs") return 1e3;
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  if (unit == "m") return 60e9;
  if (unit == "h") return 3600e9;
  return 0;
}

}  // namespace

Result<milliseconds> YamlGoDuration(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string text, YamlString(file, node));
  constexpr std::string_view kDigits = "0123456789.";
  constexpr double kMaxNanoseconds = 9.2e18;  // Go's int64
  double total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t digits = std::min(rest.find_first_not_of(kDigits), rest.size());
    const auto number = ParseDouble(rest.substr(0, digits));
    rest.remove_prefix(digits);
    const std::size_t letters = std::min(rest.find_first_of(kDigits), rest.size());
    const double unit = GoUnit(rest.substr(0, letters));
    rest.remove_prefix(letters);
    total += number.value_or(0) * unit;
    if (digits == 0 || !number || unit == 0 || total > kMaxNanoseconds) {
      return file.At(node, "expected a duration like 5s, 1.5s or 1m30s");
    }
  }
  if (text.empty()) return file.At(node, "expected a duration like 5s, 1.5s or 1m30s");
  return milliseconds(std::llround(std::ceil(total / 1e6)));
}

Result<bool> YamlGoBool(const YamlFile& file, const YamlNode& node) {
  if (!node.IsScalar() || node.quoted) return YamlBool(file, node);
  constexpr std::array<std::string_view, 3> kTrue{"y", "yes", "on"};
  constexpr std::array<std::string_view, 3> kFalse{"n", "no", "off"};
  const auto is = [&](std::string_view word) { return EqualsIgnoringCase(node.scalar, word); };
  if (is("true") || std::any_of(kTrue.begin(), kTrue.end(), is)) return true;
  if (is("false") || std::any_of(kFalse.begin(), kFalse.end(), is)) return false;
  return YamlBool(file, node);
}

Result<Pattern> YamlPattern(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string text, YamlString(file, node));
  auto pattern = Pattern::Make(text);
  if (!pattern) return file.At(node, pattern.error().message());
  return pattern;
}

Result<std::vector<Pattern>> YamlPatterns(const YamlFile& file, const YamlNode& node) {
  if (!node.IsSequence()) return file.At(node, "expected a list of regular expressions");
  std::vector<Pattern> patterns;
  for (const YamlNode::Ptr& item : node.items) {
    TRY_ASSIGN(Pattern pattern, YamlPattern(file, *item));
    patterns.push_back(std::move(pattern));
  }
  return patterns;
}

Result<IpPreference> ReadIpPreference(YamlFields& fields) {
  IpPreference ip;
  if (const YamlNode* node = fields.Find("preferred_ip_protocol")) {
    TRY_ASSIGN(const std::string text, YamlString(fields.file(), *node));
    if (text != "ip4" && text != "ip6" && !text.empty()) {
      return fields.file().At(*node, "preferred_ip_protocol is ip4 or ip6");
    }
    ip.preferred = text == "ip4" ? IpFamily::k4 : IpFamily::k6;
  }
  TRY_ASSIGN(ip.fallback, fields.Read("ip_protocol_fallback", YamlGoBool, true));
  return ip;
}

Result<std::string> ReadSourceIp(YamlFields& fields) {
  const YamlNode* node = fields.Find("source_ip_address");
  if (!node) return std::string();
  TRY_ASSIGN(std::string text, YamlString(fields.file(), *node));
  in6_addr address{};
  if (!text.empty() && inet_pton(AF_INET, text.c_str(), &address) != 1 &&
      inet_pton(AF_INET6, text.c_str(), &address) != 1) {
    return fields.file().At(*node, "expected an IP address");
  }
  return text;
}

Result<outgoing::TlsOptions> ReadTls(YamlFields& fields) {
  const YamlNode* node = fields.Find("tls_config");
  if (!node) return outgoing::TlsOptions{};
  return outgoing::ReadTlsOptions(fields.file(), *node);
}

Result<std::vector<std::pair<std::string, std::string>>> YamlStringMap(const YamlFile& file,
                                                                       const YamlNode& node) {
  if (!node.IsMap()) return file.At(node, "expected a map of names to strings");
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [key, value] : node.entries) {
    TRY_ASSIGN(std::string text, YamlString(file, *value));
    out.emplace_back(key->scalar, std::move(text));
  }
  return out;
}

}  // namespace tocsin::probe
