#include "rules/promql/lexer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/ascii.h"
#include "base/parse.h"
#include "rules/promql/quote.h"

namespace tocsin::promql {
namespace {

constexpr std::string_view kDigits = "0123456789";

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsAlpha(char c) { return c == '_' || IsAsciiLetter(c); }

struct Keyword {
  std::string_view word;
  TokenKind kind;
  BinaryOp op = {};
  AggregateOp aggregate = {};
};
using K = TokenKind;
constexpr std::array<Keyword, 30> kKeywords{{
    {"and", K::kBinaryOp, BinaryOp::kAnd},
    {"or", K::kBinaryOp, BinaryOp::kOr},
    {"unless", K::kBinaryOp, BinaryOp::kUnless},
    {"atan2", K::kBinaryOp, BinaryOp::kAtan2},
    {"sum", K::kAggregate, {}, AggregateOp::kSum},
    {"avg", K::kAggregate, {}, AggregateOp::kAvg},
    {"count", K::kAggregate, {}, AggregateOp::kCount},
    {"min", K::kAggregate, {}, AggregateOp::kMin},
    {"max", K::kAggregate, {}, AggregateOp::kMax},
    {"group", K::kAggregate, {}, AggregateOp::kGroup},
    {"stddev", K::kAggregate, {}, AggregateOp::kStddev},
    {"stdvar", K::kAggregate, {}, AggregateOp::kStdvar},
    {"topk", K::kAggregate, {}, AggregateOp::kTopK},
    {"bottomk", K::kAggregate, {}, AggregateOp::kBottomK},
    {"count_values", K::kAggregate, {}, AggregateOp::kCountValues},
    {"quantile", K::kAggregate, {}, AggregateOp::kQuantile},
    {"limitk", K::kAggregate, {}, AggregateOp::kLimitK},
    {"limit_ratio", K::kAggregate, {}, AggregateOp::kLimitRatio},
    {"offset", K::kOffset},
    {"by", K::kBy},
    {"without", K::kWithout},
    {"on", K::kOn},
    {"ignoring", K::kIgnoring},
    {"group_left", K::kGroupLeft},
    {"group_right", K::kGroupRight},
    {"bool", K::kBool},
    {"start", K::kStart},
    {"end", K::kEnd},
    {"inf", K::kNumber},
    {"nan", K::kNumber},
}};

const Keyword* FindKeyword(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto found = std::find_if(kKeywords.begin(), kKeywords.end(),
                                  [&](const Keyword& k) { return k.word == lower; });
  return found == kKeywords.end() ? nullptr : &*found;
}

/// fmt's %.10q…: the first ten runes, quoted.
std::string QuotedShort(std::string_view text) {
  if (text.size() <= 10) return GoQuoted(text);
  std::size_t end = 0;
  for (int runes = 0; runes < 10 && end < text.size(); ++runes) {
    end += DecodeRune(text.substr(end)).size;
  }
  return GoQuoted(text.substr(0, end)) + "...";
}

}  // namespace

std::string Describe(const Token& token) {
  switch (token.kind) {
    case K::kEof:
      return "end of input";
    case K::kError:
      return "error " + token.text;
    case K::kIdentifier:
      return "identifier " + GoQuoted(token.text);
    case K::kMetricIdentifier:
      return "metric identifier " + GoQuoted(token.text);
    case K::kNumber:
      return "number " + QuotedShort(token.text);
    case K::kDuration:
      return "duration " + QuotedShort(token.text);
    case K::kString:
      return "string " + QuotedShort(token.text);
    case K::kAt:
    case K::kBinaryOp:
    case K::kRegexMatch:
    case K::kRegexNotMatch:
      return "<op:" + token.text + ">";
    case K::kAggregate:
      return "<aggr:" + token.text + ">";
    case K::kBool:
    case K::kBy:
    case K::kWithout:
    case K::kOn:
    case K::kIgnoring:
    case K::kGroupLeft:
    case K::kGroupRight:
    case K::kOffset:
      return "<" + token.text + ">";
    default:
      return QuotedShort(token.text);
  }
}

char32_t Lexer::PeekRune() const {
  return AtEnd() ? char32_t{0xFFFD} : DecodeRune(text_.substr(at_)).rune;
}

Token Lexer::Make(TokenKind kind) const {
  Token token;
  token.kind = kind;
  token.pos = {static_cast<std::uint32_t>(start_), static_cast<std::uint32_t>(at_)};
  token.text = text_.substr(start_, at_ - start_);
  return token;
}

Token Lexer::Operator(BinaryOp op) const {
  Token token = Make(K::kBinaryOp);
  token.op = op;
  return token;
}

Token Lexer::Fail(std::string message) {
  failed_ = std::move(message);
  Token token;
  token.kind = K::kError;
  token.pos = {static_cast<std::uint32_t>(start_), static_cast<std::uint32_t>(text_.size())};
  token.text = failed_;
  return token;
}

void Lexer::SkipBlanksAndComments() {
  while (!AtEnd()) {
    if (IsSpace(Peek())) {
      ++at_;
    } else if (Peek() == '#') {
      while (!AtEnd() && Peek() != '\n' && Peek() != '\r') ++at_;
    } else {
      return;
    }
  }
}

bool Lexer::AcceptAny(std::string_view set) {
  if (AtEnd() || set.find(Peek()) == std::string_view::npos) return false;
  ++at_;
  return true;
}

Token Lexer::Next() {
  if (!failed_.empty()) return Fail(failed_);
  SkipBlanksAndComments();
  start_ = at_;
  return brace_open_ ? InsideBraces() : Outside();
}

Token Lexer::Outside() {
  if (AtEnd()) {
    if (paren_depth_ != 0) return Fail("unclosed left parenthesis");
    if (bracket_open_) return Fail("unclosed left bracket");
    return Make(K::kEof);
  }
  if (std::exchange(duration_next_, false)) return NumberOrDuration();
  const char c = Peek();
  if (IsAsciiDigit(c) || (c == '.' && IsAsciiDigit(Peek(1)))) return NumberOrDuration();
  if (IsAlpha(c) || c == ':') {
    if (!bracket_open_) return Word(true);
    if (c == ':') {
      if (got_colon_) return Fail("unexpected colon " + QuotedRune(U':'));
      got_colon_ = true;
      ++at_;
      return Make(K::kColon);
    }
    return Fail("unexpected character: " + QuotedRune(PeekRune()) + ", expected ':'");
  }
  const char32_t rune = PeekRune();
  ++at_;
  switch (c) {
    case ',':
      return Make(K::kComma);
    case '*':
      return Operator(BinaryOp::kMul);
    case '/':
      return Operator(BinaryOp::kDiv);
    case '%':
      return Operator(BinaryOp::kMod);
    case '+':
      return Operator(BinaryOp::kAdd);
    case '-':
      return Operator(BinaryOp::kSub);
    case '^':
      return Operator(BinaryOp::kPow);
    case '=':
      if (AcceptAny("=")) return Operator(BinaryOp::kEqual);
      if (Peek() == '~') return Fail("unexpected character after '=': " + QuotedRune(U'~'));
      return Make(K::kEqual);
    case '!':
      if (AcceptAny("=")) return Operator(BinaryOp::kNotEqual);
      return Fail("unexpected character after '!': " + QuotedRune(PeekRune()));
    case '<':
      return Operator(AcceptAny("=") ? BinaryOp::kLessEqual : BinaryOp::kLess);
    case '>':
      return Operator(AcceptAny("=") ? BinaryOp::kGreaterEqual : BinaryOp::kGreater);
    case '"':
    case '\'':
      return QuotedString(c);
    case '`':
      return RawString();
    case '(':
      ++paren_depth_;
      return Make(K::kLeftParen);
    case ')':
      if (--paren_depth_ < 0) return Fail("unexpected right parenthesis " + QuotedRune(U')'));
      return Make(K::kRightParen);
    case '{':
      brace_open_ = true;
      return Make(K::kLeftBrace);
    case '[':
      if (bracket_open_) return Fail("unexpected left bracket " + QuotedRune(U'['));
      bracket_open_ = true;
      got_colon_ = false;
      duration_next_ = true;
      return Make(K::kLeftBracket);
    case ']':
      if (!bracket_open_) return Fail("unexpected right bracket " + QuotedRune(U']'));
      bracket_open_ = false;
      return Make(K::kRightBracket);
    case '@':
      return Make(K::kAt);
    default:
      return Fail("unexpected character: " + QuotedRune(rune));
  }
}

Token Lexer::InsideBraces() {
  if (AtEnd()) return Fail("unexpected end of input inside braces");
  const char c = Peek();
  if (IsAlpha(c)) return Word(false);
  const char32_t rune = PeekRune();
  ++at_;
  switch (c) {
    case ',':
      return Make(K::kComma);
    case '"':
    case '\'':
      return QuotedString(c);
    case '`':
      return RawString();
    case '=':
      return Make(AcceptAny("~") ? K::kRegexMatch : K::kEqual);
    case '!':
      if (AcceptAny("~")) return Make(K::kRegexNotMatch);
      if (AcceptAny("=")) return Operator(BinaryOp::kNotEqual);
      return Fail("unexpected character after '!' inside braces: " + QuotedRune(PeekRune()));
    case '{':
      return Fail("unexpected left brace " + QuotedRune(U'{'));
    case '}':
      brace_open_ = false;
      return Make(K::kRightBrace);
    default:
      return Fail("unexpected character inside braces: " + QuotedRune(rune));
  }
}

Token Lexer::Word(bool keywords) {
  while (IsWordChar(Peek()) || (keywords && Peek() == ':')) ++at_;
  Token token = Make(K::kIdentifier);
  if (!keywords) return token;
  if (const Keyword* keyword = FindKeyword(token.text)) {
    token.kind = keyword->kind;
    token.op = keyword->op;
    token.aggregate = keyword->aggregate;
  } else if (token.text.find(':') != std::string::npos) {
    token.kind = K::kMetricIdentifier;
  }
  return token;
}

Token Lexer::NumberOrDuration() {
  if (ScanNumber()) return Make(K::kNumber);
  if (ScanDurationRest()) return Make(K::kDuration);
  return Fail("bad number or duration syntax: " + GoQuoted(text_.substr(start_, at_ - start_)));
}

bool Lexer::ScanNumber() {
  const std::size_t first = at_;
  std::string_view digits = kDigits;
  bool hexadecimal = false;
  if (AcceptAny("0") && AcceptAny("xX")) {
    AcceptAny("_");
    digits = "0123456789abcdefABCDEF";
    hexadecimal = true;
  }
  bool dot = false;
  bool exponent = false;
  while (!AtEnd()) {
    if (AcceptAny(digits)) continue;
    if (Peek() == '.') {
      ++at_;
      if (std::exchange(dot, true) || hexadecimal || exponent) return false;
      if (Peek() == '_' || Peek() == '.') return false;
    } else if (Peek() == '_') {
      ++at_;
      if (!IsAsciiAlphanumeric(Peek())) return false;
    } else if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      if (std::exchange(exponent, true)) return false;
      AcceptAny("+-");
      if (!IsAsciiDigit(Peek())) return false;
    } else {
      break;
    }
  }
  return at_ != first && !IsWordChar(Peek());
}

bool Lexer::ScanDurationRest() {
  if (!AcceptAny("smhdwy")) return false;
  AcceptAny("s");
  while (AcceptAny(kDigits)) {
    while (AcceptAny(kDigits)) {
    }
    if (!AcceptAny("smhdw")) return false;
    AcceptAny("s");
  }
  if (!IsWordChar(Peek())) return true;
  ++at_;  // the message shows what is wrong
  return false;
}

bool Lexer::ScanEscape(char quote, std::string& error) {
  const auto finish = [&](std::size_t digits, int base, std::uint32_t max) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (AtEnd()) {
        error = "escape sequence not terminated";
        return false;
      }
      const auto digit = ParseInt<std::uint32_t>(text_.substr(at_, 1), base);
      if (!digit) {
        error = "illegal character " + DescribedRune(PeekRune()) + " in escape sequence";
        return false;
      }
      value = value * static_cast<std::uint32_t>(base) + *digit;
      ++at_;
    }
    if (value > max || (value >= 0xD800 && value < 0xE000)) {
      error = "escape sequence is an invalid Unicode code point";
      return false;
    }
    return true;
  };
  if (AtEnd()) {
    error = "escape sequence not terminated";
    return false;
  }
  const char c = Peek();
  if (c == quote || std::string_view("abfnrtv\\").find(c) != std::string_view::npos) {
    ++at_;
    return true;
  }
  if (c >= '0' && c <= '7') return finish(3, 8, 255);
  if (AcceptAny("x")) return finish(2, 16, 255);
  if (AcceptAny("u")) return finish(4, 16, 0x10FFFF);
  if (AcceptAny("U")) return finish(8, 16, 0x10FFFF);
  error = "unknown escape sequence " + DescribedRune(PeekRune());
  return false;
}

Token Lexer::QuotedString(char quote) {
  std::string error;
  while (!AtEnd() && Peek() != '\n') {
    const auto [rune, size] = DecodeRune(text_.substr(at_));
    if (rune == 0xFFFD && size == 1) return Fail("invalid UTF-8 rune");
    at_ += size;
    if (rune == static_cast<char32_t>(quote)) return Make(K::kString);
    if (rune == U'\\' && !ScanEscape(quote, error)) return Fail(std::move(error));
  }
  return Fail("unterminated quoted string");
}

Token Lexer::RawString() {
  while (!AtEnd()) {
    const auto [rune, size] = DecodeRune(text_.substr(at_));
    if (rune == 0xFFFD && size == 1) return Fail("invalid UTF-8 rune");
    at_ += size;
    if (rune == U'`') return Make(K::kString);
  }
  return Fail("unterminated raw string");
}

Result<double> ParseNumberLiteral(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '_');
  const std::string_view view = digits;
  const auto fail = [&](std::string_view why) {
    return Error{Errc::kInvalid, "error parsing number: strconv.ParseFloat: parsing " +
                                     GoQuoted(text) + ": " + std::string(why)};
  };
  if (view.starts_with("0x") || view.starts_with("0X")) {
    const auto value = ParseInt<std::int64_t>(view.substr(2), 16);
    return value ? Result<double>(static_cast<double>(*value)) : fail("invalid syntax");
  }
  if (view.size() > 1 && view.front() == '0') {
    if (const auto octal = ParseInt<std::int64_t>(view.substr(1), 8)) {
      return static_cast<double>(*octal);
    }
  }
  const auto decimal = ParseDouble(view);
  if (!decimal) return fail("invalid syntax");
  // An infinity that is not written as a word has overflowed.
  if (std::isinf(*decimal) && !IsAlpha(view.front())) return fail("value out of range");
  return *decimal;
}

}  // namespace tocsin::promql
