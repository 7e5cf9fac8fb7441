#include "collectors/response/probe/result.h"

#include <algorithm>

namespace tocsin::probe {
namespace {

/// Go's zero time, which is what blackbox_exporter shows of a chain that nobody verified.
constexpr double kGoZeroTime = -62'135'596'800;

}  // namespace

std::uint32_t AddressHash(std::string_view bytes) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return hash;
}

TlsFacts FactsOf(const net::TlsPeer& peer) {
  TlsFacts facts;
  facts.version = peer.version;
  facts.earliest_expiry = ToSeconds(std::chrono::floor<seconds>(net::EarliestExpiry(peer.chain)));
  facts.last_chain_expiry =
      peer.verified.empty()
          ? kGoZeroTime
          : ToSeconds(std::chrono::floor<seconds>(net::EarliestExpiry(peer.verified)));
  if (peer.chain.empty()) return facts;
  const net::Certificate& own = peer.chain.front();
  facts.fingerprint = own.sha256;
  facts.subject = own.subject;
  facts.issuer = own.issuer;
  for (const std::string& name : own.dns_names) {
    facts.names.append(facts.names.empty() ? "" : ",").append(name);
  }
  return facts;
}

std::string ProbeFacts::Code() const {
  if (const auto* http = std::get_if<HttpFacts>(&facts); http && http->status > 0) {
    return std::to_string(http->status);
  }
  return failure ? std::string(ReasonText(failure->reason)) : "ok";
}

}  // namespace tocsin::probe
