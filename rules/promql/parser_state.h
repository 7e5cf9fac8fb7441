#pragma once
// The recursive descent behind ParseExpr and ParseSelector. Internal to the parser.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/promql/lexer.h"
#include "rules/promql/parser.h"

namespace tocsin::promql {

/// Parses one text once. Functions return null (or nothing) after they have noted an error; the
/// first syntax error counts, and type errors count only where there is no syntax error.
class Parser {
 public:
  Parser(std::string_view text, const ParseOptions& options);

  ExprPtr WholeExpr();
  std::shared_ptr<const VectorSelector> WholeSelector();
  /// Set when one of the above returned null.
  const ParseError& error() const { return *error_; }

 private:
  struct Duration {
    std::int64_t ms;
    PosRange pos;
  };
  /// What an offset or @ that comes next belongs to.
  struct Shiftable {
    Expr* node = nullptr;
    TimeShift* shift = nullptr;
  };
  class Nesting;

  // Tokens.
  const Token& Look() const { return token_; }
  Token Take();
  bool TakeIf(TokenKind kind);

  // Errors. All return nullptr for the caller to return.
  std::nullptr_t Fail(PosRange pos, std::string message);
  std::nullptr_t Unexpected(std::string_view context, std::string_view expected = {});
  std::nullptr_t UnexpectedHere() { return Unexpected(context_); }
  void TypeError(PosRange pos, std::string message);
  ExprPtr Checked(std::shared_ptr<const Expr> node);

  // parse_expr.cc
  ExprPtr ParseBinary(int min_precedence);
  ExprPtr ParseUnary();
  ExprPtr ParsePrimary();
  ExprPtr ParseParen();
  ExprPtr ParseString();
  ExprPtr ParseNumber();
  ExprPtr ParseCall(Token name);
  ExprPtr ParseAggregate();
  std::optional<std::vector<ExprPtr>> ParseArguments();
  std::optional<VectorMatching> ParseMatching(bool& return_bool);
  std::optional<std::vector<std::string>> ParseLabelList();
  ExprPtr MakeBinary(const Token& op, ExprPtr lhs, ExprPtr rhs, bool return_bool,
                     VectorMatching matching);
  void CheckCall(const CallExpr& call);
  void CheckAggregate(const AggregateExpr& aggregate);

  // parse_selector.cc
  /// An expression and whatever offsets, @s, ranges and subqueries follow it.
  ExprPtr ParsePostfix();
  ExprPtr ParseOperand(Shiftable& in_hand);
  std::shared_ptr<VectorSelector> ParseVectorSelector();
  bool ParseMatchers(std::vector<Matcher>& matchers);
  bool ParseMatcher(std::vector<Matcher>& matchers);
  void CheckSelector(const VectorSelector& selector);
  ExprPtr ParseRange(const ExprPtr& inner, Shiftable& in_hand);
  bool ParseOffset(const Expr& node, TimeShift* shift);
  bool ParseAt(const Expr& node, TimeShift* shift);
  std::optional<Duration> ParseDurationLiteral(std::string_view context, std::string_view expected);

  std::string_view text_;
  ParseOptions options_;
  Lexer lexer_;
  Token token_;
  std::uint32_t last_closing_ = 0;  // the end of the last token that can end an expression
  std::size_t depth_ = 0;
  std::string_view context_;  // "aggregation" within one
  std::optional<ParseError> error_;
  std::optional<ParseError> type_error_;
};

/// True if a token is a word that may name a label or (`metric`) a metric.
bool IsNameWord(const Token& token, bool metric);

}  // namespace tocsin::promql
