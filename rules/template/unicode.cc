#include "rules/template/unicode.h"

#include <algorithm>
#include <iterator>

#include "base/utf8.h"

namespace tocsin::tmpl {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};
struct CaseRange {
  std::uint32_t first;
  std::uint32_t last;
  std::uint8_t step;
  std::int32_t to_upper;
  std::int32_t to_lower;
  std::int32_t to_title;
};

#include "rules/template/unicode_tables.inc"

template <std::size_t kSize>
bool Within(const Range (&ranges)[kSize], char32_t rune) {
  const Range* const found =
      std::upper_bound(std::begin(ranges), std::end(ranges), rune,
                       [](char32_t value, const Range& range) { return value < range.first; });
  return found != std::begin(ranges) && rune <= std::prev(found)->last;
}

char32_t Moved(char32_t rune, std::int32_t CaseRange::*distance) {
  for (const CaseRange& range : kCases) {
    if (rune < range.first) break;
    if (rune <= range.last && (rune - range.first) % range.step == 0) {
      return static_cast<char32_t>(static_cast<std::int32_t>(rune) + range.*distance);
    }
  }
  return rune;
}

template <class Map>
std::string MapRunes(std::string_view text, const Map& map) {
  std::string out;
  out.reserve(text.size());
  for (Rune rune = DecodeRune(text); rune.size > 0; rune = DecodeRune(text)) {
    AppendRune(map(rune.value), out);
    text.remove_prefix(rune.size);
  }
  return out;
}

// Between letters these keep a word together ("don't", "a.b", "x_y"): MidLetter, MidNumLet and
// ExtendNumLet of the annex, its ASCII part.
bool JoinsLetters(char32_t rune) {
  return rune == '\'' || rune == '.' || rune == ':' || rune == 0x2019 || rune == 0xB7;
}

void AppendEscape(char32_t rune, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto digits = [&](char letter, int count) {
    out += '\\';
    out += letter;
    for (int i = count - 1; i >= 0; --i) out += kHex[(rune >> (4 * i)) & 0xF];
  };
  constexpr std::string_view kNamed = "\a\b\f\n\r\t\v";
  constexpr std::string_view kLetters7 = "abfnrtv";
  const auto named = rune < 0x80 ? kNamed.find(static_cast<char>(rune)) : std::string_view::npos;
  if (named != std::string_view::npos) {
    out += '\\';
    out += kLetters7[named];
  } else if (rune < ' ' || rune == 0x7F) {
    digits('x', 2);
  } else if (rune < 0x10000) {
    digits('u', 4);
  } else {
    digits('U', 8);
  }
}

}  // namespace

Rune DecodeRune(std::string_view text) {
  if (text.empty()) return {0xFFFD, 0, false};
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || text.size() < size || !IsValidUtf8(text.substr(0, size))) {
    return {0xFFFD, 1, false};
  }
  char32_t value = lead & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  return {value, size, true};
}

void AppendRune(char32_t rune, std::string& out) {
  if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF)) rune = 0xFFFD;
  const auto continuation = [&](int shift) {
    out += static_cast<char>(0x80 | ((rune >> shift) & 0x3F));
  };
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xC0 | (rune >> 6));
    continuation(0);
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xE0 | (rune >> 12));
    continuation(6);
    continuation(0);
  } else {
    out += static_cast<char>(0xF0 | (rune >> 18));
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

std::size_t CountRunes(std::string_view text) {
  std::size_t count = 0;
  for (Rune rune = DecodeRune(text); rune.size > 0; rune = DecodeRune(text)) {
    ++count;
    text.remove_prefix(rune.size);
  }
  return count;
}

bool IsLetter(char32_t rune) { return Within(kLetters, rune); }
bool IsDigit(char32_t rune) { return Within(kDigits, rune); }
bool IsPrintable(char32_t rune) { return rune == ' ' || Within(kPrintable, rune); }

bool IsSpace(char32_t rune) {
  return (rune >= '\t' && rune <= '\r') || rune == ' ' || rune == 0x85 || rune == 0xA0 ||
         rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200A) || rune == 0x2028 || rune == 0x2029 ||
         rune == 0x202F || rune == 0x205F || rune == 0x3000;
}

char32_t ToUpper(char32_t rune) { return Moved(rune, &CaseRange::to_upper); }
char32_t ToLower(char32_t rune) { return Moved(rune, &CaseRange::to_lower); }
char32_t ToTitle(char32_t rune) { return Moved(rune, &CaseRange::to_title); }

std::string ToUpper(std::string_view text) {
  return MapRunes(text, [](char32_t rune) { return ToUpper(rune); });
}
std::string ToLower(std::string_view text) {
  return MapRunes(text, [](char32_t rune) { return ToLower(rune); });
}

std::string TitleWords(std::string_view text) {
  bool in_word = false;
  return MapRunes(text, [&](char32_t rune) {
    const char32_t out = in_word ? rune : ToTitle(rune);
    in_word = rune == '_' || IsLetter(rune) || IsDigit(rune) ||
              (rune >= 0x80 && !IsSpace(rune));  // beyond ASCII only blanks end a word
    return out;
  });
}

std::string TitleCase(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_word = false;  // the word's first letter has been raised
  for (Rune rune = DecodeRune(text); rune.size > 0; rune = DecodeRune(text)) {
    text.remove_prefix(rune.size);
    if (IsLetter(rune.value)) {
      AppendRune(in_word ? ToLower(rune.value) : ToTitle(rune.value), out);
      in_word = true;
      continue;
    }
    AppendRune(rune.value, out);
    const bool joins = JoinsLetters(rune.value) && IsLetter(DecodeRune(text).value);
    if (!joins && rune.value != '_' && !IsDigit(rune.value)) in_word = false;
  }
  return out;
}

std::string_view TrimSpace(std::string_view text) {
  for (Rune rune = DecodeRune(text); rune.size > 0 && IsSpace(rune.value);
       rune = DecodeRune(text)) {
    text.remove_prefix(rune.size);
  }
  const auto last = [&] {
    std::size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 4 && (text[start] & 0xC0) == 0x80) --start;
    return text.substr(start);
  };
  while (!text.empty() && IsSpace(DecodeRune(last()).value)) text.remove_suffix(last().size());
  return text;
}

std::string Quote(std::string_view text, QuoteStyle style) {
  std::string out(1, style.quote);
  while (!text.empty()) {
    const Rune rune = DecodeRune(text);
    if (!rune.valid) {
      constexpr std::string_view kHex = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(text[0]);
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 0xF]};
    } else if (rune.value == static_cast<unsigned char>(style.quote) || rune.value == '\\') {
      out += '\\';
      out += static_cast<char>(rune.value);
    } else if (style.ascii_only ? rune.value >= ' ' && rune.value < 0x7F
                                : IsPrintable(rune.value)) {
      AppendRune(rune.value, out);
    } else {
      AppendEscape(rune.value, out);
    }
    text.remove_prefix(rune.size);
  }
  out += style.quote;
  return out;
}

}  // namespace tocsin::tmpl
