// Each prober against a server that does as a script says.

#include <gtest/gtest.h>

#include "tests/collectors/net/scripted_server.h"
#include "tests/collectors/probe/run_probe.h"

namespace tocsin::probe {
namespace {

using net::Act;
using net::Drip;
using net::Endless;
using net::Expect;
using net::Hang;
using net::Reset;
using net::ScriptedServer;
using net::Send;
using net::Tls;

constexpr const char* kRequestEnd = "\r\n\r\n";

Act Answer(const std::string& head, const std::string& body = {}) {
  return Send("HTTP/1.1 " + head + "\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\nConnection: close\r\n\r\n" + body);
}

class Probes : public ProbeTest {};

TEST_F(Probes, HttpAnswersAndTheirFaults) {
  struct Case {
    const char* what;
    const char* module;  // below "http:"
    std::vector<Act> script;
    const char* verdict;  // the beginning of it
    int status;
  };
  const Case cases[] = {
      {"fine", "{}", {Expect(kRequestEnd), Answer("200 OK", "hello")}, "ok", 200},
      {"slow drip", "{}", {Expect(kRequestEnd), Drip("HTTP/1.0 200 OK\r\n\r\nhello")}, "ok", 200},
      {"status", "{}", {Expect(kRequestEnd), Answer("500 No")}, "status: status 500", 500},
      {"auth", "{}", {Expect(kRequestEnd), Answer("401 No")}, "auth: status 401", 401},
      {"valid", "{valid_status_codes: [418]}", {Expect(kRequestEnd), Answer("418 Tea")}, "ok", 418},
      {"body",
       "{fail_if_body_not_matches_regexp: [hello]}",
       {Expect(kRequestEnd), Answer("200 OK", "bye")},
       "body: ",
       200},
      {"header",
       "{fail_if_header_not_matches: [{header: Via, regexp: x}]}",
       {Expect(kRequestEnd), Answer("200 OK\r\nVia: y")},
       "header: ",
       200},
      {"version",
       "{valid_http_versions: [HTTP/2.0]}",
       {Expect(kRequestEnd), Answer("200 OK")},
       "version: ",
       200},
      {"no tls",
       "{fail_if_not_ssl: true}",
       {Expect(kRequestEnd), Answer("200 OK")},
       "tls_missing: ",
       200},
      {"not gzip",
       "{compression: gzip}",
       {Expect(kRequestEnd), Answer("200 OK", "plain")},
       "encoding: ",
       200},
      {"limit",
       "{body_size_limit: 4}",
       {Expect(kRequestEnd), Answer("200 OK", "hello")},
       "too_large: ",
       200},
      {"endless",
       "{body_size_limit: 1MB}",
       {Expect(kRequestEnd), Send("HTTP/1.0 200 OK\r\n\r\n"), Endless("xxxxxxxxxxxxxxxx")},
       "too_large: ",
       200},
      {"huge header",
       "{}",
       {Expect(kRequestEnd), Send("HTTP/1.1 200 OK\r\n"), Endless("X-A: aaaaaaaaaaaaaaaa\r\n")},
       "too_large: ",
       0},
      {"cut",
       "{}",
       {Expect(kRequestEnd), Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi")},
       "closed: ",
       200},
      {"garbage", "{}", {Expect(kRequestEnd), Send("\x01\x02 what?\n\n")}, "protocol: ", 0},
      {"reset", "{}", {Expect(kRequestEnd), Reset()}, "closed: ", 0},
      {"to a file",
       "{}",
       {Expect(kRequestEnd), Answer("302 No\r\nLocation: file:///etc/passwd")},
       "redirect: ",
       302},
      {"loop", "{}", {Expect(kRequestEnd), Answer("302 No\r\nLocation: /")}, "redirect: ", 302},
      {"leads nowhere",
       "{valid_status_codes: [302]}",
       {Expect(kRequestEnd), Answer("302 No\r\nLocation: ")},
       "ok",
       302},
      {"not followed",
       "{follow_redirects: false, valid_status_codes: [302]}",
       {Expect(kRequestEnd), Answer("302 No\r\nLocation: /")},
       "ok",
       302},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    ScriptedServer server(c.script);
    const auto result = Run("{prober: http, http: " + std::string(c.module) + "}", server.Url());
    EXPECT_EQ(Verdict(*result).rfind(c.verdict, 0), 0U) << Verdict(*result);
    const auto& http = std::get<HttpFacts>(result->facts);
    EXPECT_TRUE(http.requested);
    if (c.status > 0) {
      EXPECT_EQ(http.status, c.status);
    }
    EXPECT_EQ(result->lookup.ip_protocol, 4);
    EXPECT_EQ(result->lookup.ip_hash, 3668918509U);  // as blackbox_exporter says of 127.0.0.1
  }
}

TEST_F(Probes, TheExpressionsForABodyThatIsCutOffHaveFailed) {
  for (const bool wanted : {true, false}) {
    ScriptedServer server(
        {Expect(kRequestEnd), net::Send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")});
    const auto result = Run(
        wanted ? "{prober: http, http: {fail_if_body_not_matches_regexp: [h]}}" : "{prober: http}",
        server.Url());
    EXPECT_EQ(Verdict(*result).rfind("closed: ", 0), 0U) << Verdict(*result);
    EXPECT_EQ(std::get<HttpFacts>(result->facts).failed_regex, wanted);
  }
}

TEST_F(Probes, HttpRedirectsKeepCookiesAndLoseCredentials) {
  ScriptedServer elsewhere({Expect(kRequestEnd), Answer("200 OK", "there")});
  ScriptedServer second({Expect("GET /b"), Expect(kRequestEnd),
                         Answer("302 Found\r\nLocation: " + elsewhere.Url() + "/c")});
  ScriptedServer first(
      {Expect("POST /a"), Expect(kRequestEnd),
       Answer("302 Found\r\nSet-Cookie: k=v; Path=/\r\nLocation: " + second.Url() + "/b")});
  const auto result =
      Run("{prober: http, http: {method: POST, body: data, headers: {Host: x.example}, "
          "basic_auth: {username: u, password: p}}}",
          first.Url() + "/a");
  EXPECT_EQ(Verdict(*result), "ok");
  EXPECT_EQ(std::get<HttpFacts>(result->facts).redirects, 2);
  EXPECT_EQ(std::get<HttpFacts>(result->facts).uncompressed_bytes, 5U);
  const std::string sent = first.received();
  EXPECT_NE(sent.find("Host: x.example\r\n"), std::string::npos) << sent;
  EXPECT_NE(sent.find("Authorization: Basic dTpw\r\n"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("Content-Type"), std::string::npos) << sent;
  // The second is another port, so another origin; cookies know no ports.
  const std::string next = second.received();
  EXPECT_EQ(next.find("Authorization"), std::string::npos) << next;
  EXPECT_EQ(next.find("x.example"), std::string::npos) << next;
  EXPECT_NE(next.find("Cookie: k=v\r\n"), std::string::npos) << next;
}

TEST_F(Probes, HttpWithTls) {
  const std::string ca = "tls_config: {ca_file: " + net::CertificateFile("ca.pem");
  struct Case {
    const char* certificate;
    std::string tls;
    const char* verdict;
  };
  const Case cases[] = {
      {"good.pem", "tls_config: {insecure_skip_verify: true}", "ok"},
      {"good.pem", ca + "}", "ok"},
      {"good.pem", "method: GET", "tls: "},
      {"expired.pem", ca + "}", "tls: "},
      {"other.pem", ca + "}", "tls: "},
      {"good.pem", "fail_if_ssl: true, tls_config: {insecure_skip_verify: true}", "tls_present: "},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.tls + " " + c.certificate);
    ScriptedServer server({Tls(c.certificate), Expect(kRequestEnd), Answer("200 OK", "x")});
    const std::string target = "https://localhost:" + std::to_string(server.port());
    const auto result =
        Run("{prober: http, http: {preferred_ip_protocol: ip4, " + c.tls + "}}", target);
    EXPECT_EQ(Verdict(*result).rfind(c.verdict, 0), 0U) << Verdict(*result);
    if (Verdict(*result) != "ok") continue;
    ASSERT_TRUE(result->tls);
    EXPECT_GT(result->tls->earliest_expiry, 0);
    EXPECT_EQ(result->tls->last_chain_expiry > 0, c.tls.find("ca_file") != std::string::npos);
    EXPECT_EQ(result->tls->fingerprint.size(), 64U);
  }
}

TEST_F(Probes, HttpToAUnixSocket) {
  const std::string path = testing::TempDir() + "probe_http.sock";
  ScriptedServer server({Expect("GET /health"), Expect(kRequestEnd), Answer("200 OK")}, path);
  EXPECT_EQ(Verdict(*Run("{prober: http}", "http://unix:" + path + ":/health")), "ok");
}

TEST_F(Probes, HttpWithATokenOfOAuth2) {
  ScriptedServer tokens({Expect("grant_type=client_credentials&scope=a%20b"),
                         Answer("200 OK", R"({"access_token":"T0K","token_type":"bearer"})")});
  ScriptedServer server({Expect("Authorization: Bearer T0K\r\n"), Answer("200 OK")});
  const std::string module =
      "{prober: http, http: {oauth2: {client_id: i, client_secret: s, scopes: [a, b], token_url: '";
  EXPECT_EQ(Verdict(*Run(module + tokens.Url() + "/t'}}}", server.Url())), "ok");
  ScriptedServer refuses({Expect(kRequestEnd), Answer("403 No")});
  EXPECT_EQ(Verdict(*Run(module + refuses.Url() + "/t'}}}", server.Url())),
            "auth: token: status 403");
}

std::string Lines(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += "xxxxxxx\n";
  return lines;
}

TEST_F(Probes, TcpTalksLineByLine) {
  struct Case {
    const char* what;
    const char* steps;
    std::vector<Act> script;
    const char* verdict;
    bool failed_regex;
  };
  const Case cases[] = {
      {"connect", "[]", {Hang()}, "ok", false},
      {"dialogue",
       R"([{expect: '^220 (\S+)'}, {send: 'EHLO ${1}'}, {expect: '^250 ok$'}])",
       {Send("hello\r\n220 h.example ESMTP\r\n"), Expect("EHLO ${1}\n"), Send("250 ok\r\n")},
       "ok",
       false},
      {"groups",
       R"([{expect: '^220 (\S+)', send: 'EHLO ${1}'}])",
       {Drip("220 h.example\n"), Expect("EHLO h.example\n")},
       "ok",
       false},
      {"last line without an end", "[{expect: '^bye'}]", {Send("bye")}, "ok", false},
      {"no match", "[{expect: '^bye'}]", {Send("x\ny\n")}, "expect: ", true},
      {"closed at once", "[{expect: '^bye'}]", {}, "expect: ", true},
      {"endless line",
       "[{expect: '^bye'}]",
       {Endless(std::string(8192, 'x'))},
       "too_large: ",
       false},
      {"endless lines", "[{expect: '^bye'}]", {Endless(Lines(1000))}, "too_large: ", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    ScriptedServer server(c.script);
    const auto result = Run("{prober: tcp, tcp: {query_response: " + std::string(c.steps) + "}}",
                            "127.0.0.1:" + std::to_string(server.port()));
    EXPECT_EQ(Verdict(*result).rfind(c.verdict, 0), 0U) << Verdict(*result);
    EXPECT_EQ(std::get<TcpFacts>(result->facts).failed_regex, c.failed_regex);
  }
}

TEST_F(Probes, TcpWithTlsAndStartTls) {
  const std::string ca = "tls_config: {ca_file: " + net::CertificateFile("ca.pem") + "}";
  ScriptedServer smtp({Send("220 ready\r\n"), Expect("STARTTLS\n"), Send("220 go\r\n"),
                       Tls("good.pem"), Expect("QUIT\n"), Send("221 bye\r\n")});
  const std::string host = "localhost:";
  const auto upgraded = Run("{prober: tcp, tcp: {preferred_ip_protocol: ip4, " + ca +
                                ", query_response: [{expect: ^220}, {send: STARTTLS}, {expect: "
                                "^220}, {starttls: true}, {send: QUIT}, {expect: ^221}]}}",
                            host + std::to_string(smtp.port()));
  EXPECT_EQ(Verdict(*upgraded), "ok") << upgraded->log;
  EXPECT_TRUE(upgraded->tls);
  ScriptedServer tls({Tls("good.pem"), Hang()});
  const auto direct = Run("{prober: tcp, tcp: {preferred_ip_protocol: ip4, tls: true, " + ca + "}}",
                          host + std::to_string(tls.port()));
  EXPECT_EQ(Verdict(*direct), "ok") << direct->log;
  ASSERT_TRUE(direct->tls);
  EXPECT_GT(direct->tls->last_chain_expiry, 0);
  ScriptedServer junk({Send("this is no TLS at all, whatever you say")});
  const auto wrong = Run("{prober: tcp, tcp: {preferred_ip_protocol: ip4, tls: true, " + ca + "}}",
                         host + std::to_string(junk.port()));
  EXPECT_EQ(wrong->failure->reason, Reason::kTls) << Verdict(*wrong);
}

TEST_F(Probes, NobodyThere) {
  const std::string dead = "127.0.0.1:" + std::to_string(net::DeadPort());
  EXPECT_EQ(Run("{prober: tcp}", dead)->failure->reason, Reason::kConnect);
  EXPECT_EQ(Run("{prober: http}", dead)->failure->reason, Reason::kConnect);
  EXPECT_EQ(Run("{prober: tcp}", "unix:/nonexistent")->failure->reason, Reason::kConnect);
  EXPECT_EQ(Run("{prober: tcp}", "no-port")->failure->reason, Reason::kTarget);
  EXPECT_EQ(Run("{prober: http}", "http://a b/")->failure->reason, Reason::kTarget);
  EXPECT_EQ(Run("{prober: http}", "nonexistent.invalid")->failure->reason, Reason::kResolve);
  const auto grpc = Run("{prober: grpc}", dead);
  EXPECT_EQ(grpc->failure->reason, Reason::kConnect);
  EXPECT_EQ(std::get<GrpcFacts>(grpc->facts).status, 14);
  const auto dns = Run("{prober: dns, dns: {query_name: a}}", dead);
  EXPECT_EQ(dns->failure->reason, Reason::kConnect) << Verdict(*dns);
  EXPECT_FALSE(std::get<DnsFacts>(dns->facts).query_succeeded);
}

TEST_F(Probes, TheTimeoutHoldsWhateverHangs) {
  ScriptedServer hangs({Hang()});
  const std::string target = "127.0.0.1:" + std::to_string(hangs.port());
  for (const char* module : {"{prober: http}", "{prober: tcp, tcp: {tls: true}}", "{prober: grpc}",
                             "{prober: tcp, tcp: {query_response: [{expect: x}]}}",
                             "{prober: dns, dns: {query_name: a, transport_protocol: tcp}}"}) {
    const auto result = Run({ModuleOf(module), target, {}, milliseconds(50)});
    ASSERT_TRUE(result->failure) << module;
    EXPECT_EQ(result->failure->reason, Reason::kTimeout) << module << Verdict(*result);
    EXPECT_GE(result->duration_seconds, 0.05);
  }
}

TEST_F(Probes, DnsByTcp) {
  using namespace std::string_literals;
  // The answer to any question: the id is the one thing that must fit, and it is random.
  ScriptedServer other({Send("\0\x0c\0\0\x81\x80\0\0\0\0\0\0\0\0"s)});
  const auto result = Run("{prober: dns, dns: {query_name: a, transport_protocol: tcp}}",
                          "127.0.0.1:" + std::to_string(other.port()));
  EXPECT_EQ(result->failure->reason, Reason::kProtocol) << Verdict(*result);
  ScriptedServer junk({Send("\0\x05short"s)});
  EXPECT_EQ(Run("{prober: dns, dns: {query_name: a, transport_protocol: tcp}}",
                "127.0.0.1:" + std::to_string(junk.port()))
                ->failure->reason,
            Reason::kProtocol);
}

TEST_F(Probes, FailuresAreTriedAgainAtOnceAndKeptApart) {
  const std::string dead = "127.0.0.1:" + std::to_string(net::DeadPort());
  const auto result = Run({ModuleOf("{prober: tcp}"), dead, {}, milliseconds(5'000)}, 2);
  EXPECT_EQ(result->attempts, 3);
  EXPECT_EQ(history_.Failures().size(), 3U);
  ScriptedServer server({Hang()});
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(Verdict(*Run("{prober: tcp}", "127.0.0.1:" + std::to_string(server.port()))), "ok");
  }
  EXPECT_EQ(history_.Successes().size(), 10U);
  EXPECT_EQ(history_.Failures().size(), 3U);
  const auto newest = history_.Successes().front();
  EXPECT_EQ(history_.Find(newest.id).result, newest.result);
  EXPECT_FALSE(history_.Find(10'000).module);
}

TEST_F(Probes, WhoWaitsIsProbedWhenOthersAreDropped) {
  constexpr int kMany = 20'000;  // each fails at once, and must not do so within the one before
  ScriptedServer hangs({Hang()});
  const auto hanging = ModuleOf("{prober: tcp, tcp: {query_response: [{expect: x}]}}");
  const std::string target = "127.0.0.1:" + std::to_string(hangs.port());
  const auto bad = ModuleOf("{prober: tcp}");
  const int owners[2]{};
  int dropped = 0;
  int ended = 0;
  net::OnLoop(network_.loop(), [&] {
    for (const int& owner : owners) {
      engine_.Run(
          {hanging, target, {}, seconds(600)}, 0, [&](const auto&) { ++dropped; }, &owner);
    }
    for (int i = 0; i < kMany; ++i) {
      engine_.Run({bad, "no port", {}, seconds(600)}, 0, [&](const auto&) { ++ended; });
    }
    engine_.Run(
        {bad, "no port", {}, seconds(600)}, 0, [&](const auto&) { ++dropped; }, owners);
    EXPECT_EQ(ended, 0);
    engine_.Drop({&owners[0], &owners[1]});
    EXPECT_EQ(ended, kMany);
  });
  EXPECT_EQ(dropped, 0);
}

TEST_F(Probes, PingsOfThisHost) {
  ProbeJob job{ModuleOf("{prober: icmp, icmp: {preferred_ip_protocol: ip4, payload_size: 100}}"),
               "127.0.0.1",
               {},
               milliseconds(10'000),
               3};
  const auto result = Run(job);
  const auto& icmp = std::get<IcmpFacts>(result->facts);
  if (result->failure && result->failure->reason == Reason::kLocal) {
    // Neither ping sockets nor CAP_NET_RAW: then that is what it must say.
    EXPECT_NE(result->failure->message.find("ping_group_range"), std::string::npos);
    return;
  }
  EXPECT_EQ(Verdict(*result), "ok");
  EXPECT_EQ(icmp.sent, 3U);
  EXPECT_EQ(icmp.rtts.size(), 3U);
  EXPECT_GT(icmp.hop_limit.value_or(0), 0);
}

}  // namespace
}  // namespace tocsin::probe
