#include "collectors/response/probe/emit.h"

#include <gtest/gtest.h>

#include <array>

#include "metrics/exposition/render.h"
#include "tests/collectors/page.h"

namespace tocsin::probe {
namespace {

/// The samples of a result, without HELP and TYPE.
std::string Samples(const ProbeResult& result, std::span<const LabelView> labels = {}) {
  RoundWriter writer;
  writer.Begin(WallTime{});
  EmitResult(result, labels, writer);
  const auto snapshot = writer.Finish();
  EXPECT_TRUE(snapshot.ok()) << snapshot.error().message();
  return SamplesOf(exposition::RenderPage(std::array{*snapshot}, exposition::Format::kText));
}

TEST(Emit, ATcpProbe) {
  ProbeResult result;
  result.duration_seconds = 0.5;
  result.lookup = {true, 0.25, 4, 3668918509};
  result.facts = TcpFacts{};
  EXPECT_EQ(Samples(result),
            "probe_dns_lookup_time_seconds 0.25\n"
            "probe_duration_seconds 0.5\n"
            "probe_failed_due_to_regex 0\n"
            "probe_ip_addr_hash 3.668918509e+09\n"
            "probe_ip_protocol 4\n"
            "probe_success 1\n");
}

TEST(Emit, LabelsReasonAndAttempts) {
  ProbeResult result;
  result.facts = DnsFacts{};
  result.failure = Failure{Reason::kNotServing, "x"};
  result.attempts = 2;
  const std::array<LabelView, 1> labels{{{"instance", "a"}}};
  const std::string samples = Samples(result, labels);
  EXPECT_NE(samples.find("probe_failure_reason{instance=\"a\",reason=\"not_serving\"} 1\n"),
            std::string::npos)
      << samples;
  EXPECT_NE(samples.find("probe_attempts{instance=\"a\"} 2\n"), std::string::npos);
  EXPECT_NE(samples.find("probe_success{instance=\"a\"} 0\n"), std::string::npos);
}

TEST(Emit, TheCertificateOfAGrpcServer) {
  ProbeResult result;
  result.facts = GrpcFacts{};
  result.tls.emplace();
  result.tls->earliest_expiry = 5;
  result.tls->last_chain_expiry = 7;
  result.tls->version = "TLS 1.3";
  const std::string samples = Samples(result);
  EXPECT_NE(samples.find("probe_ssl_earliest_cert_expiry 5\n"), std::string::npos) << samples;
  EXPECT_NE(samples.find("probe_tls_version_info{version=\"TLS 1.3\"} 1\n"), std::string::npos);
  // blackbox_exporter has it of http and tcp only.
  EXPECT_EQ(samples.find("probe_ssl_last_chain_expiry"), std::string::npos) << samples;
  result.facts = TcpFacts{};
  EXPECT_NE(Samples(result).find("probe_ssl_last_chain_expiry_timestamp_seconds 7\n"),
            std::string::npos);
}

TEST(Emit, SeveralPings) {
  ProbeResult result;
  result.facts =
      IcmpFacts{.rtt_seconds = 0.25, .hop_limit = 64, .sent = 4, .rtts = {0.25, 0.5, 0.75}};
  const std::string samples = Samples(result);
  for (const char* line :
       {"probe_icmp_packets_sent 4\n", "probe_icmp_packets_received 3\n",
        "probe_icmp_packet_loss_ratio 0.25\n", "probe_icmp_rtt_seconds{stat=\"min\"} 0.25\n",
        "probe_icmp_rtt_seconds{stat=\"avg\"} 0.5\n", "probe_icmp_rtt_seconds{stat=\"max\"} 0.75\n",
        "probe_icmp_jitter_seconds 0.25\n", "probe_icmp_reply_hop_limit 64\n"}) {
    EXPECT_NE(samples.find(line), std::string::npos) << line << samples;
  }
}

TEST(Emit, EveryReasonHasItsOwnWord) {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    words.push_back(ReasonText(static_cast<Reason>(i)));
    EXPECT_FALSE(words.back().empty());
  }
  std::sort(words.begin(), words.end());
  EXPECT_EQ(std::adjacent_find(words.begin(), words.end()), words.end());
  EXPECT_EQ(ReasonText(Reason::kLocal), "local");
}

}  // namespace
}  // namespace tocsin::probe
