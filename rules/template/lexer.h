#pragma once
// Splits a template into text and the tokens of its actions.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::tmpl {

enum class TokenKind : std::uint8_t {
  kError,  // `text` says what is wrong; the last token
  kEnd,
  kText,
  kLeftDelim,
  kRightDelim,
  kLeftParen,
  kRightParen,
  kSpace,
  kPipe,
  kAssign,   // =
  kDeclare,  // :=
  kDot,
  kField,     // .Name
  kVariable,  // $ or $name
  kIdentifier,
  kKeyword,  // define else end if range nil template with block break continue
  kBool,
  kCharacter,  // 'c'
  kNumber,
  kString,
  kRawString,
  kOther,  // any other printable ASCII character
};

struct Token {
  TokenKind kind;
  std::uint32_t begin;
  std::uint32_t end;
  std::string_view text;  // into the source, or static for kError
};

/// The tokens of `source`, which must outlive them; ends with kEnd or kError. Trim markers have
/// been applied and comments left out.
std::vector<Token> Lex(std::string_view source);

}  // namespace tocsin::tmpl
