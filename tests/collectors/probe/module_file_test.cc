#include "collectors/response/probe/module_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace tocsin::probe {
namespace {

Result<Modules> Read(const std::string& text) {
  TRY_ASSIGN(const YamlFile file, ParseYaml(text, "b.yml"));
  return ReadModules(file);
}

/// The one module `m` of "m: TEXT".
std::shared_ptr<const Module> One(const std::string& text) {
  const auto modules = Read("modules:\n  m: " + text + "\n");
  EXPECT_TRUE(modules.ok()) << modules.error().message();
  return modules ? modules->at("m") : std::make_shared<const Module>();
}

TEST(ModuleFile, DefaultsAreBlackboxExporters) {
  const auto m = One("{prober: http}");
  EXPECT_EQ(m->name, "m");
  EXPECT_EQ(m->timeout, milliseconds(0));
  EXPECT_EQ(m->http.ip.preferred, IpFamily::k6);
  EXPECT_TRUE(m->http.ip.fallback);
  EXPECT_TRUE(m->http.follow_redirects);
  EXPECT_TRUE(m->http.enable_http2);
  EXPECT_EQ(m->http.method, "GET");
  EXPECT_EQ(One("{prober: icmp}")->icmp.ttl, 64);
  const auto dns = One("{prober: dns, dns: {query_name: a.example}}");
  EXPECT_EQ(dns->dns.query_type, 255);
  EXPECT_EQ(dns->dns.query_class, 1);
  EXPECT_TRUE(dns->dns.recursion_desired);
  EXPECT_EQ(dns->dns.valid_rcodes, std::vector<std::uint16_t>{0});
}

TEST(ModuleFile, ReadsEveryKeyOfHttp) {
  const auto m = One(R"({prober: http, timeout: 1m1.5s, http: {
    valid_status_codes: [200, 404], valid_http_versions: [HTTP/1.1, HTTP/2.0],
    preferred_ip_protocol: ip4, ip_protocol_fallback: no, skip_resolve_phase_with_proxy: true,
    no_follow_redirects: true, enable_http2: false, fail_if_ssl: true, fail_if_not_ssl: true,
    method: POST, headers: {Host: x.example, Accept-Encoding: 'br;q=0.5, gzip'},
    body_size_limit: 10MB, compression: gzip, body: '{}',
    fail_if_body_matches_regexp: [a, b], fail_if_body_not_matches_regexp: [c],
    fail_if_header_matches: [{header: Set-Cookie, regexp: x, allow_missing: true}],
    fail_if_header_not_matches: [{header: Server, regexp: y}],
    basic_auth: {username: u, password: p}, proxy_url: 'http://proxy:3128',
    tls_config: {insecure_skip_verify: true, server_name: z, min_version: TLS13}}})");
  EXPECT_EQ(m->timeout, milliseconds(61'500));
  EXPECT_EQ(m->http.valid_status_codes, (std::vector<int>{200, 404}));
  EXPECT_FALSE(m->http.ip.fallback);
  EXPECT_FALSE(m->http.follow_redirects);
  EXPECT_EQ(m->http.headers.size(), 2U);
  EXPECT_EQ(m->http.body_size_limit, 10U << 20);
  EXPECT_EQ(m->http.compression, Compression::kGzip);
  EXPECT_EQ(m->http.fail_if_body_matches.at(1).text(), "b");
  EXPECT_TRUE(m->http.fail_if_header_matches.at(0).allow_missing);
  EXPECT_EQ(m->http.user, "u");
  EXPECT_EQ(*m->http.password.Reveal(), "p");
  EXPECT_EQ(m->http.tls.server_name, "z");
}

TEST(ModuleFile, ReadsTheOtherProbers) {
  const auto tcp = One(R"({prober: tcp, tcp: {tls: true, source_ip_address: 127.0.0.1,
    query_response: [{expect: '^220 (\S+)', send: 'EHLO ${1}'}, {starttls: true}, {send: QUIT}]}})");
  ASSERT_EQ(tcp->tcp.steps.size(), 3U);
  EXPECT_EQ(tcp->tcp.steps[0].expect->text(), "^220 (\\S+)");
  EXPECT_FALSE(tcp->tcp.steps[1].expect);
  EXPECT_TRUE(tcp->tcp.steps[1].starttls);
  const auto icmp = One("{prober: icmp, icmp: {payload_size: 100, dont_fragment: true, ttl: 5}}");
  EXPECT_EQ(icmp->icmp.payload_size, 100U);
  EXPECT_TRUE(icmp->icmp.dont_fragment);
  EXPECT_EQ(icmp->icmp.ttl, 5);
  const auto dns = One(R"({prober: dns, dns: {query_name: a.example., query_type: SOA,
    query_class: CH, transport_protocol: tcp, dns_over_tls: true, recursion_desired: false,
    valid_rcodes: [NOERROR, NXDOMAIN], validate_answer_rrs: {fail_if_matches_regexp: [x]},
    validate_authority_rrs: {fail_if_all_match_regexp: [x]},
    validate_additional_rrs: {fail_if_none_matches_regexp: [x], fail_if_not_matches_regexp: [y]}}})");
  EXPECT_EQ(dns->dns.query_type, 6);
  EXPECT_EQ(dns->dns.query_class, 3);
  EXPECT_EQ(dns->dns.transport, DnsTransport::kTls);
  EXPECT_EQ(dns->dns.valid_rcodes, (std::vector<std::uint16_t>{0, 3}));
  EXPECT_EQ(dns->dns.additional.fail_if_not_matches.size(), 1U);
  const auto grpc = One("{prober: grpc, grpc: {service: s, tls: on, preferred_ip_protocol: ip4}}");
  EXPECT_EQ(grpc->grpc.service, "s");
  EXPECT_TRUE(grpc->grpc.tls);
}

TEST(ModuleFile, SaysWhereAndWhatIsWrong) {
  struct Case {
    const char* module;
    const char* error;
  };
  const Case cases[] = {
      {"{prober: htp}", "b.yml:2:15: unknown prober htp"},
      {"{prober: http, htp: {}}", "\"htp\""},
      {"{prober: http, http: {metod: GET}}", "\"metod\""},
      {"{prober: http, timeout: 5}", "expected a duration"},
      {"{prober: http, timeout: 5d}", "expected a duration"},
      {"{prober: http, http: {fail_if_body_matches_regexp: ['(']}}", "b.yml:2:58: not a regular"},
      {"{prober: http, http: {fail_if_header_matches: [{regexp: x}]}}", "header"},
      {"{prober: http, http: {fail_if_header_matches: [{header: x, regexp: ''}]}}", "regexp"},
      {"{prober: http, http: {compression: zip}}", "compression is"},
      {"{prober: http, http: {compression: gzip, headers: {Accept-Encoding: 'br, identity'}}}",
       "not what the header"},
      {"{prober: http, http: {basic_auth: {username: u}, bearer_token: t}}", "give one of"},
      {"{prober: http, http: {headers: {\"a\\r\\nb\": c}}}", "not a header"},
      {"{prober: http, http: {preferred_ip_protocol: ip5}}", "ip4 or ip6"},
      {"{prober: icmp, icmp: {ttl: 256}}", "ttl is 0 to 255"},
      {"{prober: icmp, icmp: {ttl: -1}}", "ttl is 0 to 255"},
      {"{prober: dns, dns: {}}", "query_name"},
      {"{prober: dns}", "query_name"},
      {"{prober: dns, dns: {query_name: a..b}}", "no domain name"},
      {"{prober: dns, dns: {query_name: a, query_type: NOSUCH}}", "unknown query_type NOSUCH"},
      {"{prober: dns, dns: {query_name: a, dns_over_tls: true}}", "transport_protocol: tcp"},
      {"{prober: dns, dns: {query_name: a, valid_rcodes: [NOPE]}}", "unknown response code NOPE"},
      {"{prober: tcp, tcp: {source_ip_address: here}}", "an IP address"},
      {"{prober: tcp, tcp: {query_response: [{expect: '('}]}}", "not a regular expression"},
  };
  for (const Case& c : cases) {
    const auto modules = Read(std::string("modules:\n  m: ") + c.module + "\n");
    ASSERT_FALSE(modules.ok()) << c.module;
    EXPECT_NE(modules.error().message().find(c.error), std::string::npos)
        << modules.error().message();
    EXPECT_EQ(modules.error().message().rfind("b.yml:2:", 0), 0U) << modules.error().message();
  }
}

TEST(Pattern, ExpandsAsGoDoes) {
  const auto pattern = *Pattern::Make("(?P<word>b+)(c)?");
  const auto groups = pattern.Match("abbd");
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(pattern.Expand("$1|${1}|$word|${word}x|$2|$9|$$|$|${|$1x", groups),
            "bb|bb|bb|bbx|||$|$|${|");
  EXPECT_TRUE(pattern.Match("ac").empty());
}

}  // namespace
}  // namespace tocsin::probe
