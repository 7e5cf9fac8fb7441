#include "collectors/response/probe/oauth2_token.h"

#include <simdjson.h>

#include "base/percent.h"

namespace tocsin::probe {
namespace {

constexpr std::size_t kMaxAnswer = 64 << 10;

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
  AppendFormPair("grant_type", "client_credentials", call.request.body);
  if (!scopes.empty()) AppendFormPair("scope", scopes, call.request.body);
  for (const auto& [name, value] : oauth2.endpoint_params) {
    AppendFormPair(name, value, call.request.body);
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
