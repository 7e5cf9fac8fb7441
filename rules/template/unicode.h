#pragma once
// What Go's packages unicode, unicode/utf8 and strings do to text, as of Go 1.19 (Unicode 13).

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::tmpl {

/// A code point taken off text. An ill-formed byte is U+FFFD of size 1, as in Go.
struct Rune {
  char32_t value;
  std::size_t size;  // bytes; 0 at the end of the text
  bool valid;
};
Rune DecodeRune(std::string_view text);
void AppendRune(char32_t rune, std::string& out);
std::size_t CountRunes(std::string_view text);

bool IsLetter(char32_t rune);
bool IsDigit(char32_t rune);
bool IsSpace(char32_t rune);
bool IsPrintable(char32_t rune);
char32_t ToUpper(char32_t rune);
char32_t ToLower(char32_t rune);
char32_t ToTitle(char32_t rune);

std::string ToUpper(std::string_view text);
std::string ToLower(std::string_view text);
/// strings.Title: the first letter of each word, the rest as it is (Prometheus's `title`).
std::string TitleWords(std::string_view text);
/// cases.Title(language.AmericanEnglish): the rest of each word in lower case (Alertmanager's
/// `title`). Words as Unicode Standard Annex 29 has them for letters, digits and their usual joins.
std::string TitleCase(std::string_view text);
std::string_view TrimSpace(std::string_view text);

/// strconv.Quote with its `"`, or with `'` for a character. `ascii_only` escapes all else.
struct QuoteStyle {
  char quote = '"';
  bool ascii_only = false;
};
std::string Quote(std::string_view text, QuoteStyle style = {});

}  // namespace tocsin::tmpl
