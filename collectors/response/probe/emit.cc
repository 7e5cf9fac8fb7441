#include "collectors/response/probe/emit.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numeric>

#include "collectors/response/probe/families.h"

namespace tocsin::probe {
namespace {

/// Puts the common labels in front of each series' own.
class Emitter {
 public:
  Emitter(std::span<const LabelView> labels, FamilySink& out) : common_(labels.size()), out_(out) {
    assert(labels.size() <= kMaxLabels);
    std::copy(labels.begin(), labels.end(), labels_.begin());
  }

  void Add(Family family, double value) { Add(family, {}, value); }
  void Add(Family family, std::initializer_list<LabelView> own, double value) {
    std::copy(own.begin(), own.end(), labels_.begin() + static_cast<std::ptrdiff_t>(common_));
    out_.Add(kFamilies[family], std::span(labels_).first(common_ + own.size()), value);
  }
  void Phase(Family family, std::string_view phase, double seconds) {
    Add(family, {{"phase", phase}}, seconds);
  }

 private:
  std::size_t common_;
  FamilySink& out_;
  std::array<LabelView, kMaxLabels + 4> labels_;
};

void Emit(const HttpFacts& http, Emitter& out) {
  out.Add(kFailedRegex, http.failed_regex);
  out.Add(kHttpContentLength, static_cast<double>(http.content_length));
  if (http.requested) {
    out.Phase(kHttpDuration, "connect", http.connect_seconds);
    out.Phase(kHttpDuration, "processing", http.processing_seconds);
  }
  out.Phase(kHttpDuration, "resolve", http.resolve_seconds);
  if (http.requested) {
    out.Phase(kHttpDuration, "tls", http.tls_seconds);
    out.Phase(kHttpDuration, "transfer", http.transfer_seconds);
  }
  if (http.last_modified) out.Add(kHttpLastModified, *http.last_modified);
  out.Add(kHttpRedirects, http.redirects);
  out.Add(kHttpSsl, http.tls);
  out.Add(kHttpStatus, http.status);
  out.Add(kHttpUncompressed, static_cast<double>(http.uncompressed_bytes));
  out.Add(kHttpVersion, http.version);
}

void Emit(const TcpFacts& tcp, Emitter& out) { out.Add(kFailedRegex, tcp.failed_regex); }

double MeanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void EmitSeveral(const IcmpFacts& icmp, Emitter& out) {
  const auto& rtts = icmp.rtts;
  out.Add(kIcmpSent, static_cast<double>(icmp.sent));
  out.Add(kIcmpReceived, static_cast<double>(rtts.size()));
  out.Add(kIcmpLoss, 1 - static_cast<double>(rtts.size()) / static_cast<double>(icmp.sent));
  if (rtts.empty()) return;
  const auto [least, most] = std::minmax_element(rtts.begin(), rtts.end());
  const double mean = MeanOf(rtts);
  double squares = 0;
  for (const double rtt : rtts) squares += (rtt - mean) * (rtt - mean);
  out.Add(kIcmpRtt, {{"stat", "min"}}, *least);
  out.Add(kIcmpRtt, {{"stat", "avg"}}, mean);
  out.Add(kIcmpRtt, {{"stat", "max"}}, *most);
  out.Add(kIcmpRtt, {{"stat", "stddev"}}, std::sqrt(squares / static_cast<double>(rtts.size())));
  if (rtts.size() < 2) return;
  double steps = 0;
  for (std::size_t i = 1; i < rtts.size(); ++i) steps += std::abs(rtts[i] - rtts[i - 1]);
  out.Add(kIcmpJitter, steps / static_cast<double>(rtts.size() - 1));
}

void Emit(const IcmpFacts& icmp, Emitter& out) {
  out.Phase(kIcmpDuration, "resolve", icmp.resolve_seconds);
  out.Phase(kIcmpDuration, "rtt", icmp.rtt_seconds);
  out.Phase(kIcmpDuration, "setup", icmp.setup_seconds);
  if (icmp.hop_limit) out.Add(kIcmpHopLimit, *icmp.hop_limit);
  if (icmp.sent > 1) EmitSeveral(icmp, out);
}

void Emit(const DnsFacts& dns, Emitter& out) {
  out.Add(kDnsAdditionals, static_cast<double>(dns.additionals));
  out.Add(kDnsAnswers, static_cast<double>(dns.answers));
  out.Add(kDnsAuthorities, static_cast<double>(dns.authorities));
  out.Phase(kDnsDuration, "connect", dns.connect_seconds);
  out.Phase(kDnsDuration, "request", dns.request_seconds);
  out.Phase(kDnsDuration, "resolve", dns.resolve_seconds);
  out.Add(kDnsSucceeded, dns.query_succeeded);
  if (dns.serial) out.Add(kDnsSerial, *dns.serial);
}

void Emit(const GrpcFacts& grpc, Emitter& out) {
  if (grpc.check_seconds) out.Phase(kGrpcDuration, "check", *grpc.check_seconds);
  out.Phase(kGrpcDuration, "resolve", grpc.resolve_seconds);
  out.Add(kGrpcSsl, grpc.tls);
  out.Add(kGrpcStatus, grpc.status);
  if (!grpc.check_seconds) return;
  for (const std::string_view status : {"NOT_SERVING", "SERVICE_UNKNOWN", "SERVING", "UNKNOWN"}) {
    out.Add(kGrpcServing, {{"serving_status", status}}, grpc.serving_status == status);
  }
}

void Emit(const TlsFacts& tls, Emitter& out) {
  out.Add(kSslEarliest, tls.earliest_expiry);
  out.Add(kSslInfo,
          {{"fingerprint_sha256", tls.fingerprint},
           {"issuer", tls.issuer},
           {"subject", tls.subject},
           {"subjectalternative", tls.names}},
          1);
  out.Add(kTlsVersion, {{"version", tls.version}}, 1);
}

}  // namespace

void EmitResult(const ProbeFacts& result, std::span<const LabelView> labels, FamilySink& out) {
  Emitter emitter(labels, out);
  if (result.lookup.tried) emitter.Add(kLookupTime, result.lookup.seconds);
  emitter.Add(kDuration, result.duration_seconds);
  std::visit([&](const auto& facts) { Emit(facts, emitter); }, result.facts);
  if (result.lookup.tried) {
    emitter.Add(kIpHash, result.lookup.ip_hash);
    emitter.Add(kIpProtocol, result.lookup.ip_protocol);
  }
  const bool grpc = std::holds_alternative<GrpcFacts>(result.facts);
  if (result.tls) {
    Emit(*result.tls, emitter);
    if (!grpc) emitter.Add(kSslLastChain, result.tls->last_chain_expiry);
  } else if (grpc) {
    emitter.Add(kSslEarliest, 0);
  }
  emitter.Add(kSuccess, result.success());
  if (result.attempts > 1) emitter.Add(kAttempts, result.attempts);
  if (result.failure) {
    emitter.Add(kFailureReason, {{"reason", ReasonText(result.failure->reason)}}, 1);
  }
}

}  // namespace tocsin::probe
