#include "agent/web/web_config.h"

#include <gtest/gtest.h>

#include <fstream>

namespace tocsin::web {
namespace {

constexpr const char* kHash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

std::string ErrorOf(std::string_view text) {
  const auto config = ParseWebConfig(text, "/etc/tocsin/web.yml");
  return config ? "no error" : config.error().message();
}

TEST(WebConfigTest, AnEmptyFileAsksForNothing) {
  for (const char* text :
       {"", "tls_server_config: {}", "tls_server_config:\nbasic_auth_users:\n",
        "tls_server_config: {min_version: TLS13}", "http_server_config: {http2: false}"}) {
    const auto config = ParseWebConfig(text, "web.yml");
    ASSERT_TRUE(config.ok()) << config.error().message();
    EXPECT_FALSE(config->tls) << text;
    EXPECT_TRUE(config->users.empty());
    EXPECT_TRUE(config->headers.empty());
  }
}

/// config/web.yml as it is shipped, or with every key that stands there behind a '#'.
std::string Shipped(bool with_all) {
  std::ifstream file(TOCSIN_SOURCE_DIR "/config/web.yml");
  std::string text;
  for (std::string line; std::getline(file, line);) {
    const bool is_key = line.size() > 2 && line[0] == '#' && (line[1] != ' ' || line[2] == ' ');
    if (with_all && is_key) line.erase(0, 1);
    if (const auto hash = line.find("$2y$10$..."); hash != std::string::npos) {
      line.replace(hash, std::string::npos, kHash);
    }
    text += line + '\n';
  }
  return text;
}

TEST(WebConfigTest, TheShippedFile) {
  const auto config = ParseWebConfig(Shipped(false), "web.yml");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_FALSE(config->tls);
  EXPECT_TRUE(config->users.empty());

  const auto all = ParseWebConfig(Shipped(true), "web.yml");
  ASSERT_TRUE(all.ok()) << all.error().message();
  EXPECT_TRUE(all->tls);
  EXPECT_EQ(all->users.size(), 1u);
  EXPECT_EQ(all->headers.size(), 3u);
}

TEST(WebConfigTest, EveryKey) {
  const auto config = ParseWebConfig(std::string(R"(
tls_server_config:
  cert_file: server.crt
  key_file: /keys/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [prometheus.example, 10.0.0.1]
  min_version: TLS11
  max_version: TLS12
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256,
                  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [X25519, CurveP256]
http_server_config:
  http2: true
  headers:
    Strict-Transport-Security: max-age=60
    X-Frame-Options: sameorigin
    X-Content-Type-Options: nosniff
    X-XSS-Protection: ''
    Content-Security-Policy: default-src 'self'
basic_auth_users:
  alice: )") + kHash + R"(
rate_limit: {interval: 1s, burst: 20}
)",
                                     "/etc/tocsin/web.yml");
  ASSERT_TRUE(config.ok()) << config.error().message();
  ASSERT_TRUE(config->tls);
  const TlsConfig& tls = *config->tls;
  EXPECT_EQ(tls.certificate.file, "/etc/tocsin/server.crt") << "relative to the file";
  EXPECT_EQ(tls.key.file, "/keys/server.key");
  EXPECT_EQ(tls.client_ca.file, "/etc/tocsin/ca.crt");
  EXPECT_EQ(tls.client_auth, ClientAuth::kRequireAndVerify);
  EXPECT_EQ(tls.client_allowed_sans, (std::vector<std::string>{"prometheus.example", "10.0.0.1"}));
  EXPECT_EQ(tls.min_version, TlsVersion::k11);
  EXPECT_EQ(tls.max_version, TlsVersion::k12);
  EXPECT_EQ(tls.ciphers, "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305");
  EXPECT_FALSE(tls.only_tls13_ciphers);
  EXPECT_FALSE(tls.prefer_server_ciphers);
  EXPECT_EQ(tls.groups, "X25519:P-256");
  ASSERT_EQ(config->headers.size(), 4u) << "a blank one is not set";
  EXPECT_EQ(config->headers[0].second, "default-src 'self'");
  EXPECT_EQ(config->users.at("alice"), kHash);
  EXPECT_EQ(config->rate_limit.interval, seconds(1));
  EXPECT_EQ(config->rate_limit.burst, 20);
}

TEST(WebConfigTest, PemInTheFile) {
  const auto config = ParseWebConfig("tls_server_config: {cert: a, key: b}", "web.yml");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->tls->certificate.text, "a");
  EXPECT_EQ(config->tls->key.text, "b");
  EXPECT_EQ(config->tls->min_version, TlsVersion::k12);
}

TEST(WebConfigTest, ErrorsSayWhereAndWhatWasMeant) {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case cases[] = {
      {"tls_config: {}", "1:1: unknown key \"tls_config\" in the web configuration"},
      {"tls_server_config:\n  cert_fil: x\n", "2:3: unknown key \"cert_fil\""},
      {"tls_server_config: {cert_file: x}", "1:20: tls_server_config needs key_file"},
      {"tls_server_config: {key_file: x}", "1:20: tls_server_config needs cert_file"},
      {"tls_server_config: {cert_file: x, cert: y, key_file: z}",
       "1:41: give cert or cert_file, not both"},
      {"tls_server_config: {cert_file: x, key_file: y, min_version: TLS1.2}",
       "1:61: unknown min_version \"TLS1.2\", did you mean \"TLS12\"?"},
      {"tls_server_config: {cert_file: x, key_file: y, min_version: TLS13, max_version: TLS12}",
       "1:61: min_version is above max_version"},
      {"tls_server_config: {cert_file: x, key_file: y, client_auth_type: RequireAndVerify}",
       "1:66: unknown client_auth_type \"RequireAndVerify\""},
      {"tls_server_config: {cert_file: x, key_file: y, client_ca_file: z}",
       "1:20: client_ca_file without client_auth_type"},
      {"tls_server_config: {cert_file: x, key_file: y, client_auth_type: RequestClientCert, "
       "client_allowed_sans: [a]}",
       "client_allowed_sans needs client_auth_type RequireAndVerifyClientCert"},
      {"tls_server_config: {cert_file: x, key_file: y, cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}",
       "1:64: unknown cipher_suites \"TLS_RSA_WITH_RC4_128_SHA\""},
      {"tls_server_config: {cert_file: x, key_file: y, curve_preferences: P256}",
       "1:67: curve_preferences must be a list"},
      {"http_server_config: {headers: {X-Frame-Options: allow}}",
       "1:49: X-Frame-Options is deny or sameorigin, not \"allow\""},
      {"http_server_config: {headers: {Server: x}}", "1:32: unknown key \"Server\" in headers"},
      {"basic_auth_users: {alice: secret}", "1:27: the password of \"alice\" must be its bcrypt"},
      {"basic_auth_users: {'a:b': x}", "1:20: a user's name cannot have a colon in it"},
      {"basic_auth_users: [alice]", "1:19: basic_auth_users maps names to bcrypt hashes"},
      {"rate_limit: {burst: -1}", "1:21: burst must not be negative"},
  };
  for (const Case& c : cases) {
    const std::string error = ErrorOf(c.text);
    EXPECT_NE(error.find(c.error), std::string::npos) << c.text << "\n" << error;
    EXPECT_EQ(error.find("secret\""), std::string::npos) << "a password must not be shown";
  }
}

}  // namespace
}  // namespace tocsin::web
