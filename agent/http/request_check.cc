#include "agent/http/request_check.h"

#include <algorithm>

#include "agent/http/field_text.h"
#include "base/ascii.h"
#include "base/parse.h"

namespace tocsin::http {
namespace {

/// RFC 9110, 5.6.2.
bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return IsAsciiAlphanumeric(c) || kMarks.find(c) != std::string_view::npos;
  });
}

/// host[:port], where host is a name or an address.
bool IsHost(std::string_view text) {
  return !text.empty() && text.size() <= 256 && std::all_of(text.begin(), text.end(), [](char c) {
    return IsAsciiAlphanumeric(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' ||
           c == ']';
  });
}

bool MayHaveBody(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

bool ListHas(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (EqualsIgnoringCase(Trim(list.substr(0, end)), token)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

CheckedRequest Refuse(int status, std::string_view why) {
  CheckedRequest refused;
  refused.refusal = TextResponse(status, std::to_string(status) + ' ' + std::string(why));
  return refused;
}

/// Empty if the headers are well-formed.
std::string_view WhatIsWrong(const Request& request, HttpVersion version) {
  for (const auto& [name, value] : request.headers) {
    if (!IsToken(name) || !IsFieldText(value)) return "malformed header";
  }
  const std::size_t hosts = request.CountHeader("host");
  if (hosts > 1) return "more than one Host header";
  if (hosts == 0 && version == HttpVersion::k11) return "missing Host header";
  if (hosts == 1 && !IsHost(request.Header("host"))) return "malformed Host header";
  if (request.CountHeader("transfer-encoding") > 0) {
    return "Transfer-Encoding is not supported, send Content-Length";
  }
  if (request.CountHeader("content-length") > 1) return "more than one Content-Length header";
  return {};
}

}  // namespace

CheckedRequest CheckRequest(const Request& request, HttpVersion version,
                            const ServerLimits& limits) {
  if (!IsToken(request.method)) return Refuse(400, "malformed method");
  if (request.path.size() + request.query.size() > limits.uri_bytes) {
    return Refuse(414, "the URI is too long");
  }
  if (request.headers.size() > limits.header_count) return Refuse(431, "too many headers");
  if (const std::string_view wrong = WhatIsWrong(request, version); !wrong.empty()) {
    return Refuse(400, wrong);
  }
  CheckedRequest checked;
  if (request.CountHeader("content-length") == 1) {
    const std::string_view text = request.Header("content-length");
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
    if (!digits) return Refuse(400, "malformed Content-Length header");
    const auto length = ParseInt<std::uint64_t>(text);
    if (!length || *length > limits.body_bytes) return Refuse(413, "the body is too large");
    checked.body_bytes = static_cast<std::size_t>(*length);
  }
  if (checked.body_bytes > 0 && !MayHaveBody(request.method)) {
    return Refuse(400, "a body that this method does not have");
  }
  if (const std::string_view expect = request.Header("expect"); !expect.empty()) {
    if (!EqualsIgnoringCase(expect, "100-continue")) return Refuse(417, "unknown expectation");
    checked.expects_continue = version == HttpVersion::k11 && checked.body_bytes > 0;
  }
  const std::string_view connection = request.Header("connection");
  checked.keep_alive = version == HttpVersion::k11 ? !ListHas(connection, "close")
                                                   : ListHas(connection, "keep-alive");
  return checked;
}

}  // namespace tocsin::http
