#pragma once
// What modules demand of answers. Pure functions.

#include <optional>
#include <span>
#include <string_view>

#include "base/outgoing/exchange.h"
#include "collectors/response/probe/dns_message.h"
#include "collectors/response/probe/failure.h"
#include "collectors/response/probe/module.h"

namespace tocsin::probe {

/// Nothing: as it should be.
using Verdict = std::optional<Failure>;

Verdict CheckStatus(const HttpModule& module, int status);
/// `headers` have lower-case names.
Verdict CheckHeaders(const HttpModule& module, std::span<const outgoing::Header> headers);
Verdict CheckBody(const HttpModule& module, std::string_view body);
/// Whether CheckBody() looks at bodies.
bool HasBodyPatterns(const HttpModule& module);
/// `version` is "1.1", "2".
Verdict CheckVersion(const HttpModule& module, std::string_view version);

Verdict CheckRcode(const DnsModule& module, std::uint16_t rcode);
/// `section` names it in messages.
Verdict CheckRecords(const RecordRules& rules, std::string_view section,
                     std::span<const DnsRecord> records);

/// The verdicts on an answer, in blackbox_exporter's order.
Verdict CheckDnsAnswer(const DnsModule& module, const DnsAnswer& answer);

}  // namespace tocsin::probe
