#include "rules/promql/parser.h"

#include <algorithm>

#include "rules/promql/parser_state.h"

namespace tocsin::promql {
namespace {

Error ToError(const ParseError& error) {
  return {Errc::kInvalid, std::to_string(error.line) + ":" + std::to_string(error.column) +
                              ": parse error: " + error.message};
}

}  // namespace

std::string ParseError::Caret(std::string_view text) const {
  const std::size_t start = std::min<std::size_t>(pos.start, text.size());
  const std::size_t from = start == 0 ? 0 : text.rfind('\n', start - 1) + 1;
  const std::string_view rest = text.substr(from);
  const std::string_view at_fault = rest.substr(0, rest.find('\n'));
  std::string out(at_fault);
  out += '\n';
  // Tabs are kept, so that the caret stands under its place whatever their width.
  for (const char c : at_fault.substr(0, start - from)) out += c == '\t' ? '\t' : ' ';
  return out + "^";
}

Result<ExprPtr> ParseExpr(std::string_view text, const ParseOptions& options, ParseError* where) {
  Parser parser(text, options);
  if (ExprPtr expr = parser.WholeExpr()) return expr;
  if (where) *where = parser.error();
  return ToError(parser.error());
}

Result<std::vector<Matcher>> ParseSelector(std::string_view text, ParseError* where) {
  Parser parser(text, {});
  if (const auto selector = parser.WholeSelector()) return selector->matchers;
  if (where) *where = parser.error();
  return ToError(parser.error());
}

Parser::Parser(std::string_view text, const ParseOptions& options)
    : text_(text), options_(options), lexer_(text) {
  if (text.size() > options.max_bytes) {
    Fail({}, "expression of " + std::to_string(text.size()) + " bytes is too long: the limit is " +
                 std::to_string(options.max_bytes));
  } else {
    Take();
  }
}

ExprPtr Parser::WholeExpr() {
  if (error_) return nullptr;
  if (Look().Is(TokenKind::kEof)) return Fail({}, "no expression found in input");
  ExprPtr expr = ParseBinary(0);
  if (!expr) return nullptr;
  if (!Look().Is(TokenKind::kEof)) return UnexpectedHere();
  if (type_error_) {
    error_ = type_error_;
    return nullptr;
  }
  return expr;
}

std::shared_ptr<const VectorSelector> Parser::WholeSelector() {
  if (error_) return nullptr;
  if (!Look().Is(TokenKind::kLeftBrace) && !IsNameWord(Look(), true)) return UnexpectedHere();
  auto selector = ParseVectorSelector();
  if (!selector) return nullptr;
  if (!Look().Is(TokenKind::kEof)) return UnexpectedHere();
  if (type_error_) {
    error_ = type_error_;
    return nullptr;
  }
  return selector;
}

Token Parser::Take() {
  Token taken = std::exchange(token_, lexer_.Next());
  switch (taken.kind) {
    case TokenKind::kRightParen:
    case TokenKind::kRightBrace:
    case TokenKind::kRightBracket:
    case TokenKind::kDuration:
    case TokenKind::kNumber:
      last_closing_ = taken.pos.end;
      break;
    default:
      break;
  }
  return taken;
}

bool Parser::TakeIf(TokenKind kind) {
  if (!Look().Is(kind)) return false;
  Take();
  return true;
}

namespace {

ParseError Locate(std::string_view text, PosRange pos, std::string message) {
  ParseError error;
  error.message = std::move(message);
  error.pos = pos;
  const std::string_view before = text.substr(0, std::min<std::size_t>(pos.start, text.size()));
  error.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const auto line_break = before.rfind('\n');
  error.column = before.size() - (line_break == std::string_view::npos ? 0 : line_break + 1) + 1;
  return error;
}

}  // namespace

std::nullptr_t Parser::Fail(PosRange pos, std::string message) {
  if (!error_) error_ = Locate(text_, pos, std::move(message));
  return nullptr;
}

std::nullptr_t Parser::Unexpected(std::string_view context, std::string_view expected) {
  if (Look().Is(TokenKind::kError)) return Fail(Look().pos, Look().text);
  std::string message = "unexpected " + Describe(Look());
  if (!context.empty()) message.append(" in ").append(context);
  if (!expected.empty()) message.append(", expected ").append(expected);
  return Fail(Look().pos, std::move(message));
}

void Parser::TypeError(PosRange pos, std::string message) {
  if (!type_error_) type_error_ = Locate(text_, pos, std::move(message));
}

ExprPtr Parser::Checked(std::shared_ptr<const Expr> node) {
  if (node->height > options_.max_depth) {
    return Fail(node->pos, "expression is nested too deeply: the limit is " +
                               std::to_string(options_.max_depth) + " levels");
  }
  return node;
}

bool IsNameWord(const Token& token, bool metric) {
  switch (token.kind) {
    case TokenKind::kIdentifier:
    case TokenKind::kMetricIdentifier:
    case TokenKind::kAggregate:
    case TokenKind::kBy:
    case TokenKind::kOffset:
    case TokenKind::kStart:
    case TokenKind::kEnd:
      return true;
    case TokenKind::kWithout:
      return metric;
    case TokenKind::kBool:
    case TokenKind::kOn:
    case TokenKind::kIgnoring:
    case TokenKind::kGroupLeft:
    case TokenKind::kGroupRight:
      return !metric;
    case TokenKind::kBinaryOp:
      return IsSetOperator(token.op) || (!metric && token.op == BinaryOp::kAtan2);
    default:
      return false;
  }
}

}  // namespace tocsin::promql
