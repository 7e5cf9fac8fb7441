// The door with a web configuration: over real sockets, with real certificates.

#include "agent/web/web_policy.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "agent/http/door/door.h"
#include "collectors/net/tls_session.h"
#include "tests/base/temp_folder.h"
#include "tests/http/client.h"

namespace tocsin::web {
namespace {

using http::Client;
using http::Get;

const std::string kCerts = TOCSIN_SOURCE_DIR "/tests/web/certs/";
const SystemClock kClock;

// Of "right", at the lowest cost.
constexpr const char* kUsers =
    "basic_auth_users: {alice: $2b$04$CCCCCCCCCCCCCCCCCCCCC.MUqk63GnwF7vcQlJlXfScZbrHavjlt.}\n";
constexpr const char* kAliceRight = "Authorization: Basic YWxpY2U6cmlnaHQ=\r\n";
constexpr const char* kAliceWrong = "Authorization: Basic YWxpY2U6d3Jvbmc=\r\n";
constexpr const char* kNobody = "Authorization: Basic bm9ib2R5OnJpZ2h0\r\n";

/// A folder with web.yml and copies of certificates, each file's time told apart from the last.
class Folder {
 public:
  Folder() {
    Copy("server.crt", "tls.crt");
    Copy("server.key", "tls.key");
  }
  std::string File(const std::string& name) const { return folder_ / name; }
  void Write(const std::string& text) const { folder_.Replace("web.yml", text); }
  void Copy(const std::string& from, const std::string& to) const {
    std::filesystem::copy_file(kCerts + from, File("next"));
    std::filesystem::rename(File("next"), File(to));
  }

 private:
  const TempFolder folder_;
};

constexpr const char* kTls = "tls_server_config: {cert_file: tls.crt, key_file: tls.key}\n";

struct Served {
  std::shared_ptr<WebPolicy> policy;
  std::unique_ptr<http::Server> server;
  std::string address() const { return server->addresses()[0]; }
};

Served Serve(const Folder& folder, const http::DoorLimits& limits = {}) {
  auto policy = WebPolicy::Load(folder.File("web.yml"), kClock);
  EXPECT_TRUE(policy.ok()) << policy.error().message();
  http::ServerOptions options{.listen_addresses = {"127.0.0.1:0"}, .threads = 4, .limits = {}};
  options.limits.keep_alive_timeout = seconds(60);
  auto server = http::StartDoor(
      options,
      [](const http::Request& request) {
        return http::TextResponse(200, "hello " + std::string(request.body));
      },
      *policy, limits);
  EXPECT_TRUE(server.ok()) << server.error().message();
  return {*policy, *std::move(server)};
}

/// One request over TLS: the body, or what went wrong. `subject`: of the server's certificate.
std::string AskOverTls(const std::string& address, outgoing::TlsOptions options,
                       const std::string& request = Get("/"), std::string* subject = nullptr) {
  if (options.ca_file.empty()) options.ca_file = kCerts + "ca.crt";
  Client client(address);
  auto session = net::TlsSession::Start(client.fd(), options, "localhost");
  if (!session) return session.error().message();
  net::TlsSession& tls = **session;
  if (tls.Handshake() != net::TlsSession::Step::kDone) return "handshake: " + tls.error();
  if (subject) *subject = tls.Inspect().chain.at(0).subject;
  std::size_t size = 0;
  if (tls.Write(request, size) != net::TlsSession::Step::kDone) return "write: " + tls.error();
  std::string text;
  char piece[4096];
  while (text.find("\n", text.find("\r\n\r\n") + 4) == std::string::npos ||
         text.find("\r\n\r\n") == std::string::npos) {
    if (tls.Read(piece, sizeof piece, size) != net::TlsSession::Step::kDone) {
      return "closed: " + tls.error();
    }
    text.append(piece, size);
  }
  return text.substr(text.find("\r\n\r\n") + 4);
}

outgoing::TlsOptions ClientCertificate(const std::string& name) {
  outgoing::TlsOptions options;
  options.cert_file = kCerts + name + ".crt";
  options.key_file = kCerts + name + ".key";
  return options;
}

TEST(WebPolicyTest, WithoutALoginNothingIsServed) {
  const Folder folder;
  folder.Write(kUsers);
  const Served served = Serve(folder);
  Client client(served.address());
  const http::Reply none = client.Ask(Get("/-/healthy"));
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.Header("WWW-Authenticate"), "Basic");
  EXPECT_EQ(none.body, "Unauthorized\n");
  EXPECT_EQ(client.Ask(Get("/", kAliceWrong)).status, 401) << "on the same connection";
  EXPECT_EQ(client.Ask(Get("/", kNobody)).status, 401);
  EXPECT_EQ(client.Ask(Get("/", kAliceRight)).body, "hello \n");
  EXPECT_EQ(client.Ask(Get("/", kAliceRight)).body, "hello \n");
  EXPECT_EQ(client.Ask(Get("/")).status, 401) << "a login is not of the connection";
  const http::Reply post =
      client.Ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(post.status, 401) << "before its body";
  EXPECT_TRUE(client.Ended());
  Client body(served.address());
  EXPECT_EQ(body.Ask(std::string("POST / HTTP/1.1\r\nHost: x\r\n") + kAliceRight +
                     "Content-Length: 3\r\n\r\nyou")
                .body,
            "hello you\n");
}

TEST(WebPolicyTest, AFloodOfWrongLoginsDoesNotDelayTheRightOne) {
  const Folder folder;
  // A cost at which some dozen checks take a second.
  folder.Write(
      "basic_auth_users: {alice: $2b$08$CCCCCCCCCCCCCCCCCCCCC.pho0n.6wFJvSkK1DaVgU3NgHkOHMgIC}\n");
  const Served served = Serve(folder);
  Client good(served.address());
  ASSERT_EQ(good.Ask(Get("/", kAliceRight)).status, 200);
  std::vector<std::unique_ptr<Client>> flood;
  for (int i = 0; i < 60; ++i) {
    flood.push_back(std::make_unique<Client>(served.address()));
    flood.back()->Send(Get("/", i % 2 ? kAliceWrong : kNobody));
  }
  // Answered while the flood waits: the last of it has had no answer yet.
  for (int i = 0; i < 20; ++i) EXPECT_EQ(good.Ask(Get("/", kAliceRight)).status, 200);
  int turned_away = 0;
  for (const auto& client : flood) {
    const int status = client->Read().status;
    EXPECT_TRUE(status == 401 || status == 503) << status;
    turned_away += status == 503;
  }
  EXPECT_GT(turned_away, 0) << "no more wait than can be checked in a while";
}

TEST(WebPolicyTest, HeadersAndRateLimit) {
  const Folder folder;
  folder.Write(
      "http_server_config: {headers: {X-Frame-Options: deny, X-Content-Type-Options: nosniff}}\n"
      "rate_limit: {interval: 1h, burst: 2}\n");
  const Served served = Serve(folder);
  Client client(served.address());
  const http::Reply reply = client.Ask(Get("/"));
  EXPECT_EQ(reply.Header("X-Frame-Options"), "deny");
  EXPECT_EQ(reply.head.find("nosniff"), reply.head.rfind("nosniff")) << "once";
  EXPECT_EQ(client.Ask(Get("/")).status, 200);
  EXPECT_EQ(client.Ask(Get("/")).status, 429);
}

TEST(WebPolicyTest, OverTls) {
  const Folder folder;
  folder.Write(std::string(kTls) + kUsers);
  const Served served = Serve(folder);
  EXPECT_EQ(AskOverTls(served.address(), {}), "Unauthorized\n");
  EXPECT_EQ(AskOverTls(served.address(), {}, Get("/", kAliceRight)), "hello \n");
  outgoing::TlsOptions stranger;
  stranger.ca_file = kCerts + "stranger.crt";
  EXPECT_NE(AskOverTls(served.address(), stranger).find("certificate verify failed"),
            std::string::npos);
  const http::Reply plain = Client(served.address()).Ask(Get("/"));
  EXPECT_EQ(plain.status, 400);
  EXPECT_EQ(plain.body, "400 this address speaks HTTPS\n");
}

TEST(WebPolicyTest, JunkAndStalledHandshakesAreClosed) {
  const Folder folder;
  folder.Write(kTls);
  const Served served = Serve(folder, {.handshake_timeout = milliseconds(300)});
  Client junk(served.address());
  junk.Send(std::string("\x16\x03\x01\x02\x00\x01junk", 10) + std::string(600, 'x'));
  Client stalled(served.address());
  stalled.Send("\x16\x03\x01");
  Client silent(served.address());
  {
    Client aborted(served.address());
    aborted.Send("\x16");
    aborted.Reset();
  }
  EXPECT_EQ(junk.Read().status, 0) << "an alert at most, and the end";
  EXPECT_TRUE(stalled.Ended());
  EXPECT_TRUE(silent.Ended());
  EXPECT_EQ(AskOverTls(served.address(), {}), "hello \n");
}

TEST(WebPolicyTest, ClientCertificates) {
  struct Case {
    const char* auth;
    std::string sans;
    bool none, stranger, client;  // who is let in
  };
  const Case cases[] = {
      {"NoClientCert", "", true, true, true},
      {"RequestClientCert", "", true, true, true},
      {"RequireAnyClientCert", "", false, true, true},
      {"VerifyClientCertIfGiven", "", true, false, true},
      {"RequireAndVerifyClientCert", "", false, false, true},
      {"RequireAndVerifyClientCert", ", client_allowed_sans: [x, prometheus.example]", false, false,
       true},
      {"RequireAndVerifyClientCert", ", client_allowed_sans: [10.0.0.1]", false, false, true},
      {"RequireAndVerifyClientCert", ", client_allowed_sans: [a@b.example]", false, false, true},
      {"RequireAndVerifyClientCert", ", client_allowed_sans: [10.0.0.2]", false, false, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.auth + c.sans);
    const Folder folder;
    const bool asks = std::string(c.auth) != "NoClientCert";
    folder.Write("tls_server_config: {cert_file: tls.crt, key_file: tls.key, client_auth_type: " +
                 std::string(c.auth) + (asks ? ", client_ca_file: " + kCerts + "ca.crt" : "") +
                 c.sans + "}\n");
    const Served served = Serve(folder);
    EXPECT_EQ(AskOverTls(served.address(), {}) == "hello \n", c.none);
    EXPECT_EQ(AskOverTls(served.address(), ClientCertificate("stranger")) == "hello \n",
              c.stranger);
    EXPECT_EQ(AskOverTls(served.address(), ClientCertificate("client")) == "hello \n", c.client);
  }
}

TEST(WebPolicyTest, VersionsAndCiphers) {
  const Folder folder;
  outgoing::TlsOptions only13;
  only13.tls13_only = true;
  folder.Write(
      "tls_server_config: {cert_file: tls.crt, key_file: tls.key, max_version: TLS12, "
      "cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256], curve_preferences: [CurveP256]}");
  const Served old = Serve(folder);
  EXPECT_EQ(AskOverTls(old.address(), {}), "hello \n");
  EXPECT_NE(AskOverTls(old.address(), only13), "hello \n");
  folder.Write("tls_server_config: {cert_file: tls.crt, key_file: tls.key, min_version: TLS10}");
  EXPECT_EQ(AskOverTls(Serve(folder).address(), only13), "hello \n");
}

TEST(WebPolicyTest, ChangedFilesAreReadAgain) {
  const Folder folder;
  folder.Write(kTls);
  const Served served = Serve(folder);
  std::string subject;
  EXPECT_EQ(AskOverTls(served.address(), {}, Get("/"), &subject), "hello \n");
  EXPECT_EQ(subject, "CN=server");

  folder.Copy("renewed.crt", "tls.crt");
  folder.Copy("renewed.key", "tls.key");
  // The door looks at most once a second.
  while (subject != "CN=renewed") {
    ASSERT_EQ(AskOverTls(served.address(), {}, Get("/"), &subject), "hello \n");
  }
  folder.Write(std::string(kTls) + kUsers);
  while (AskOverTls(served.address(), {}) != "Unauthorized\n") {
  }
}

TEST(WebPolicyTest, WhatDoesNotLoadChangesNothing) {
  const Folder folder;
  folder.Write(std::string(kTls) + kUsers);
  auto policy = WebPolicy::Load(folder.File("web.yml"), kClock);
  ASSERT_TRUE(policy.ok()) << policy.error().message();
  http::Request request;
  const auto refuses = [&] {
    (*policy)->Refresh();
    return (*policy)->secure() && (*policy)->Judge(request) == http::Policy::Verdict::kRefuse;
  };
  EXPECT_TRUE(refuses());
  folder.Copy("renewed.crt", "tls.crt");  // while the key is still the old one
  EXPECT_TRUE(refuses());
  folder.Write("tls_server_config: [");
  EXPECT_TRUE(refuses());
  folder.Write("{}");  // would switch TLS off
  EXPECT_TRUE(refuses());
  std::filesystem::remove(folder.File("web.yml"));
  EXPECT_TRUE(refuses());
  folder.Copy("renewed.key", "tls.key");
  folder.Write(kTls);
  EXPECT_FALSE(refuses());
}

TEST(WebPolicyTest, ErrorsOfFiles) {
  const Folder folder;
  const auto error = [&](const std::string& tls) {
    folder.Write("tls_server_config: {" + tls + "}");
    const auto checked = CheckWebConfig(folder.File("web.yml"));
    return checked ? "none" : checked.error().message();
  };
  EXPECT_EQ(error("cert_file: tls.crt, key_file: tls.key"), "none");
  EXPECT_NE(error("cert_file: no.crt, key_file: tls.key").find("no.crt: No such file"),
            std::string::npos);
  EXPECT_NE(error("cert_file: tls.key, key_file: tls.key").find("holds no certificate in PEM"),
            std::string::npos);
  EXPECT_NE(error("cert_file: tls.crt, key_file: tls.crt").find("no unencrypted private key"),
            std::string::npos);
  EXPECT_NE(error("cert_file: tls.crt, key_file: " + kCerts + "renewed.key")
                .find("renewed.key: is not the key of"),
            std::string::npos);
}

}  // namespace
}  // namespace tocsin::web
