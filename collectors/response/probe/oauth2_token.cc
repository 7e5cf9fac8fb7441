#include "collectors/response/probe/oauth2_token.h"

#include <simdjson.h>

namespace tocsin::probe {
namespace {

constexpr std::size_t kMaxAnswer = 64 << 10;

/// application/x-www-form-urlencoded
void AppendParam(std::string_view name, std::string_view value, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto append = [&](std::string_view text) {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') ||
                         std::string_view("-._~").find(c) != std::string_view::npos;
      if (plain) {
        out += c;
      } else {
        out += '%';
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
      }
    }
  };
  if (!out.empty()) out += '&';
  append(name);
  out += '=';
  append(value);
}

}  // namespace

Result<net::HttpCall> TokenCall(const OAuth2& oauth2, milliseconds timeout) {
  net::HttpCall call;
  TRY_ASSIGN(const std::string secret, oauth2.client_secret.Reveal());
  call.request.url = oauth2.token_url;
  call.request.user_password = oauth2.client_id + ":" + secret;
  call.request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  call.request.tls = oauth2.tls;
  call.request.limits = {timeout, timeout, kMaxAnswer};
  std::string scopes;
  for (const std::string& scope : oauth2.scopes) {
    scopes.append(scopes.empty() ? "" : " ").append(scope);
  }
  AppendParam("grant_type", "client_credentials", call.request.body);
  if (!scopes.empty()) AppendParam("scope", scopes, call.request.body);
  for (const auto& [name, value] : oauth2.endpoint_params) {
    AppendParam(name, value, call.request.body);
  }
  return call;
}

Result<std::string> TokenOf(const net::HttpOutcome& outcome) {
  if (outcome.failure) return Error{Errc::kIo, "token: " + outcome.failure->message};
  if (outcome.reply.status < 200 || outcome.reply.status > 299) {
    return Error{Errc::kIo, "token: status " + std::to_string(outcome.reply.status)};
  }
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view token;
  if (parser.parse(outcome.reply.body).get(root) != simdjson::SUCCESS ||
      root["access_token"].get(token) != simdjson::SUCCESS || token.empty() ||
      token.find_first_of("\r\n") != std::string_view::npos) {
    return Error{Errc::kMalformed, "token: the answer has no access_token"};
  }
  return std::string(token);
}

}  // namespace tocsin::probe
