#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/outgoing/http_config.h"
#include "base/parse.h"
#include "collectors/response/probe/module_fields.h"

namespace tocsin::probe {
namespace {

using outgoing::InlineSecrets;

Result<std::vector<int>> YamlStatusCodes(const YamlFile& file, const YamlNode& node) {
  if (!node.IsSequence()) return file.At(node, "expected a list of status codes");
  std::vector<int> codes;
  for (const YamlNode::Ptr& item : node.items) {
    TRY_ASSIGN(const std::int64_t code, YamlInt(file, *item));
    codes.push_back(static_cast<int>(std::clamp<std::int64_t>(code, 0, 1'000)));
  }
  return codes;
}

Result<std::vector<HeaderMatch>> YamlHeaderMatches(const YamlFile& file, const YamlNode& node) {
  if (!node.IsSequence()) return file.At(node, "expected a list of header matchers");
  std::vector<HeaderMatch> matches;
  for (const YamlNode::Ptr& item : node.items) {
    YamlFields fields(file, *item, "header matcher");
    TRY_ASSIGN(std::string header, fields.ReadRequired("header", YamlString));
    TRY_ASSIGN(Pattern pattern, fields.ReadRequired("regexp", YamlPattern));
    TRY_ASSIGN(const bool allow_missing, fields.Read("allow_missing", YamlGoBool, false));
    TRY(fields.Finish());
    if (header.empty()) return file.At(*item, "a header matcher needs a header");
    if (pattern.text().empty()) return file.At(*item, "a header matcher needs a regexp");
    matches.push_back({std::move(header), std::move(pattern), allow_missing});
  }
  return matches;
}

Result<Compression> YamlCompression(const YamlFile& file, const YamlNode& node) {
  constexpr std::array<std::pair<std::string_view, Compression>, 5> kNames{{
      {"", Compression::kNone},
      {"identity", Compression::kIdentity},
      {"gzip", Compression::kGzip},
      {"deflate", Compression::kDeflate},
      {"br", Compression::kBrotli},
  }};
  TRY_ASSIGN(const std::string text, YamlString(file, node));
  for (const auto& [name, compression] : kNames) {
    if (EqualsIgnoringCase(text, name)) return compression;
  }
  return file.At(node, "compression is gzip, br, deflate or identity");
}

std::string_view CodingName(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return "gzip";
    case Compression::kDeflate:
      return "deflate";
    case Compression::kBrotli:
      return "br";
    case Compression::kNone:
    case Compression::kIdentity:
      break;
  }
  return "identity";
}

/// Whether an Accept-Encoding header allows answers in `coding`.
bool Accepts(std::string_view header, std::string_view coding) {
  std::optional<bool> any;
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    std::string_view item = header.substr(0, comma);
    header.remove_prefix(std::min(comma + 1, header.size()));
    const std::size_t semicolon = std::min(item.find(';'), item.size());
    const std::string_view name = Trim(item.substr(0, semicolon));
    std::string_view quality = Trim(item.substr(std::min(semicolon + 1, item.size())));
    bool allowed = true;
    if (quality.starts_with("q=")) allowed = ParseDouble(quality.substr(2)).value_or(1) > 0;
    if (EqualsIgnoringCase(name, coding)) return allowed;
    if (name == "*") any = allowed;
  }
  return any.value_or(EqualsIgnoringCase(coding, "identity"));
}

Status CheckAcceptEncoding(const YamlFile& file, const YamlNode& node, const HttpModule& http) {
  if (http.compression == Compression::kNone) return Unit{};
  for (const outgoing::Header& header : http.headers) {
    if (EqualsIgnoringCase(header.name, "Accept-Encoding") &&
        !Accepts(header.value, CodingName(http.compression))) {
      return file.At(node, "compression: " + std::string(CodingName(http.compression)) +
                               " is not what the header Accept-Encoding: " + header.value +
                               " asks for");
    }
  }
  return Unit{};
}

bool IsHeaderText(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

Result<std::vector<outgoing::Header>> YamlHeaders(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(auto map, YamlStringMap(file, node));
  std::vector<outgoing::Header> headers;
  for (auto& [name, value] : map) {
    if (name.empty() || !IsHeaderText(name) || !IsHeaderText(value) ||
        name.find(':') != std::string::npos) {
      return file.At(node, "not a header: " + name);
    }
    headers.push_back({std::move(name), std::move(value)});
  }
  return headers;
}

Status ReadBasicAuth(const YamlFile& file, const YamlNode& node, HttpModule& http) {
  YamlFields fields(file, node, "basic_auth");
  TRY_ASSIGN(http.user, fields.Read("username", YamlString, ""));
  TRY_ASSIGN(http.password, ReadSecret(fields, "password", InlineSecrets::kAllowed));
  return fields.Finish();
}

Status ReadAuthorization(const YamlFile& file, const YamlNode& node, HttpModule& http) {
  YamlFields fields(file, node, "authorization");
  TRY_ASSIGN(http.authorization_type, fields.Read("type", YamlString, "Bearer"));
  TRY_ASSIGN(http.credentials, ReadSecret(fields, "credentials", InlineSecrets::kAllowed));
  TRY(fields.Finish());
  if (EqualsIgnoringCase(http.authorization_type, "basic")) {
    return file.At(node, "authorization is not for the type basic: use basic_auth");
  }
  return Unit{};
}

Result<OAuth2> ReadOAuth2(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "oauth2");
  OAuth2 oauth2;
  using StringPairs = std::vector<std::pair<std::string, std::string>>;
  TRY_ASSIGN(oauth2.client_id, fields.ReadRequired("client_id", YamlString));
  TRY_ASSIGN(oauth2.client_secret, ReadSecret(fields, "client_secret", InlineSecrets::kAllowed));
  TRY_ASSIGN(oauth2.scopes, fields.Read("scopes", YamlStrings, std::vector<std::string>()));
  TRY_ASSIGN(oauth2.token_url, fields.ReadRequired("token_url", YamlString));
  TRY_ASSIGN(oauth2.endpoint_params, fields.Read("endpoint_params", YamlStringMap, StringPairs()));
  TRY_ASSIGN(oauth2.tls, ReadTls(fields));
  TRY(fields.Finish());
  TRY(outgoing::CheckHttpUrl(file, node, oauth2.token_url));
  return oauth2;
}

Status ReadClient(YamlFields& fields, HttpModule& http) {
  const YamlFile& file = fields.file();
  const YamlNode* basic = fields.Find("basic_auth");
  const YamlNode* authorization = fields.Find("authorization");
  const YamlNode* oauth2 = fields.Find("oauth2");
  TRY_ASSIGN(const outgoing::Secret bearer,
             ReadSecret(fields, "bearer_token", InlineSecrets::kAllowed));
  if ((basic != nullptr) + (authorization != nullptr) + (oauth2 != nullptr) + !bearer.empty() > 1) {
    return file.At(fields.node(), "give one of basic_auth, authorization, oauth2 and bearer_token");
  }
  if (basic) TRY(ReadBasicAuth(file, *basic, http));
  if (authorization) TRY(ReadAuthorization(file, *authorization, http));
  if (oauth2) {
    TRY_ASSIGN(http.oauth2, ReadOAuth2(file, *oauth2));
  }
  if (!bearer.empty()) {
    http.authorization_type = "Bearer";
    http.credentials = bearer;
  }
  if (const YamlNode* proxy = fields.Find("proxy_url")) {
    TRY_ASSIGN(http.proxy, YamlString(file, *proxy));
    if (http.proxy.find("://") == std::string::npos) return file.At(*proxy, "expected a URL");
  }
  TRY_ASSIGN(http.tls, ReadTls(fields));
  TRY_ASSIGN(http.follow_redirects, fields.Read("follow_redirects", YamlGoBool, true));
  TRY_ASSIGN(http.enable_http2, fields.Read("enable_http2", YamlGoBool, true));
  // The name that follow_redirects had before 0.19.
  if (const YamlNode* old = fields.Find("no_follow_redirects")) {
    TRY_ASSIGN(const bool no_follow, YamlGoBool(file, *old));
    http.follow_redirects = !no_follow;
  }
  return Unit{};
}

Status ReadExpectations(YamlFields& fields, HttpModule& http) {
  const std::vector<Pattern> none;
  const std::vector<HeaderMatch> no_header;
  TRY_ASSIGN(http.valid_status_codes,
             fields.Read("valid_status_codes", YamlStatusCodes, std::vector<int>()));
  TRY_ASSIGN(http.valid_http_versions,
             fields.Read("valid_http_versions", YamlStrings, std::vector<std::string>()));
  TRY_ASSIGN(http.fail_if_ssl, fields.Read("fail_if_ssl", YamlGoBool, false));
  TRY_ASSIGN(http.fail_if_not_ssl, fields.Read("fail_if_not_ssl", YamlGoBool, false));
  TRY_ASSIGN(http.fail_if_body_matches,
             fields.Read("fail_if_body_matches_regexp", YamlPatterns, none));
  TRY_ASSIGN(http.fail_if_body_not_matches,
             fields.Read("fail_if_body_not_matches_regexp", YamlPatterns, none));
  TRY_ASSIGN(http.fail_if_header_matches,
             fields.Read("fail_if_header_matches", YamlHeaderMatches, no_header));
  TRY_ASSIGN(http.fail_if_header_not_matches,
             fields.Read("fail_if_header_not_matches", YamlHeaderMatches, no_header));
  return Unit{};
}

}  // namespace

Result<HttpModule> ReadHttpModule(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "http probe");
  HttpModule http;
  TRY_ASSIGN(http.ip, ReadIpPreference(fields));
  TRY_ASSIGN(http.skip_resolve_phase_with_proxy,
             fields.Read("skip_resolve_phase_with_proxy", YamlGoBool, false));
  TRY_ASSIGN(http.method, fields.Read("method", YamlString, "GET"));
  if (http.method.empty()) http.method = "GET";
  if (http.method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-") !=
      std::string::npos) {
    return file.At(node, "not an HTTP method: " + http.method);
  }
  TRY_ASSIGN(http.headers, fields.Read("headers", YamlHeaders, std::vector<outgoing::Header>()));
  TRY_ASSIGN(http.body, fields.Read("body", YamlString, ""));
  TRY_ASSIGN(http.body_size_limit, fields.Read("body_size_limit", YamlBytes, 0));
  TRY_ASSIGN(http.compression, fields.Read("compression", YamlCompression, Compression::kNone));
  TRY(ReadExpectations(fields, http));
  TRY(ReadClient(fields, http));
  TRY(fields.Finish());
  TRY(CheckAcceptEncoding(file, node, http));
  return http;
}

}  // namespace tocsin::probe
