#include "rules/template/fmt_spec.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/format.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "rules/template/unicode.h"

namespace tocsin::tmpl {
namespace {

/// Appends `text` on the side that the flags say, filled to the width in code points.
void Pad(std::string_view text, const FormatSpec& spec, std::string& out) {
  const std::size_t length = spec.width ? CountRunes(text) : 0;
  if (!spec.width || *spec.width <= length) {
    out += text;
    return;
  }
  const std::size_t missing = *spec.width - length;
  if (spec.minus) {
    out += text;
    out.append(missing, ' ');
  } else {
    out.append(missing, spec.zero ? '0' : ' ');
    out += text;
  }
}

std::string Digits(std::uint64_t value, int base) {
  char buffer[64];
  const auto [end, ec] = std::to_chars(buffer, buffer + sizeof buffer, value, base);
  return {buffer, end};
}

void UpperAscii(std::string& text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
}

void FormatUnicode(std::int64_t value, const FormatSpec& spec, std::string& out) {
  std::string text = Digits(static_cast<std::uint64_t>(value), 16);
  UpperAscii(text);
  const std::size_t least = std::max<std::size_t>(spec.precision.value_or(4), 4);
  if (text.size() < least) text.insert(0, least - text.size(), '0');
  text.insert(0, "U+");
  const auto rune = static_cast<char32_t>(value);
  if (spec.sharp && value >= 0 && value <= 0x10FFFF && IsPrintable(rune)) {
    text += " '";
    AppendRune(rune, text);
    text += '\'';
  }
  FormatSpec blanks = spec;
  blanks.zero = false;
  Pad(text, blanks, out);
}

void FormatCharacter(std::int64_t value, char verb, const FormatSpec& spec, std::string& out) {
  std::string text;
  AppendRune(value < 0 || value > 0x10FFFF ? 0xFFFD : static_cast<char32_t>(value), text);
  if (verb == 'q') text = Quote(text, {.quote = '\'', .ascii_only = spec.plus});
  Pad(text, spec, out);
}

std::string_view WithoutSign(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return text;
}

/// "0x1.8p+01" from to_chars' "1.8p+1".
std::string HexFloat(double value, std::optional<std::size_t> precision) {
  char buffer[1100];
  const int wanted = static_cast<int>(std::min<std::size_t>(precision.value_or(0), 1000));
  const auto result =
      precision
          ? std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::hex, wanted)
          : std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::hex);
  std::string text(buffer, result.ptr);
  text.insert(text.starts_with('-') ? 1 : 0, "0x");
  const auto exponent = text.find('p');
  if (text.size() - exponent == 3) text.insert(exponent + 2, "0");
  return text;
}

/// The mantissa as a whole number and its binary exponent: "4503599627370496p-52".
std::string BinaryFloat(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  if (value == 0) return std::signbit(value) ? "-0p-1074" : "0p-1074";
  int shift = 53;
  if (exponent < -1021) shift = exponent + 1074;  // subnormal: fewer bits
  const auto mantissa = static_cast<std::int64_t>(std::ldexp(fraction, shift));
  const int power = exponent - shift;
  return std::to_string(mantissa) + "p" + (power >= 0 ? "+" : "") + std::to_string(power);
}

std::string FiniteFloat(double value, char verb, std::optional<std::size_t> precision) {
  if (verb == 'x') return HexFloat(value, precision);
  if (verb == 'b') return BinaryFloat(value);
  if (!precision) {
    if (verb == 'g') return FormatGoFloat(value);
    if (verb == 'f') return FormatGoFixed(value);
  }
  const auto style = verb == 'e'   ? std::chars_format::scientific
                     : verb == 'f' ? std::chars_format::fixed
                                   : std::chars_format::general;
  // Beyond 1100 digits a double has only zeros, in fixed form after 309 before the point.
  constexpr std::size_t kMostDigits = 1100;
  const std::size_t wanted = precision.value_or(6);
  char buffer[kMostDigits + 330];
  const auto [end, ec] = std::to_chars(buffer, buffer + sizeof buffer, value, style,
                                       static_cast<int>(std::min(wanted, kMostDigits)));
  std::string text(buffer, end);
  if (wanted > kMostDigits && verb != 'g') {
    const auto at = verb == 'e' ? text.find('e') : text.size();
    text.insert(at, wanted - kMostDigits, '0');
  }
  return text;
}

/// With '#' a decimal point always, and %g keeps its trailing zeros.
void KeepZeros(std::string& text, char verb, std::optional<std::size_t> precision) {
  if (verb == 'b') return;
  std::size_t digits = verb == 'g' || verb == 'x' ? precision.value_or(6) : 0;
  if (verb == 'g' && digits == 0) digits = 1;
  const auto tail_at = std::min(text.find_first_of(verb == 'x' ? "p" : "e"), text.size());
  std::string tail = text.substr(tail_at);
  text.resize(tail_at);
  bool point = false;
  bool significant = false;
  std::size_t have = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {  // the x of 0x counts, as in Go
    if (text[i] == '.') {
      point = true;
    } else if (text[i] != '-' && text[i] != '+') {
      if (text[i] != '0') significant = true;
      if (significant) ++have;
    }
  }
  if (!point) {
    if (text.back() == '0' && have == 0) have = 1;  // the digit of a lone zero counts
    text += '.';
  }
  if (have < digits) text.append(digits - have, '0');
  text += tail;
}

void FormatHex(std::string_view bytes, bool upper, const FormatSpec& spec, std::string& out) {
  if (spec.precision) bytes = bytes.substr(0, *spec.precision);
  std::string text;
  const std::string_view prefix = upper ? "0X" : "0x";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (spec.space && i > 0) text += ' ';
    if (spec.sharp && (spec.space || i == 0)) text += prefix;
    AppendHex(static_cast<unsigned char>(bytes[i]), text, upper ? kUpperHex : kLowerHex);
  }
  Pad(text, spec, out);
}

std::string_view FirstRunes(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  while (count-- > 0 && at < text.size()) at += DecodeRune(text.substr(at)).size;
  return text.substr(0, at);
}

}  // namespace

void FormatBool(bool value, const FormatSpec& spec, std::string& out) {
  Pad(value ? "true" : "false", spec, out);
}

void FormatInteger(std::int64_t value, char verb, const FormatSpec& spec, std::string& out) {
  if (verb == 'U') return FormatUnicode(value, spec, out);
  if (verb == 'c' || verb == 'q') return FormatCharacter(value, verb, spec, out);
  const bool negative = value < 0;
  const auto magnitude =
      negative ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  const int base = verb == 'b' ? 2 : verb == 'o' || verb == 'O' ? 8 : verb == 'd' ? 10 : 16;
  std::string text = Digits(magnitude, base);
  FormatSpec padding = spec;
  std::size_t least = 0;
  if (spec.precision) {
    least = *spec.precision;
    if (least == 0 && value == 0) {
      padding.zero = false;
      return Pad("", padding, out);
    }
  } else if (spec.zero && !spec.minus && spec.width) {
    least = *spec.width -
            (negative || spec.plus || spec.space ? std::min<std::size_t>(*spec.width, 1) : 0);
  }
  if (text.size() < least) text.insert(0, least - text.size(), '0');
  if (spec.sharp) {
    if (base == 2) text.insert(0, "0b");
    if (base == 8 && !text.starts_with('0')) text.insert(0, "0");
    if (base == 16) text.insert(0, "0x");
  }
  if (verb == 'O') text.insert(0, "0o");
  if (verb == 'X') UpperAscii(text);
  if (negative) {
    text.insert(0, 1, '-');
  } else if (spec.plus) {
    text.insert(0, 1, '+');
  } else if (spec.space) {
    text.insert(0, 1, ' ');
  }
  padding.zero = false;
  Pad(text, padding, out);
}

void FormatFloat(double value, char verb, const FormatSpec& spec, std::string& out) {
  const bool upper = verb == 'E' || verb == 'G' || verb == 'X';
  char style = verb == 'F' ? 'f' : verb == 'v' ? 'g' : verb;
  if (upper) style = static_cast<char>(verb - 'A' + 'a');
  std::optional<std::size_t> precision = spec.precision;
  if (!precision && (style == 'e' || style == 'f')) precision = 6;
  const bool finite = std::isfinite(value);
  std::string text = !finite ? (std::isnan(value) ? "NaN"
                                : value > 0       ? "+Inf"
                                                  : "-Inf")
                             : FiniteFloat(value, style, precision);
  if (spec.sharp && finite) KeepZeros(text, style, precision);
  if (upper && finite) UpperAscii(text);
  if (!text.starts_with('+') && !text.starts_with('-')) text.insert(0, 1, '+');
  FormatSpec padding = spec;
  if (!finite) {
    padding.zero = false;
    // An infinity shows its sign always, NaN only when asked for one.
    const bool hides = std::isnan(value) && !spec.space && !spec.plus;
    if (spec.space && text[0] == '+' && !spec.plus) text[0] = ' ';
    return Pad(std::string_view(text).substr(hides ? 1 : 0), padding, out);
  }
  if (spec.space && text[0] == '+' && !spec.plus) text[0] = ' ';
  if (spec.plus || text[0] != '+') {
    // The zeros go between the sign and the digits.
    if (padding.zero && !spec.minus && spec.width && *spec.width > text.size()) {
      out += text[0];
      FormatSpec rest = padding;
      rest.width = *spec.width - 1;
      return Pad(WithoutSign(std::string_view(text).substr(text[0] == ' ' ? 1 : 0)), rest, out);
    }
    return Pad(text, padding, out);
  }
  Pad(std::string_view(text).substr(1), padding, out);
}

void FormatString(std::string_view value, char verb, const FormatSpec& spec, std::string& out) {
  if (verb == 'x' || verb == 'X') return FormatHex(value, verb == 'X', spec, out);
  if (spec.precision) value = FirstRunes(value, *spec.precision);
  if (verb == 'q') {
    // A raw string where it can be one, if asked for.
    const bool raw = spec.sharp && IsValidUtf8(value) &&
                     value.find_first_of("`\x7F") == std::string_view::npos &&
                     std::none_of(value.begin(), value.end(),
                                  [](char c) { return c >= 0 && c < ' ' && c != '\t'; });
    const std::string text =
        raw ? "`" + std::string(value) + "`" : Quote(value, {.ascii_only = spec.plus});
    return Pad(text, spec, out);
  }
  Pad(value, spec, out);
}

}  // namespace tocsin::tmpl
