#include "rules/template/lexer.h"

#include <algorithm>
#include <array>

#include "rules/template/unicode.h"

namespace tocsin::tmpl {
namespace {

constexpr std::string_view kLeft = "{{";
constexpr std::string_view kRight = "}}";
constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::array<std::string_view, 11> kKeywords{"define", "else",  "end",      "if",
                                                     "range",  "nil",   "template", "with",
                                                     "block",  "break", "continue"};

bool IsBlank(char32_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool IsWordRune(char32_t c) { return c == '_' || IsLetter(c) || IsDigit(c); }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}
  std::vector<Token> Run();

 private:
  std::string_view Rest() const { return source_.substr(at_); }
  char32_t Peek() const { return at_ < source_.size() ? DecodeRune(Rest()).value : 0; }
  char Byte(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  bool AtEnd() const { return at_ >= source_.size(); }
  void Emit(TokenKind kind, std::size_t begin) {
    tokens_.push_back({kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_),
                       source_.substr(begin, at_ - begin)});
  }
  bool Fail(std::string_view what, std::size_t at) {
    tokens_.push_back(
        {TokenKind::kError, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at), what});
    return false;
  }

  // Each returns false after an error.
  bool Text();
  bool Action();
  bool Comment(std::size_t begin);
  bool Quoted(char quote, TokenKind kind);
  bool RawString();
  bool Number();
  bool Word();
  bool Name(TokenKind kind);
  bool Punctuation();
  /// 0 if no right delimiter stands here, else its length with the trim marker.
  std::size_t RightDelim() const;
  void TakeRightDelim(std::size_t length);
  bool AtTerminator() const;

  std::string_view source_;
  std::size_t at_ = 0;
  int parens_ = 0;
  std::size_t action_at_ = 0;  // where the action began, for errors
  std::vector<Token> tokens_;
};

std::size_t Lexer::RightDelim() const {
  const std::string_view rest = Rest();
  if (rest.starts_with(kRight)) return kRight.size();
  const bool trims = rest.size() >= 4 && IsBlank(static_cast<unsigned char>(rest[0])) &&
                     rest[1] == '-' && rest.substr(2).starts_with(kRight);
  return trims ? 2 + kRight.size() : 0;
}

void Lexer::TakeRightDelim(std::size_t length) {
  at_ += length;
  if (length > kRight.size())
    at_ = std::min(source_.find_first_not_of(kSpaces, at_), source_.size());
}

bool Lexer::Comment(std::size_t begin) {
  const auto close = source_.find("*/", at_ + 2);
  if (close == std::string_view::npos) return Fail("unclosed comment", begin);
  at_ = close + 2;
  const std::size_t delim = RightDelim();
  if (delim == 0) return Fail("comment ends before closing delimiter", at_);
  TakeRightDelim(delim);
  return true;
}

bool Lexer::Text() {
  const std::size_t begin = at_;
  const auto left = std::min(source_.find(kLeft, at_), source_.size());
  std::string_view text = source_.substr(begin, left - begin);
  at_ = left;
  const std::string_view inside = AtEnd() ? std::string_view{} : source_.substr(at_ + 2);
  const bool trims =
      inside.size() >= 2 && inside[0] == '-' && IsBlank(static_cast<unsigned char>(inside[1]));
  if (trims) {
    const auto last = text.find_last_not_of(kSpaces);
    text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
  }
  if (!text.empty()) {
    tokens_.push_back({TokenKind::kText, static_cast<std::uint32_t>(begin),
                       static_cast<std::uint32_t>(begin + text.size()), text});
  }
  if (AtEnd()) return true;
  const std::size_t after = at_ + kLeft.size() + (trims ? 2 : 0);
  if (source_.substr(after).starts_with("/*")) {
    action_at_ = at_;
    at_ = after;
    return Comment(action_at_);
  }
  action_at_ = at_;
  at_ += kLeft.size();
  Emit(TokenKind::kLeftDelim, action_at_);
  at_ = after;
  parens_ = 0;
  return Action();
}

bool Lexer::AtTerminator() const {
  if (AtEnd()) return true;
  const char32_t c = Peek();
  return IsBlank(c) || std::u32string_view(U".,|:()}").find(c) != std::u32string_view::npos;
}

bool Lexer::Quoted(char quote, TokenKind kind) {
  const std::size_t begin = at_++;
  for (; !AtEnd() && Byte() != '\n'; ++at_) {
    if (Byte() == quote) {
      ++at_;
      Emit(kind, begin);
      return true;
    }
    if (Byte() == '\\') {
      ++at_;
      if (AtEnd() || Byte() == '\n') break;
    }
  }
  return Fail(quote == '"' ? "unterminated quoted string" : "unterminated character constant",
              begin);
}

bool Lexer::RawString() {
  const std::size_t begin = at_;
  const auto close = source_.find('`', at_ + 1);
  if (close == std::string_view::npos) return Fail("unterminated raw quoted string", begin);
  at_ = close + 1;
  Emit(TokenKind::kRawString, begin);
  return true;
}

bool Lexer::Number() {
  const std::size_t begin = at_;
  const auto take = [&](std::string_view set) {
    if (AtEnd() || set.find(Byte()) == std::string_view::npos) return false;
    ++at_;
    return true;
  };
  take("+-");
  std::string_view digits = "0123456789_";
  std::string_view exponent = "eE";
  if (take("0")) {
    if (take("xX")) {
      digits = "0123456789abcdefABCDEF_";
      exponent = "pP";
    } else if (take("oO")) {
      digits = "01234567_";
    } else if (take("bB")) {
      digits = "01_";
    }
  }
  while (take(digits)) {
  }
  if (take(".")) {
    while (take(digits)) {
    }
  }
  if (take(exponent)) {
    take("+-");
    while (take("0123456789_")) {
    }
  }
  if (Byte() == 'i' || Byte() == '+' || Byte() == '-') {
    return Fail("complex numbers are not supported", begin);
  }
  if (!AtEnd() && IsWordRune(Peek())) return Fail("bad number syntax", begin);
  Emit(TokenKind::kNumber, begin);
  return true;
}

/// The rest of a field's, variable's or function's name.
bool Lexer::Name(TokenKind kind) {
  const std::size_t begin = at_;
  at_ += kind == TokenKind::kIdentifier ? 0 : 1;  // the . or $
  while (!AtEnd() && IsWordRune(Peek())) at_ += DecodeRune(Rest()).size;
  if (!AtTerminator()) return Fail("bad character in a name", at_);
  Emit(kind, begin);
  return true;
}

bool Lexer::Word() {
  if (!Name(TokenKind::kIdentifier)) return false;
  Token& token = tokens_.back();
  if (std::find(kKeywords.begin(), kKeywords.end(), token.text) != kKeywords.end()) {
    token.kind = TokenKind::kKeyword;
  } else if (token.text == "true" || token.text == "false") {
    token.kind = TokenKind::kBool;
  }
  return true;
}

bool Lexer::Punctuation() {
  const std::size_t begin = at_;
  const char c = Byte();
  if (c == '(' || c == ')') {
    ++at_;
    parens_ += c == '(' ? 1 : -1;
    if (parens_ < 0) return Fail("unexpected right parenthesis", begin);
    Emit(c == '(' ? TokenKind::kLeftParen : TokenKind::kRightParen, begin);
    return true;
  }
  if (c == ':') {
    if (Byte(1) != '=') return Fail("expected := after a variable's name", begin);
    at_ += 2;
    Emit(TokenKind::kDeclare, begin);
    return true;
  }
  if (c < ' ' || c > '~') return Fail("unrecognized character in action", begin);
  ++at_;
  Emit(c == '=' ? TokenKind::kAssign : c == '|' ? TokenKind::kPipe : TokenKind::kOther, begin);
  return true;
}

bool Lexer::Action() {
  while (true) {
    if (const std::size_t delim = RightDelim(); delim > 0) {
      if (parens_ > 0) return Fail("unclosed left parenthesis", at_);
      const std::size_t begin = at_;
      TakeRightDelim(delim);
      Emit(TokenKind::kRightDelim, begin);
      return true;
    }
    if (AtEnd()) return Fail("unclosed action", action_at_);
    const char32_t c = Peek();
    const std::size_t begin = at_;
    const char next = Byte(1);
    bool good = true;
    if (IsBlank(c)) {
      while (IsBlank(Peek()) && !(at_ > begin && RightDelim() > 0)) ++at_;
      Emit(TokenKind::kSpace, begin);
    } else if (c == '"') {
      good = Quoted('"', TokenKind::kString);
    } else if (c == '\'') {
      good = Quoted('\'', TokenKind::kCharacter);
    } else if (c == '`') {
      good = RawString();
    } else if (c == '$') {
      good = Name(TokenKind::kVariable);
    } else if (c == '.' && (next < '0' || next > '9')) {
      ++at_;
      const bool alone = AtTerminator();
      --at_;
      if (alone) ++at_, Emit(TokenKind::kDot, begin);
      if (!alone) good = Name(TokenKind::kField);
    } else if (c == '.' || c == '+' || c == '-' || (c >= '0' && c <= '9')) {
      good = Number();
    } else if (IsWordRune(c)) {
      good = Word();
    } else {
      good = Punctuation();
    }
    if (!good) return false;
  }
}

std::vector<Token> Lexer::Run() {
  while (!AtEnd()) {
    if (!Text()) return std::move(tokens_);
  }
  Emit(TokenKind::kEnd, at_);
  return std::move(tokens_);
}

}  // namespace

std::vector<Token> Lex(std::string_view source) { return Lexer(source).Run(); }

}  // namespace tocsin::tmpl
