#pragma once
// How to reach an HTTP receiver: the `http_config` of Alertmanager's files, as far as it applies.

#include <string>
#include <string_view>

#include "base/outgoing/exchange.h"
#include "base/outgoing/secret.h"
#include "base/result.h"
#include "base/yaml.h"

namespace tocsin::outgoing {

/// Rules for secrets in one configuration file.
enum class InlineSecrets {
  kRefused,  // only KEY_file or ${VARIABLE}
  kAllowed,  // an existing Alertmanager file, which knows nothing else
};

/// The secret under `key` or `KEY_file` of `fields`; an empty one when neither stands there.
/// A value that is `${NAME}` as a whole refers to the environment. Errors: kInvalid with position.
Result<Secret> ReadSecret(YamlFields& fields, std::string_view key, InlineSecrets inline_secrets);

/// A path as it stands in `file`: relative ones are relative to the file's folder.
std::string ResolvePath(const YamlFile& file, const std::string& path);

struct HttpConfig {
  std::string user;
  Secret password;
  std::string authorization_type;  // "Bearer"; empty: no Authorization header
  Secret credentials;
  std::string proxy;
  TlsOptions tls;
  ExchangeLimits limits;
};

/// Reads `basic_auth`, `authorization`, `bearer_token`, `proxy_url`, `tls_config`,
/// `follow_redirects`, `enable_http2` (the last two are known and change nothing: redirects are
/// never followed). `oauth2` is refused. Errors: kInvalid with position.
Result<HttpConfig> ReadHttpConfig(const YamlFile& file, const YamlNode& node,
                                  InlineSecrets inline_secrets);

/// Reads the keys of a `tls_config`. Errors: kInvalid with position.
Result<TlsOptions> ReadTlsOptions(const YamlFile& file, const YamlNode& node);

/// Whether `url` begins with http:// or https:// and names a host.
bool IsHttpUrl(std::string_view url);

/// Checks that it does. Errors: kInvalid with the position of `node`.
Status CheckHttpUrl(const YamlFile& file, const YamlNode& node, std::string_view url);

/// True if `url` has user information before its host.
bool HasPassword(std::string_view url);

/// A POST of JSON to `url` with authentication in place. Errors: of Secret::Reveal; kInvalid if a
/// revealed URL is no HTTP URL.
Result<HttpRequest> JsonPost(const HttpConfig& config, const Secret& url, std::string_view path,
                             std::string body);

/// Puts authentication, proxy, TLS and limits of `config` into `request`.
Status ApplyHttpConfig(const HttpConfig& config, HttpRequest& request);

}  // namespace tocsin::outgoing
