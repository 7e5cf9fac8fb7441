#include "agent/web/web_config.h"

#include <algorithm>
#include <array>
#include <span>

#include "agent/web/bcrypt.h"
#include "base/outgoing/http_config.h"
#include "base/parse.h"
#include "base/yaml.h"

namespace tocsin::web {
namespace {

/// A word of the file and what it stands for.
template <class T>
struct Word {
  std::string_view word;
  T value;
};

constexpr Word<ClientAuth> kClientAuth[] = {
    {"NoClientCert", ClientAuth::kNone},
    {"RequestClientCert", ClientAuth::kRequest},
    {"RequireAnyClientCert", ClientAuth::kRequireAny},
    {"RequireClientCert", ClientAuth::kRequireAny},  // an older spelling
    {"VerifyClientCertIfGiven", ClientAuth::kVerifyIfGiven},
    {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerify},
};

constexpr Word<TlsVersion> kVersions[] = {{"TLS10", TlsVersion::k10},
                                          {"TLS11", TlsVersion::k11},
                                          {"TLS12", TlsVersion::k12},
                                          {"TLS13", TlsVersion::k13}};

/// Go's names for OpenSSL's ciphers. Those of TLS 1.3 are known and cannot be chosen, as in Go.
constexpr Word<std::string_view> kCiphers[] = {
    {"TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"},
    {"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"},
    {"TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"},
    {"TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_AES_128_GCM_SHA256", ""},
    {"TLS_AES_256_GCM_SHA384", ""},
    {"TLS_CHACHA20_POLY1305_SHA256", ""},
};

constexpr Word<std::string_view> kCurves[] = {
    {"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}};

/// The headers that may be set, with the values that they may have (none: any).
struct Header {
  std::string_view name;
  std::array<std::string_view, 2> values;
};
constexpr Header kHeaders[] = {{"Content-Security-Policy", {}},
                               {"X-Frame-Options", {"deny", "sameorigin"}},
                               {"X-Content-Type-Options", {"nosniff"}},
                               {"X-XSS-Protection", {}},
                               {"Strict-Transport-Security", {}}};

template <class T>
Result<T> Meaning(const YamlFile& file, const YamlNode& node, std::string_view what,
                  std::span<const Word<T>> words) {
  TRY_ASSIGN(const std::string text, YamlString(file, node));
  std::vector<std::string_view> known;
  for (const Word<T>& word : words) {
    if (word.word == text) return word.value;
    known.push_back(word.word);
  }
  std::string message = "unknown " + std::string(what) + " \"" + text + '"';
  if (const auto nearest = NearestWord(text, known)) {
    message += ", did you mean \"" + std::string(*nearest) + "\"?";
  }
  return file.At(node, message);
}

template <class T, std::size_t n>
Status ReadWord(YamlFields& fields, std::string_view key, const Word<T> (&words)[n], T& into) {
  const YamlNode* node = fields.Find(key);
  if (!node || (node->IsScalar() && node->scalar.empty())) return Unit{};
  TRY_ASSIGN(into, Meaning(fields.file(), *node, key, std::span<const Word<T>>(words)));
  return Unit{};
}

/// The meanings of a list of words, with colons between them.
template <std::size_t n>
Status ReadWords(YamlFields& fields, std::string_view key, const Word<std::string_view> (&words)[n],
                 std::string& into) {
  const YamlNode* node = fields.Find(key);
  if (!node) return Unit{};
  if (!node->IsSequence()) return fields.file().At(*node, std::string(key) + " must be a list");
  for (const YamlNode::Ptr& item : node->items) {
    TRY_ASSIGN(const std::string_view meaning,
               Meaning(fields.file(), *item, key, std::span<const Word<std::string_view>>(words)));
    if (!meaning.empty()) into.append(into.empty() ? "" : ":").append(meaning);
  }
  return Unit{};
}

/// `key` (PEM) or `key`_file.
Status ReadPem(YamlFields& fields, const std::string& key, Pem& into) {
  TRY_ASSIGN(into.text, fields.Read(key, YamlString, ""));
  TRY_ASSIGN(const std::string path, fields.Read(key + "_file", YamlString, ""));
  into.file = outgoing::ResolvePath(fields.file(), path);
  if (!into.text.empty() && !path.empty()) {
    return fields.file().At(*fields.Find(key), "give " + key + " or " + key + "_file, not both");
  }
  return Unit{};
}

Status CheckTls(const YamlFile& file, const YamlNode& node, const TlsConfig& tls) {
  if (tls.certificate.empty()) return file.At(node, "tls_server_config needs cert_file");
  if (tls.key.empty()) return file.At(node, "tls_server_config needs key_file");
  if (tls.min_version > tls.max_version) {
    return file.At(*node.Find("min_version"), "min_version is above max_version");
  }
  if (!tls.client_ca.empty() && tls.client_auth == ClientAuth::kNone) {
    return file.At(node,
                   "client_ca_file without client_auth_type: nobody would be asked for a "
                   "certificate; set client_auth_type: RequireAndVerifyClientCert");
  }
  const bool required = tls.client_auth == ClientAuth::kRequireAny ||
                        tls.client_auth == ClientAuth::kRequireAndVerify;
  if (!tls.client_allowed_sans.empty() && !required) {
    return file.At(*node.Find("client_allowed_sans"),
                   "client_allowed_sans needs client_auth_type RequireAndVerifyClientCert or "
                   "RequireAnyClientCert");
  }
  return Unit{};
}

Status ReadTls(const YamlFile& file, const YamlNode& node, std::optional<TlsConfig>& into) {
  YamlFields fields(file, node, "tls_server_config");
  TlsConfig tls;
  TRY(ReadPem(fields, "cert", tls.certificate));
  TRY(ReadPem(fields, "key", tls.key));
  TRY(ReadPem(fields, "client_ca", tls.client_ca));
  TRY(ReadWord(fields, "client_auth_type", kClientAuth, tls.client_auth));
  if (const YamlNode* sans = fields.Find("client_allowed_sans")) {
    TRY_ASSIGN(tls.client_allowed_sans, YamlStrings(file, *sans));
  }
  TRY(ReadWord(fields, "min_version", kVersions, tls.min_version));
  TRY(ReadWord(fields, "max_version", kVersions, tls.max_version));
  TRY(ReadWords(fields, "cipher_suites", kCiphers, tls.ciphers));
  TRY(ReadWords(fields, "curve_preferences", kCurves, tls.groups));
  TRY_ASSIGN(tls.prefer_server_ciphers, fields.Read("prefer_server_cipher_suites", YamlBool, true));
  TRY(fields.Finish());
  const YamlNode* suites = node.Find("cipher_suites");
  tls.only_tls13_ciphers = suites && !suites->items.empty() && tls.ciphers.empty();
  // What exporters call switched on; a section with nothing of this is none.
  const bool on = !tls.certificate.empty() || !tls.key.empty() || !tls.client_ca.empty() ||
                  node.Find("client_auth_type");
  if (!on) return Unit{};
  TRY(CheckTls(file, node, tls));
  into = std::move(tls);
  return Unit{};
}

Status ReadHeader(YamlFields& fields, const Header& header, WebConfig& config) {
  const YamlNode* node = fields.Find(header.name);
  if (!node) return Unit{};
  TRY_ASSIGN(std::string value, YamlString(fields.file(), *node));
  if (value.empty()) return Unit{};
  const auto& [first, second] = header.values;
  if (!first.empty() && value != first && value != second) {
    std::string meant = std::string(first);
    if (!second.empty()) meant.append(" or ").append(second);
    return fields.file().At(*node,
                            std::string(header.name) + " is " + meant + ", not \"" + value + '"');
  }
  config.headers.emplace_back(header.name, std::move(value));
  return Unit{};
}

Status ReadHttp(const YamlFile& file, const YamlNode& node, WebConfig& config) {
  YamlFields fields(file, node, "http_server_config");
  TRY(fields.Read("http2", YamlBool, true));  // known; this server speaks HTTP/1.1
  const YamlNode* headers = fields.Find("headers");
  TRY(fields.Finish());
  if (!headers) return Unit{};
  YamlFields header_fields(file, *headers, "headers");
  for (const Header& header : kHeaders) TRY(ReadHeader(header_fields, header, config));
  return header_fields.Finish();
}

Status ReadUsers(const YamlFile& file, const YamlNode& node, WebConfig& config) {
  if (!node.IsMap()) return file.At(node, "basic_auth_users maps names to bcrypt hashes");
  for (const auto& [name, value] : node.entries) {
    TRY_ASSIGN(std::string hash, YamlString(file, *value));
    if (name->scalar.find(':') != std::string::npos) {
      return file.At(*name, "a user's name cannot have a colon in it");
    }
    if (!IsBcryptHash(hash)) {
      return file.At(*value,
                     "the password of \"" + name->scalar +
                         "\" must be its bcrypt hash, as `htpasswd -nBC 10 NAME` prints it");
    }
    config.users[name->scalar] = std::move(hash);
  }
  return Unit{};
}

Status ReadRateLimit(const YamlFile& file, const YamlNode& node, RateLimit& limit) {
  YamlFields fields(file, node, "rate_limit");
  TRY_ASSIGN(limit.interval, fields.Read("interval", YamlDuration, limit.interval));
  TRY_ASSIGN(limit.burst, fields.Read("burst", YamlInt, limit.burst));
  TRY(fields.Finish());
  if (limit.burst < 0) return file.At(*node.Find("burst"), "burst must not be negative");
  return Unit{};
}

Result<WebConfig> ReadFrom(const YamlFile& file) {
  static const YamlNode kAbsent;
  WebConfig config;
  YamlFields fields(file, *file.root, "the web configuration");
  const auto section = [&](std::string_view key) -> const YamlNode& {
    const YamlNode* node = fields.Find(key);
    return node ? *node : kAbsent;
  };
  const YamlNode& tls = section("tls_server_config");
  const YamlNode& http = section("http_server_config");
  const YamlNode* const users = fields.Find("basic_auth_users");
  const YamlNode& rate_limit = section("rate_limit");
  TRY(fields.Finish());
  TRY(ReadTls(file, tls, config.tls));
  TRY(ReadHttp(file, http, config));
  if (users) TRY(ReadUsers(file, *users, config));
  TRY(ReadRateLimit(file, rate_limit, config.rate_limit));
  return config;
}

}  // namespace

Result<WebConfig> ParseWebConfig(std::string_view text, const std::string& name) {
  TRY_ASSIGN(const YamlFile file, ParseYaml(text, name));
  return ReadFrom(file);
}

Result<WebConfig> ReadWebConfig(const std::string& path) {
  TRY_ASSIGN(const YamlFile file, ReadYamlFile(path));
  return ReadFrom(file);
}

}  // namespace tocsin::web
