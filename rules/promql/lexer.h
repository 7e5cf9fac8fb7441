#pragma once
// Text to tokens. Internal to the parser.

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/promql/ast.h"

namespace tocsin::promql {

enum class TokenKind : std::uint8_t {
  kEof,
  kError,  // `text` is the message
  kIdentifier,
  kMetricIdentifier,  // with a colon in it
  kNumber,
  kDuration,
  kString,  // with its quotes
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kComma,
  kColon,
  kEqual,
  kAt,
  kRegexMatch,
  kRegexNotMatch,
  kBinaryOp,   // `op`; != is one also within braces
  kAggregate,  // `aggregate`
  // Words with a meaning of their own.
  kBool,
  kBy,
  kWithout,
  kOn,
  kIgnoring,
  kGroupLeft,
  kGroupRight,
  kOffset,
  kStart,
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEof;
  BinaryOp op{};
  AggregateOp aggregate{};
  PosRange pos;
  std::string text;

  bool Is(TokenKind k) const { return kind == k; }
  bool IsOp(BinaryOp o) const { return kind == TokenKind::kBinaryOp && op == o; }
};

/// As error messages name a token: `identifier "x"`, `<op:+>`, `end of input`.
std::string Describe(const Token& token);

/// Comments are skipped. After an error token it repeats itself.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token Next();

 private:
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  /// The rune at the cursor; U+FFFD at the end, as Go's eof prints.
  char32_t PeekRune() const;
  void SkipBlanksAndComments();
  bool AcceptAny(std::string_view set);

  Token Outside();
  Token InsideBraces();
  Token Word(bool keywords);
  Token NumberOrDuration();
  bool ScanNumber();
  bool ScanDurationRest();
  Token QuotedString(char quote);
  bool ScanEscape(char quote, std::string& error);
  Token RawString();

  Token Make(TokenKind kind) const;
  Token Operator(BinaryOp op) const;
  Token Fail(std::string message);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;  // of the token in hand
  int paren_depth_ = 0;
  bool brace_open_ = false;
  bool bracket_open_ = false;
  bool got_colon_ = false;      // since the bracket was opened
  bool duration_next_ = false;  // the bracket has just been opened
  std::string failed_;          // the message of the error that ended the input
};

/// A number token's value, as Go reads it: decimal, 0x…, leading-zero octal, Inf, NaN, with `_`
/// between digits. Errors: kInvalid.
Result<double> ParseNumberLiteral(std::string_view text);

}  // namespace tocsin::promql
