#include "rules/template/escape.h"

#include "base/hex.h"
#include "rules/template/unicode.h"

namespace tocsin::tmpl {
namespace {

std::string_view HtmlEntity(char c) {
  switch (c) {
    case '"':
      return "&#34;";
    case '\'':
      return "&#39;";
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '\0':
      return "\xEF\xBF\xBD";
    default:
      return {};
  }
}

void AppendUnicodeEscape(char32_t rune, std::string& out) {
  const int digits = rune > 0xFFFF ? 5 : 4;
  out += "\\u";
  for (int i = digits - 1; i >= 0; --i) out += kUpperHex[(rune >> (4 * i)) & 0xF];
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (const std::string_view entity = HtmlEntity(c); !entity.empty()) {
      out += entity;
    } else {
      out += c;
    }
  }
  return out;
}

std::string EscapeJs(std::string_view text) {
  constexpr std::string_view kBackslashed = "\\'\"";
  constexpr std::string_view kNumbered = "<>&=";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Rune rune = DecodeRune(text);
    const char c = text[0];
    if (rune.value >= 0x80) {
      if (IsPrintable(rune.value)) {
        out += text.substr(0, rune.size);
      } else {
        AppendUnicodeEscape(rune.value, out);
      }
    } else if (kBackslashed.find(c) != std::string_view::npos) {
      out += '\\';
      out += c;
    } else if (c < ' ' || kNumbered.find(c) != std::string_view::npos) {
      AppendUnicodeEscape(rune.value, out);
    } else {
      out += c;
    }
    text.remove_prefix(rune.size);
  }
  return out;
}

}  // namespace tocsin::tmpl
