#include "agent/http/door/parser.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/ascii.h"

namespace tocsin::http {
namespace {

/// What stands around the target in a request line: a method, blanks, the version.
constexpr std::size_t kAroundTarget = 64;

Response Say(int status, std::string_view why) {
  return TextResponse(status, std::to_string(status) + ' ' + std::string(why));
}

bool IsMethodStart(char c) { return c >= 'A' && c <= 'Z'; }

bool IsTarget(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7F';
  });
}

bool IsKnownMethod(std::string_view method) {
  constexpr std::string_view kMethods[] = {"GET",   "HEAD",   "POST",    "PUT",
                                           "PATCH", "DELETE", "OPTIONS", "CONNECT"};
  return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

/// "HTTP/" and two digits with a dot between them.
bool IsVersion(std::string_view text) {
  return text.size() == 8 && text.starts_with("HTTP/") && IsAsciiDigit(text[5]) && text[6] == '.' &&
         IsAsciiDigit(text[7]);
}

/// Only these surround a value (RFC 9112, 5); any other control character is part of it, and wrong.
std::string_view TrimBlanks(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

/// The next line of a header whose lines are known to end in CRLF.
std::string_view TakeHeaderLine(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end - 1);
  rest.remove_prefix(end + 1);
  return line;
}

std::optional<Response> ReadRequestLine(std::string_view line, Request& request,
                                        HttpVersion& version) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == line.npos || first == last) return Say(400, "malformed request line");
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view protocol = line.substr(last + 1);
  if (!IsTarget(target) || !IsVersion(protocol)) return Say(400, "malformed request line");
  if (protocol != "HTTP/1.1" && protocol != "HTTP/1.0") {
    return Say(505, "this server speaks HTTP/1.1");
  }
  version = protocol == "HTTP/1.0" ? HttpVersion::k10 : HttpVersion::k11;
  request.method = line.substr(0, first);
  if (!IsKnownMethod(request.method)) return Say(400, "unknown method");
  const std::size_t mark = std::min(target.find('?'), target.size());
  request.path = target.substr(0, mark);
  request.query = target.substr(std::min(mark + 1, target.size()));
  return std::nullopt;
}

}  // namespace

HeaderScanner::State HeaderScanner::Refuse(std::uint16_t status, const char* why) {
  refusal_ = status;
  reason_ = why;
  return State::kRefused;
}

Response HeaderScanner::Refusal() const { return Say(refusal_, reason_); }

HeaderScanner::State HeaderScanner::Scan(std::string_view bytes, const ServerLimits& limits) {
  if (refusal_ != 0) return State::kRefused;
  if (!bytes.empty() && !IsMethodStart(bytes[0])) return Refuse(400, "this is not HTTP");
  const std::size_t longest_first = limits.uri_bytes + kAroundTarget;
  for (;;) {
    const void* const found = std::memchr(bytes.data() + searched_, '\n', bytes.size() - searched_);
    const std::size_t end =
        found ? static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data())
              : bytes.size();
    if (lines_ == 0 && end > longest_first) return Refuse(414, "the URI is too long");
    if (end >= limits.header_bytes) return Refuse(431, "the headers are too large");
    if (!found) {
      searched_ = static_cast<std::uint32_t>(bytes.size());
      return State::kIncomplete;
    }
    if (end == position_ || bytes[end - 1] != '\r') {
      return Refuse(400, "a line that does not end in CRLF");
    }
    const bool empty = end == position_ + 1;
    if (empty && lines_ == 0) return Refuse(400, "malformed request line");
    if (bytes[position_] == ' ' || bytes[position_] == '\t') return Refuse(400, "a folded header");
    position_ = searched_ = static_cast<std::uint32_t>(end + 1);
    if (empty) return State::kComplete;
    if (lines_++ > limits.header_count) return Refuse(431, "too many headers");
  }
}

std::optional<Response> ReadHeader(char* bytes, std::size_t size, Request& request,
                                   HttpVersion& version) {
  std::string_view rest(bytes, size);
  if (auto refusal = ReadRequestLine(TakeHeaderLine(rest), request, version)) return refusal;
  request.headers.clear();
  for (std::string_view line = TakeHeaderLine(rest); !line.empty(); line = TakeHeaderLine(rest)) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return Say(400, "a header without a colon");
    char* const name = bytes + (line.data() - bytes);
    std::transform(name, name + colon, name, ToLowerAscii);
    request.headers.emplace_back(line.substr(0, colon), TrimBlanks(line.substr(colon + 1)));
  }
  return std::nullopt;
}

}  // namespace tocsin::http
