#pragma once
// Strings as Go (and so PromQL) writes and reads them.

#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::promql {

/// strconv.Quote: in double quotes, what does not print escaped.
void AppendGoQuoted(std::string_view text, std::string& out);
std::string GoQuoted(std::string_view text);

/// What a literal with its quotes stands for: "…" and '…' with Go's escapes, `…` as it is.
/// Errors: kInvalid. The lexer has found where the literal ends.
Result<std::string> Unquote(std::string_view literal);

/// A rune as fmt prints it with %q ('x') and %#U (U+0078 'x').
std::string QuotedRune(char32_t rune);
std::string DescribedRune(char32_t rune);

struct DecodedRune {
  char32_t rune;
  std::size_t size;  // 1 for a byte that is not UTF-8; then `rune` is U+FFFD
};
/// The first rune of a non-empty text.
DecodedRune DecodeRune(std::string_view text);
void AppendRune(char32_t rune, std::string& out);

}  // namespace tocsin::promql
