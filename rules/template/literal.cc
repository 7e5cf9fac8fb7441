#include "rules/template/literal.h"

#include <charconv>
#include <cmath>

#include "base/parse.h"
#include "rules/template/unicode.h"

namespace tocsin::tmpl {
namespace {

/// Takes `count` digits of `base` off `text`.
std::optional<std::uint32_t> TakeDigits(std::string_view& text, std::size_t count, int base) {
  if (text.size() < count) return std::nullopt;
  const auto value = ParseInt<std::uint32_t>(text.substr(0, count), base);
  text.remove_prefix(count);
  return value;
}

/// Takes one escape, whose backslash is gone, off `text` and appends what it means.
bool TakeEscape(std::string_view& text, char quote, std::string& out) {
  if (text.empty()) return false;
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  const char c = text[0];
  if (const auto i = kLetters.find(c); i != std::string_view::npos) {
    out += kMeanings[i];
    text.remove_prefix(1);
    return true;
  }
  if (c == quote) {
    out += c;
    text.remove_prefix(1);
    return true;
  }
  if (c >= '0' && c <= '7') {
    const auto byte = TakeDigits(text, 3, 8);
    if (!byte || *byte > 255) return false;
    out += static_cast<char>(*byte);
    return true;
  }
  if (c != 'x' && c != 'u' && c != 'U') return false;
  text.remove_prefix(1);
  const auto value = TakeDigits(text, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16);
  if (!value) return false;
  if (c == 'x') {
    out += static_cast<char>(*value);
    return true;
  }
  if (*value > 0x10FFFF || (*value >= 0xD800 && *value <= 0xDFFF)) return false;
  AppendRune(*value, out);
  return true;
}

/// The digits without underscores, which must stand between digits or after the base's prefix.
std::optional<std::string> WithoutUnderscores(std::string_view literal) {
  std::string out;
  char before = '^';  // what an underscore would follow
  std::string_view rest = literal;
  if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  const bool prefixed = rest.size() >= 2 && rest[0] == '0' &&
                        std::string_view("xXoObB").find(rest[1]) != std::string_view::npos;
  for (std::size_t i = 0; i < literal.size(); ++i) {
    const char c = literal[i];
    const bool digit = std::isxdigit(static_cast<unsigned char>(c)) != 0;
    const bool prefix_letter = prefixed && i == literal.size() - rest.size() + 1;
    if (c == '_') {
      if (before != '0') return std::nullopt;
      // Underscores are for literals whose base is told by their beginning.
      before = '_';
      continue;
    }
    if (before == '_' && !digit) return std::nullopt;
    before = digit || prefix_letter ? '0' : '^';
    out += c;
  }
  if (before == '_') return std::nullopt;
  return out;
}

std::optional<std::int64_t> ParseGoInt(std::string_view text) {
  bool negative = false;
  if (text.starts_with('-') || text.starts_with('+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char c = text[1];
    base = c == 'x' || c == 'X' ? 16 : c == 'b' || c == 'B' ? 2 : 8;
    text.remove_prefix(c == 'x' || c == 'X' || c == 'b' || c == 'B' || c == 'o' || c == 'O' ? 2
                                                                                            : 1);
  }
  const auto magnitude = ParseInt<std::uint64_t>(text, base);
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!magnitude || *magnitude > kMost + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? ~*magnitude + 1 : *magnitude);
}

std::optional<double> ParseGoFloat(std::string_view text) {
  bool negative = false;
  std::string_view digits = text;
  if (digits.starts_with('-') || digits.starts_with('+')) {
    negative = digits[0] == '-';
    digits.remove_prefix(1);
  }
  const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
  if (!hex) {
    const auto value = ParseDouble(text);
    return value && std::isfinite(*value) ? value : std::nullopt;
  }
  if (digits.find_first_of("pP") == std::string_view::npos) return std::nullopt;
  digits.remove_prefix(2);
  double value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [at, ec] = std::from_chars(digits.data(), end, value, std::chars_format::hex);
  if (ec != std::errc{} || at != end) return std::nullopt;
  return negative ? -value : value;
}

}  // namespace

std::optional<std::string> Unquote(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != literal.back()) return std::nullopt;
  const char quote = literal.front();
  std::string_view text = literal.substr(1, literal.size() - 2);
  std::string out;
  if (quote == '`') {
    for (const char c : text) {
      if (c != '\r') out += c;  // as Go's raw strings
    }
    return out;
  }
  while (!text.empty()) {
    const char c = text[0];
    if (c == quote || c == '\n') return std::nullopt;
    text.remove_prefix(1);
    if (c != '\\') {
      out += c;
    } else if (!TakeEscape(text, quote, out)) {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<Number> ParseNumber(std::string_view literal) {
  const auto text = WithoutUnderscores(literal);
  if (!text) return std::nullopt;
  const bool underscores = text->size() != literal.size();
  Number number;
  if (const auto integer = ParseGoInt(*text)) {
    number.is_int = true;
    number.integer = *integer;
    number.is_float = true;
    number.real = static_cast<double>(*integer);
    return number;
  }
  const bool hex = text->find_first_of("xX") != std::string::npos;
  if (underscores && !hex) return std::nullopt;
  const auto real = ParseGoFloat(*text);
  // A whole number that is too large for an int is no number of any kind templates can use.
  if (!real || text->find_first_of(hex ? "pP" : ".eE") == std::string::npos) return std::nullopt;
  number.is_float = true;
  number.float_syntax = true;
  number.real = *real;
  constexpr double kTooLarge = 9223372036854775808.0;
  if (*real >= -kTooLarge && *real < kTooLarge && std::trunc(*real) == *real) {
    number.is_int = true;
    number.integer = static_cast<std::int64_t>(*real);
  }
  return number;
}

std::optional<Number> ParseCharacter(std::string_view literal) {
  if (literal.size() < 3) return std::nullopt;
  std::string_view text = literal.substr(1, literal.size() - 2);
  Number number;
  number.is_int = number.is_float = true;
  if (text[0] == '\\') {
    text.remove_prefix(1);
    const bool byte = text.starts_with('x') || (!text.empty() && text[0] >= '0' && text[0] <= '7');
    std::string meaning;
    if (!TakeEscape(text, '\'', meaning) || !text.empty()) return std::nullopt;
    number.integer = byte ? static_cast<unsigned char>(meaning[0])
                          : static_cast<std::int64_t>(DecodeRune(meaning).value);
  } else {
    const Rune rune = DecodeRune(text);
    if (rune.size != text.size()) return std::nullopt;
    number.integer = static_cast<std::int64_t>(rune.value);
  }
  number.real = static_cast<double>(number.integer);
  return number;
}

}  // namespace tocsin::tmpl
