#include "rules/promql/quote.h"

#include <array>
#include <cstdint>

#include "base/utf8.h"

namespace tocsin::promql {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr char32_t kReplacement = 0xFFFD;

void AppendHex(std::uint32_t value, int digits, std::string& out) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += kHexDigits[(value >> shift) & 0xF];
  }
}

/// Go's strconv.IsPrint for what occurs in practice: controls, separators other than the space,
/// surrogates and noncharacters do not print.
bool Prints(char32_t r) {
  if (r < 0x20 || (r >= 0x7F && r <= 0xA0) || r == 0xAD) return false;
  if (r == 0x1680 || (r >= 0x2000 && r <= 0x200F) || (r >= 0x2028 && r <= 0x202F)) return false;
  if ((r >= 0x205F && r <= 0x206F) || r == 0x3000 || r == 0xFEFF) return false;
  if ((r >= 0xD800 && r <= 0xF8FF) || (r >= 0xFFF0 && r <= 0xFFFB)) return false;
  return (r & 0xFFFE) != 0xFFFE && r < 0xE0000;
}

char ShortEscape(char32_t r) {
  switch (r) {
    case '\a':
      return 'a';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\v':
      return 'v';
    case '\\':
      return '\\';
    default:
      return 0;
  }
}

void AppendQuotedRune(char32_t r, char quote, std::string& out) {
  if (r == static_cast<char32_t>(quote)) {
    out += '\\';
    out += quote;
  } else if (const char escape = ShortEscape(r)) {
    out += '\\';
    out += escape;
  } else if (Prints(r)) {
    AppendRune(r, out);
  } else if (r < 0x80) {
    out += "\\x";
    AppendHex(static_cast<std::uint32_t>(r), 2, out);
  } else if (r < 0x10000) {
    out += "\\u";
    AppendHex(static_cast<std::uint32_t>(r), 4, out);
  } else {
    out += "\\U";
    AppendHex(static_cast<std::uint32_t>(r), 8, out);
  }
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

Error InvalidSyntax() { return {Errc::kInvalid, "invalid syntax"}; }

/// Takes `digits` digits of `base` off the front of `text`.
Result<std::uint32_t> TakeDigits(std::string_view& text, std::size_t digits, int base) {
  if (text.size() < digits) return InvalidSyntax();
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const int digit = HexValue(text[i]);
    if (digit >= base) return InvalidSyntax();
    value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
  }
  text.remove_prefix(digits);
  return value;
}

/// Takes what follows a backslash off the front of `text` and appends what it stands for.
Status TakeEscape(std::string_view& text, char quote, std::string& out) {
  if (text.empty()) return InvalidSyntax();
  const char c = text.front();
  if (c >= '0' && c <= '7') {
    TRY_ASSIGN(const std::uint32_t value, TakeDigits(text, 3, 8));
    if (value > 0xFF) return InvalidSyntax();
    out += static_cast<char>(value);
    return Unit{};
  }
  text.remove_prefix(1);
  constexpr std::string_view kNames = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  if (const auto at = kNames.find(c); at != std::string_view::npos) {
    out += kMeanings[at];
  } else if (c == quote) {
    out += quote;
  } else if (c == 'x') {
    TRY_ASSIGN(const std::uint32_t value, TakeDigits(text, 2, 16));
    out += static_cast<char>(value);
  } else if (c == 'u' || c == 'U') {
    TRY_ASSIGN(const std::uint32_t value, TakeDigits(text, c == 'u' ? 4 : 8, 16));
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return InvalidSyntax();
    AppendRune(value, out);
  } else {
    return InvalidSyntax();
  }
  return Unit{};
}

}  // namespace

DecodedRune DecodeRune(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (text.size() < size || !IsValidUtf8(text.substr(0, size))) return {kReplacement, 1};
  char32_t rune = first & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) rune = (rune << 6) | (byte(i) & 0x3Fu);
  return {rune, size};
}

void AppendRune(char32_t r, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((r >> shift) & 0x3F)); };
  if (r < 0x80) {
    out += static_cast<char>(r);
  } else if (r < 0x800) {
    out += static_cast<char>(0xC0 | (r >> 6));
    tail(0);
  } else if (r < 0x10000) {
    out += static_cast<char>(0xE0 | (r >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (r >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

void AppendGoQuoted(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const auto [rune, size] = DecodeRune(text);
    if (rune == kReplacement && size == 1) {
      out += "\\x";
      AppendHex(static_cast<unsigned char>(text.front()), 2, out);
    } else {
      AppendQuotedRune(rune, '"', out);
    }
    text.remove_prefix(size);
  }
  out += '"';
}

std::string GoQuoted(std::string_view text) {
  std::string out;
  AppendGoQuoted(text, out);
  return out;
}

Result<std::string> Unquote(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != literal.back()) return InvalidSyntax();
  const char quote = literal.front();
  std::string_view text = literal.substr(1, literal.size() - 2);
  if (quote == '`') return std::string(text);
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == quote || c == '\n') return InvalidSyntax();
    if (c == '\\') {
      TRY(TakeEscape(text, quote, out));
    } else {
      out += c;
    }
  }
  return out;
}

std::string QuotedRune(char32_t rune) {
  std::string out = "'";
  AppendQuotedRune(rune, '\'', out);
  return out + "'";
}

std::string DescribedRune(char32_t rune) {
  std::string hex;
  for (char32_t rest = rune; rest != 0 || hex.size() < 4; rest >>= 4) {
    hex.insert(hex.begin(), "0123456789ABCDEF"[rest & 0xF]);
  }
  std::string out = "U+" + hex;
  if (Prints(rune)) {
    out += " '";
    AppendRune(rune, out);
    out += "'";
  }
  return out;
}

}  // namespace tocsin::promql
