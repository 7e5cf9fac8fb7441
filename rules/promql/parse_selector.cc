// Selectors, ranges, subqueries, offset and @.

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parse.h"
#include "rules/promql/parser_state.h"
#include "rules/promql/quote.h"

namespace tocsin::promql {
namespace {

/// Go's time.Duration ends there.
constexpr double kMaxDurationSeconds = 9.2e9;

std::optional<MatchOp> MatchOpOf(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEqual:
      return MatchOp::kEqual;
    case TokenKind::kRegexMatch:
      return MatchOp::kRegex;
    case TokenKind::kRegexNotMatch:
      return MatchOp::kNotRegex;
    default:
      if (token.IsOp(BinaryOp::kNotEqual)) return MatchOp::kNotEqual;
      return std::nullopt;
  }
}

}  // namespace

ExprPtr Parser::ParsePostfix() {
  Shiftable in_hand;
  ExprPtr node = ParseOperand(in_hand);
  while (node) {
    if (Look().Is(TokenKind::kLeftBracket)) {
      node = ParseRange(node, in_hand);
      continue;
    }
    if (Look().Is(TokenKind::kOffset)) {
      if (!ParseOffset(*node, in_hand.shift)) return nullptr;
    } else if (Look().Is(TokenKind::kAt)) {
      if (!ParseAt(*node, in_hand.shift)) return nullptr;
    } else {
      return node;
    }
    in_hand.node->pos.end = last_closing_;
  }
  return nullptr;
}

ExprPtr Parser::ParseOperand(Shiftable& in_hand) {
  if (!Look().Is(TokenKind::kLeftBrace)) {
    if (!IsNameWord(Look(), true)) return ParsePrimary();
    Lexer ahead = lexer_;
    const TokenKind next = ahead.Next().kind;
    if (Look().Is(TokenKind::kAggregate) &&
        (next == TokenKind::kLeftParen || next == TokenKind::kBy || next == TokenKind::kWithout)) {
      return ParseAggregate();
    }
    if (Look().Is(TokenKind::kIdentifier) && next == TokenKind::kLeftParen) {
      return ParseCall(Take());
    }
  }
  const auto selector = ParseVectorSelector();
  if (selector) in_hand = {selector.get(), &selector->shift};
  return selector;
}

std::shared_ptr<VectorSelector> Parser::ParseVectorSelector() {
  PosRange pos = Look().pos;
  std::string name;
  if (!Look().Is(TokenKind::kLeftBrace)) name = Take().text;
  std::vector<Matcher> matchers;
  if (Look().Is(TokenKind::kLeftBrace)) {
    if (!ParseMatchers(matchers)) return nullptr;
    pos.end = last_closing_;
  }
  if (!name.empty()) matchers.push_back(Matcher::Equal(std::string(kMetricName), name));
  auto selector = std::make_shared<VectorSelector>(std::move(name), std::move(matchers), pos);
  CheckSelector(*selector);
  return selector;
}

bool Parser::ParseMatchers(std::vector<Matcher>& matchers) {
  Take();
  while (!Look().Is(TokenKind::kRightBrace)) {
    if (!ParseMatcher(matchers)) return false;
    if (Look().Is(TokenKind::kRightBrace)) break;
    if (!TakeIf(TokenKind::kComma)) {
      Unexpected("label matching", "\",\" or \"}\"");
      return false;
    }
  }
  Take();
  return true;
}

bool Parser::ParseMatcher(std::vector<Matcher>& matchers) {
  if (!Look().Is(TokenKind::kIdentifier) && !Look().Is(TokenKind::kString)) {
    Unexpected("label matching", "identifier or \"}\"");
    return false;
  }
  const Token label = Take();
  std::string name = label.text;
  if (label.Is(TokenKind::kString)) {
    auto unquoted = Unquote(label.text);
    if (!unquoted) {
      Fail(label.pos,
           "error unquoting string " + GoQuoted(label.text) + ": " + unquoted.error().message());
      return false;
    }
    name = *std::move(unquoted);
    if (Look().Is(TokenKind::kComma) || Look().Is(TokenKind::kRightBrace)) {
      matchers.push_back(Matcher::Equal(std::string(kMetricName), std::move(name)));
      return true;
    }
  }
  const auto op = MatchOpOf(Look());
  if (!op) {
    Unexpected("label matching", "label matching operator");
    return false;
  }
  Take();
  if (!Look().Is(TokenKind::kString)) {
    Unexpected("label matching", "string");
    return false;
  }
  const Token literal = Take();
  auto value = Unquote(literal.text);
  if (!value) {
    Fail(literal.pos,
         "error unquoting string " + GoQuoted(literal.text) + ": " + value.error().message());
    return false;
  }
  auto matcher = Matcher::Make(*op, std::move(name), *std::move(value));
  if (!matcher) {
    Fail({label.pos.start, literal.pos.end}, matcher.error().message());
    return false;
  }
  matchers.push_back(*std::move(matcher));
  return true;
}

void Parser::CheckSelector(const VectorSelector& selector) {
  if (!selector.name.empty()) {
    for (std::size_t i = 0; i + 1 < selector.matchers.size(); ++i) {
      const Matcher& matcher = selector.matchers[i];
      if (matcher.name() == kMetricName) {
        TypeError(selector.pos, "metric name must not be set twice: " + GoQuoted(selector.name) +
                                    " or " + GoQuoted(matcher.value()));
      }
    }
    return;
  }
  if (std::all_of(selector.matchers.begin(), selector.matchers.end(),
                  [](const Matcher& m) { return m.MatchesEmpty(); })) {
    TypeError(selector.pos, "vector selector must contain at least one non-empty matcher");
  }
}

std::optional<Parser::Duration> Parser::ParseDurationLiteral(std::string_view context,
                                                             std::string_view expected) {
  if (Look().Is(TokenKind::kDuration)) {
    const Token token = Take();
    const auto duration = tocsin::ParseDuration(token.text);
    if (!duration) {
      Fail(token.pos, "not a valid duration string: " + GoQuoted(token.text));
      return std::nullopt;
    }
    return Duration{duration->count(), token.pos};
  }
  if (!Look().Is(TokenKind::kNumber)) {
    Unexpected(context, expected);
    return std::nullopt;
  }
  const Token token = Take();
  const auto seconds = ParseNumberLiteral(token.text);
  if (!seconds) {
    Fail(token.pos, seconds.error().message());
    return std::nullopt;
  }
  if (!(std::fabs(*seconds) <= kMaxDurationSeconds)) {
    Fail(token.pos, "duration out of range");
    return std::nullopt;
  }
  return Duration{static_cast<std::int64_t>(*seconds * 1000), token.pos};
}

ExprPtr Parser::ParseRange(const ExprPtr& inner, Shiftable& in_hand) {
  const Token open = Take();
  const auto range = ParseDurationLiteral("subquery selector", "number or duration");
  if (!range) return nullptr;
  if (range->ms <= 0) return Fail(range->pos, "duration must be greater than 0");
  if (!Look().Is(TokenKind::kColon) && !Look().Is(TokenKind::kRightBracket)) {
    return Unexpected("subquery or range", "\":\" or \"]\"");
  }
  if (Take().Is(TokenKind::kRightBracket)) {
    const PosRange brackets{open.pos.start, last_closing_};
    if (inner->kind != NodeKind::kVectorSelector) {
      return Fail(brackets, "ranges only allowed for vector selectors");
    }
    const auto selector = std::static_pointer_cast<const VectorSelector>(inner);
    if (selector->shift.offset_ms != 0) {
      return Fail(brackets, "no offset modifiers allowed before range");
    }
    if (selector->shift.at) return Fail(brackets, "no @ modifiers allowed before range");
    const auto matrix = std::make_shared<MatrixSelector>(selector, range->ms,
                                                         PosRange{inner->pos.start, last_closing_});
    in_hand.node = matrix.get();  // the shift stays the vector selector's
    return Checked(matrix);
  }
  std::int64_t step_ms = 0;
  if (!Look().Is(TokenKind::kRightBracket)) {
    const auto step = ParseDurationLiteral("subquery selector", "number or duration or \"]\"");
    if (!step) return nullptr;
    if (step->ms <= 0) return Fail(step->pos, "duration must be greater than 0");
    step_ms = step->ms;
    if (!Look().Is(TokenKind::kRightBracket)) return Unexpected("subquery selector", "\"]\"");
  }
  Take();
  const PosRange pos{inner->pos.start, last_closing_};
  if (inner->type != ValueType::kVector) {
    TypeError(pos, "subquery is only allowed on instant vector, got " +
                       std::string(ApiType(inner->type)) + " instead");
  }
  const auto subquery = std::make_shared<SubqueryExpr>(inner, range->ms, step_ms, pos);
  in_hand = {subquery.get(), &subquery->shift};
  return Checked(subquery);
}

bool Parser::ParseOffset(const Expr& node, TimeShift* shift) {
  Take();
  const bool minus = Look().IsOp(BinaryOp::kSub);
  if (minus) Take();
  const auto offset = ParseDurationLiteral("offset", "number or duration");
  if (!offset) return false;
  if (!shift) {
    Fail(node.pos,
         "offset modifier must be preceded by an instant vector selector or range vector "
         "selector or a subquery");
    return false;
  }
  if (shift->offset_ms != 0) {
    Fail(node.pos, "offset may not be set multiple times");
    return false;
  }
  shift->offset_ms = minus ? -offset->ms : offset->ms;
  return true;
}

bool Parser::ParseAt(const Expr& node, TimeShift* shift) {
  Take();
  AtModifier at;
  double seconds = 0;
  if (Look().Is(TokenKind::kStart) || Look().Is(TokenKind::kEnd)) {
    at.kind = Take().Is(TokenKind::kStart) ? AtModifier::Kind::kStart : AtModifier::Kind::kEnd;
    for (const TokenKind kind : {TokenKind::kLeftParen, TokenKind::kRightParen}) {
      if (!TakeIf(kind)) {
        Unexpected("@", "timestamp");
        return false;
      }
    }
  } else {
    double sign = 1;
    if (Look().IsOp(BinaryOp::kAdd) || Look().IsOp(BinaryOp::kSub)) {
      sign = Take().op == BinaryOp::kSub ? -1 : 1;
    }
    if (!Look().Is(TokenKind::kNumber)) {
      Unexpected("@", "timestamp");
      return false;
    }
    const Token token = Take();
    const auto number = ParseNumberLiteral(token.text);
    if (!number) {
      Fail(token.pos, number.error().message());
      return false;
    }
    seconds = sign * *number;
  }
  if (!shift) {
    Fail(node.pos,
         "@ modifier must be preceded by an instant vector selector or range vector selector or "
         "a subquery");
    return false;
  }
  if (shift->at) {
    Fail(node.pos, "@ <timestamp> may not be set multiple times");
    return false;
  }
  // Milliseconds must fit, with room for offsets and ranges to be subtracted.
  constexpr double kMaxSeconds = 4e15;
  if (!(std::fabs(seconds) <= kMaxSeconds)) {
    Fail(node.pos, "timestamp out of bounds for @ modifier: " + std::to_string(seconds));
    return false;
  }
  at.t_ms = static_cast<std::int64_t>(std::round(seconds * 1000));
  shift->at = at;
  return true;
}

}  // namespace tocsin::promql
