#include "base/percent.h"

#include "base/ascii.h"
#include "base/hex.h"
#include "base/parse.h"

namespace tocsin {

void AppendPercentEncoded(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (IsAsciiAlphanumeric(c) || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else {
      out += '%';
      AppendHex(static_cast<unsigned char>(c), out, kUpperHex);
    }
  }
}

std::string PercentDecoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' && i + 2 < text.size()
                          ? ParseInt<std::uint8_t>(text.substr(i + 1, 2), 16)
                          : std::nullopt;
    if (byte) i += 2;
    out += byte ? static_cast<char>(*byte) : text[i];
  }
  return out;
}

std::string EscapeQuery(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    const std::size_t blank = text.find(' ');
    AppendPercentEncoded(text.substr(0, blank), out);
    if (blank == std::string_view::npos) return out;
    out += '+';
    text.remove_prefix(blank + 1);
  }
}

void AppendFormPair(std::string_view name, std::string_view value, std::string& form) {
  if (!form.empty()) form += '&';
  AppendPercentEncoded(name, form);
  form += '=';
  AppendPercentEncoded(value, form);
}

}  // namespace tocsin
