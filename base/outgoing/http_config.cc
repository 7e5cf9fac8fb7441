#include "base/outgoing/http_config.h"

#include "base/parse.h"

namespace tocsin::outgoing {
namespace {

Status ReadBasicAuth(const YamlFile& file, const YamlNode& node, InlineSecrets inline_secrets,
                     HttpConfig& config) {
  YamlFields fields(file, node, "basic_auth");
  TRY_ASSIGN(config.user, fields.ReadRequired("username", YamlString));
  TRY_ASSIGN(config.password, ReadSecret(fields, "password", inline_secrets));
  return fields.Finish();
}

Status ReadAuthorization(const YamlFile& file, const YamlNode& node, InlineSecrets inline_secrets,
                         HttpConfig& config) {
  YamlFields fields(file, node, "authorization");
  TRY_ASSIGN(config.authorization_type, fields.Read("type", YamlString, "Bearer"));
  TRY_ASSIGN(config.credentials, ReadSecret(fields, "credentials", inline_secrets));
  TRY(fields.Finish());
  if (config.credentials.empty()) return file.At(node, "authorization needs credentials_file");
  return Unit{};
}

}  // namespace

std::string ResolvePath(const YamlFile& file, const std::string& path) {
  const auto slash = file.name.rfind('/');
  if (path.empty() || path.starts_with('/') || slash == std::string::npos) return path;
  return file.name.substr(0, slash + 1) + path;
}

Result<Secret> ReadSecret(YamlFields& fields, std::string_view key, InlineSecrets inline_secrets) {
  const YamlNode* value = fields.Find(key);
  const YamlNode* path = fields.Find(std::string(key) + "_file");
  if (value && path) {
    return fields.file().At(
        *path, "give " + std::string(key) + " or " + std::string(key) + "_file, not both");
  }
  if (path) {
    TRY_ASSIGN(const std::string name, YamlString(fields.file(), *path));
    return Secret::File(ResolvePath(fields.file(), name));
  }
  if (!value) return Secret();
  TRY_ASSIGN(std::string text, YamlString(fields.file(), *value));
  if (text.starts_with("${") && text.ends_with("}")) {
    return Secret::Environment(text.substr(2, text.size() - 3));
  }
  if (inline_secrets == InlineSecrets::kRefused) {
    TRY(fields.file().Keep(
        fields.file().At(*value, "a secret does not belong in this file: use " + std::string(key) +
                                     "_file, or ${VARIABLE} to take it from the environment")));
    fields.file().Spoil(fields.node());  // that it is missing would be said next
    return Secret();
  }
  return Secret::Literal(std::move(text));
}

Result<TlsOptions> ReadTlsOptions(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "tls_config");
  TlsOptions tls;
  TRY_ASSIGN(tls.ca_file, fields.Read("ca_file", YamlString, ""));
  TRY_ASSIGN(tls.cert_file, fields.Read("cert_file", YamlString, ""));
  TRY_ASSIGN(tls.key_file, fields.Read("key_file", YamlString, ""));
  TRY_ASSIGN(tls.server_name, fields.Read("server_name", YamlString, ""));
  TRY_ASSIGN(tls.insecure_skip_verify, fields.Read("insecure_skip_verify", YamlBool, false));
  const YamlNode* min_version = fields.Find("min_version");
  TRY(fields.Finish());
  if (min_version) {
    TRY_ASSIGN(const std::string version, YamlString(file, *min_version));
    // Older versions may be allowed and are still not spoken.
    if (version != "TLS10" && version != "TLS11" && version != "TLS12" && version != "TLS13") {
      return file.At(*min_version, "min_version is TLS12 or TLS13");
    }
    tls.tls13_only = version == "TLS13";
  }
  for (std::string* path : {&tls.ca_file, &tls.cert_file, &tls.key_file}) {
    *path = ResolvePath(file, *path);
  }
  return tls;
}

bool IsHttpUrl(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!url.starts_with(scheme)) continue;
    const std::string_view rest = url.substr(scheme.size());
    return !rest.empty() && rest.find_first_of("/?#") != 0 &&
           rest.find_first_of(" \t\r\n") == std::string_view::npos;
  }
  return false;
}

bool HasPassword(std::string_view url) {
  const auto begin = url.find("://") + 3;
  return url.substr(begin, url.find_first_of("/?#", begin) - begin).find('@') !=
         std::string_view::npos;
}

Status CheckHttpUrl(const YamlFile& file, const YamlNode& node, std::string_view url) {
  if (IsHttpUrl(url)) return Unit{};
  return file.At(node, "expected a URL that begins with http:// or https://");
}

Result<HttpConfig> ReadHttpConfig(const YamlFile& file, const YamlNode& node,
                                  InlineSecrets inline_secrets) {
  YamlFields fields(file, node, "http_config");
  HttpConfig config;
  const YamlNode* basic = fields.Find("basic_auth");
  const YamlNode* authorization = fields.Find("authorization");
  const YamlNode* oauth2 = fields.Find("oauth2");
  TRY_ASSIGN(const Secret bearer, ReadSecret(fields, "bearer_token", inline_secrets));
  if (oauth2) return file.At(*oauth2, "oauth2 is not supported: use authorization");
  if ((basic != nullptr) + (authorization != nullptr) + !bearer.empty() > 1) {
    return file.At(node, "give one of basic_auth, authorization and bearer_token");
  }
  if (basic) TRY(ReadBasicAuth(file, *basic, inline_secrets, config));
  if (authorization) TRY(ReadAuthorization(file, *authorization, inline_secrets, config));
  if (!bearer.empty()) {
    config.authorization_type = "Bearer";
    config.credentials = bearer;
  }
  TRY_ASSIGN(config.proxy, fields.Read("proxy_url", YamlString, ""));
  if (const YamlNode* tls = fields.Find("tls_config")) {
    TRY_ASSIGN(config.tls, ReadTlsOptions(file, *tls));
  }
  for (const std::string_view ignored : {"follow_redirects", "enable_http2"}) {
    if (const YamlNode* value = fields.Find(ignored)) TRY(YamlBool(file, *value));
  }
  TRY_ASSIGN(config.limits.total_timeout,
             fields.Read("timeout", YamlDuration, config.limits.total_timeout));
  TRY(fields.Finish());
  return config;
}

Status ApplyHttpConfig(const HttpConfig& config, HttpRequest& request) {
  if (!config.user.empty()) {
    TRY_ASSIGN(const std::string password, config.password.Reveal());
    request.user_password = config.user + ":" + password;
  }
  if (!config.authorization_type.empty()) {
    TRY_ASSIGN(const std::string credentials, config.credentials.Reveal());
    request.headers.push_back({"Authorization", config.authorization_type + " " + credentials});
  }
  request.proxy = config.proxy;
  request.tls = config.tls;
  request.limits = config.limits;
  return Unit{};
}

Result<HttpRequest> JsonPost(const HttpConfig& config, const Secret& url, std::string_view path,
                             std::string body) {
  HttpRequest request;
  TRY_ASSIGN(request.url, url.Reveal());
  if (!IsHttpUrl(request.url)) {
    return Error{Errc::kInvalid, "the receiver's address is no http:// or https:// URL"};
  }
  if (!path.empty()) {
    while (request.url.ends_with('/')) request.url.pop_back();
    request.url += path;
  }
  request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(body);
  TRY(ApplyHttpConfig(config, request));
  return request;
}

}  // namespace tocsin::outgoing
