#include "agent/http/civetweb_request.h"

#include <civetweb.h>

#include <cstring>

#include "base/parse.h"

namespace tocsin::http {
namespace {

/// civetweb writes NULs over the separators in its buffer and over its last LF. What is between
/// two texts tells what stood there: after a line that ended in CRLF the next begins 2 bytes on.
constexpr std::ptrdiff_t kCrLf = 2;

const char* End(const char* text) { return text + std::strlen(text); }

/// "Name : value": civetweb drops the blank, and proxies differ about it (RFC 9112, 5.1).
bool HasBlankBeforeColon(const mg_header& header) {
  const char* const after_name = End(header.name) + 1;
  return header.value != after_name && *after_name == '\0';
}

bool LinesEndInCrLf(const mg_request_info& info) {
  const char* line_end = End(info.http_version);
  for (int i = 0; i < info.num_headers; ++i) {
    if (info.http_headers[i].name - line_end != kCrLf) return false;
    line_end = End(info.http_headers[i].value);
  }
  return true;
}

/// Whether the empty line follows the last header that civetweb gives.
bool IsComplete(const mg_request_info& info) {
  const char* const end = End(info.http_headers[info.num_headers - 1].value);
  return end[1] == '\0' && end[2] == '\r' && end[3] == '\0';
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

void FillHeaders(const mg_request_info& info, CivetwebRequest& out) {
  std::size_t bytes = 0;
  for (int i = 0; i < info.num_headers; ++i) bytes += std::strlen(info.http_headers[i].name);
  out.names.reserve(bytes);  // the views below stay valid
  for (int i = 0; i < info.num_headers; ++i) {
    const std::size_t start = out.names.size();
    for (const char* c = info.http_headers[i].name; *c != '\0'; ++c) out.names += Lower(*c);
    out.request.headers.emplace_back(std::string_view(out.names).substr(start),
                                     Trim(info.http_headers[i].value));
  }
}

}  // namespace

std::optional<Response> ReadRequest(const mg_request_info& info, const ServerLimits& limits,
                                    CivetwebRequest& out) {
  const auto refuse = [](int status, std::string_view why) {
    return TextResponse(status, std::to_string(status) + ' ' + std::string(why));
  };
  if (!info.request_method || !info.request_uri || !info.http_version) {
    return refuse(400, "malformed request line");
  }
  out.request.method = info.request_method;
  out.request.path = info.request_uri;
  if (info.query_string) out.request.query = info.query_string;
  out.request.remote = info.remote_addr;
  out.version = std::string_view(info.http_version) == "1.0" ? HttpVersion::k10 : HttpVersion::k11;
  if (info.num_headers == 0) {
    if (out.version == HttpVersion::k10) return std::nullopt;
    return refuse(400, "missing Host header");
  }
  const bool full = static_cast<std::size_t>(info.num_headers) > limits.header_count;
  if (full) return refuse(431, "too many headers");
  if (!LinesEndInCrLf(info)) return refuse(400, "a line that does not end in CRLF");
  if (!IsComplete(info)) return refuse(400, "a folded or malformed header");
  const auto bytes = End(info.http_headers[info.num_headers - 1].value) - info.request_method;
  const bool long_uri = out.request.path.size() + out.request.query.size() > limits.uri_bytes;
  if (static_cast<std::size_t>(bytes) > limits.header_bytes && !long_uri) {
    return refuse(431, "the headers are too large");
  }
  for (int i = 0; i < info.num_headers; ++i) {
    if (HasBlankBeforeColon(info.http_headers[i])) {
      return refuse(400, "a blank before the colon of a header");
    }
  }
  FillHeaders(info, out);
  return std::nullopt;
}

}  // namespace tocsin::http
