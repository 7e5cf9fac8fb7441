#include "notify/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/parse.h"
#include "base/time_text.h"
#include "base/utf8.h"

namespace tocsin::notify {
void AppendGoQuoted(std::string_view text, std::string& out) {
  out.push_back('"');
  while (!text.empty()) {
    const char c = text.front();
    const auto byte = static_cast<unsigned char>(c);
    const std::size_t length = Utf8SequenceLength(c);
    if (byte >= 0x80 && IsValidUtf8(text.substr(0, length))) {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
      continue;
    }
    std::array<char, 8> hex{};
    switch (c) {
      case '"':
      case '\\':
        out.append({'\\', c});
        break;
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\v':
        out += "\\v";
        break;
      default:
        if (byte >= 0x20 && byte < 0x7f) {
          out.push_back(c);
        } else {
          std::snprintf(hex.data(), hex.size(), "\\x%02x", byte);
          out += hex.data();
        }
    }
    text.remove_prefix(1);
  }
  out.push_back('"');
}

std::optional<milliseconds> ParseRetryAfter(std::string_view text, WallTime now) {
  text = Trim(text);
  if (const auto count = ParseInt<std::uint32_t>(text)) return seconds(*count);
  const auto date = ParseHttpDate(text);
  if (!date) return std::nullopt;
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(*date - now));
}

std::string PublicUrl(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return "<not a URL>";
  std::string_view host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  return std::string(url.substr(0, scheme + 3)).append(host);
}

}  // namespace tocsin::notify
