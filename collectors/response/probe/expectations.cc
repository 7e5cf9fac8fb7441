#include "collectors/response/probe/expectations.h"

#include <algorithm>

#include "base/ascii.h"
#include "collectors/response/probe/dns_names.h"

namespace tocsin::probe {
namespace {

bool AnyFinds(const std::vector<Pattern>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const Pattern& pattern) { return pattern.Finds(text); });
}

/// The first pattern that finds something in `text`, or null.
const Pattern* FirstFinding(const std::vector<Pattern>& patterns, std::string_view text) {
  for (const Pattern& pattern : patterns) {
    if (pattern.Finds(text)) return &pattern;
  }
  return nullptr;
}

const Pattern* FirstNotFinding(const std::vector<Pattern>& patterns, std::string_view text) {
  for (const Pattern& pattern : patterns) {
    if (!pattern.Finds(text)) return &pattern;
  }
  return nullptr;
}

enum class Wanted { kMatch, kNoMatch };

/// One header against one rule. Of a header that stands several times one match counts.
Verdict CheckHeader(const HeaderMatch& rule, Wanted wanted,
                    std::span<const outgoing::Header> headers) {
  bool present = false;
  bool matched = false;
  for (const outgoing::Header& header : headers) {
    if (!EqualsIgnoringCase(header.name, rule.header)) continue;
    present = true;
    matched |= rule.pattern.Finds(header.value);
  }
  if (!present) {
    if (rule.allow_missing) return std::nullopt;
    return Failure{Reason::kHeader, "header " + rule.header + " is missing"};
  }
  if (matched == (wanted == Wanted::kMatch)) return std::nullopt;
  return Failure{
      Reason::kHeader,
      "header " + rule.header + (matched ? " matches " : " does not match ") + rule.pattern.text()};
}

}  // namespace

Verdict CheckStatus(const HttpModule& module, int status) {
  const auto& valid = module.valid_status_codes;
  if (valid.empty() ? status >= 200 && status < 300
                    : std::find(valid.begin(), valid.end(), status) != valid.end()) {
    return std::nullopt;
  }
  const bool auth = status == 401 || status == 403 || status == 407;
  return Failure{auth ? Reason::kAuth : Reason::kStatus, "status " + std::to_string(status)};
}

Verdict CheckHeaders(const HttpModule& module, std::span<const outgoing::Header> headers) {
  for (const HeaderMatch& rule : module.fail_if_header_matches) {
    if (auto failure = CheckHeader(rule, Wanted::kNoMatch, headers)) return failure;
  }
  for (const HeaderMatch& rule : module.fail_if_header_not_matches) {
    if (auto failure = CheckHeader(rule, Wanted::kMatch, headers)) return failure;
  }
  return std::nullopt;
}

Verdict CheckBody(const HttpModule& module, std::string_view body) {
  if (const Pattern* pattern = FirstFinding(module.fail_if_body_matches, body)) {
    return Failure{Reason::kBody, "the body matches " + pattern->text()};
  }
  if (const Pattern* pattern = FirstNotFinding(module.fail_if_body_not_matches, body)) {
    return Failure{Reason::kBody, "the body does not match " + pattern->text()};
  }
  return std::nullopt;
}

bool HasBodyPatterns(const HttpModule& module) {
  return !module.fail_if_body_matches.empty() || !module.fail_if_body_not_matches.empty();
}

Verdict CheckVersion(const HttpModule& module, std::string_view version) {
  const auto& valid = module.valid_http_versions;
  if (valid.empty()) return std::nullopt;
  std::string name = "HTTP/" + std::string(version);
  if (version.find('.') == std::string_view::npos) name += ".0";
  if (std::find(valid.begin(), valid.end(), name) != valid.end()) return std::nullopt;
  return Failure{Reason::kVersion, "version " + name};
}

Verdict CheckRcode(const DnsModule& module, std::uint16_t rcode) {
  const auto& valid = module.valid_rcodes;
  if (std::find(valid.begin(), valid.end(), rcode) != valid.end()) return std::nullopt;
  return Failure{Reason::kRcode, "response code " + DnsRcodeName(rcode)};
}

Verdict CheckRecords(const RecordRules& rules, std::string_view section,
                     std::span<const DnsRecord> records) {
  const auto fail = [&](const std::string& what) {
    return Failure{Reason::kRecords, std::string(section) + " section: " + what};
  };
  if (records.empty() && !rules.fail_if_not_matches.empty()) {
    return fail("no record that fail_if_not_matches_regexp could match");
  }
  if (records.empty() && !rules.fail_if_none_matches.empty()) {
    return fail("no record that fail_if_none_matches_regexp could match");
  }
  bool all_match = true;
  bool any_match = false;
  for (const DnsRecord& record : records) {
    if (const Pattern* pattern = FirstFinding(rules.fail_if_matches, record.text)) {
      return fail("a record matches " + pattern->text() + ": " + record.text);
    }
    if (FirstNotFinding(rules.fail_if_all_match, record.text)) all_match = false;
    if (const Pattern* pattern = FirstNotFinding(rules.fail_if_not_matches, record.text)) {
      return fail("a record does not match " + pattern->text() + ": " + record.text);
    }
    if (AnyFinds(rules.fail_if_none_matches, record.text)) any_match = true;
  }
  // The key says the contrary, but this is what blackbox_exporter does and modules rely on.
  if (!rules.fail_if_all_match.empty() && !all_match) {
    return fail("not all records match fail_if_all_match_regexp");
  }
  if (!rules.fail_if_none_matches.empty() && !any_match) {
    return fail("no record matches fail_if_none_matches_regexp");
  }
  return std::nullopt;
}

Verdict CheckDnsAnswer(const DnsModule& module, const DnsAnswer& answer) {
  if (auto failure = CheckRcode(module, answer.rcode)) return failure;
  if (auto failure = CheckRecords(module.answer, "answer", answer.answer)) return failure;
  if (auto failure = CheckRecords(module.authority, "authority", answer.authority)) return failure;
  return CheckRecords(module.additional, "additional", answer.additional);
}

}  // namespace tocsin::probe
