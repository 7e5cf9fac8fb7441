// Operators, calls, aggregations and literals.

#include <algorithm>
#include <array>
#include <cassert>

#include "metrics/names.h"
#include "rules/promql/functions/catalog.h"
#include "rules/promql/parser_state.h"
#include "rules/promql/quote.h"

namespace tocsin::promql {

class Parser::Nesting {
 public:
  explicit Nesting(Parser& parser) : parser_(parser) { ++parser_.depth_; }
  ~Nesting() { --parser_.depth_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;
  bool TooDeep() const { return parser_.depth_ > parser_.options_.max_depth; }

 private:
  Parser& parser_;
};

namespace {

constexpr int kPowPrecedence = 6;

int Precedence(BinaryOp op) {
  switch (op) {
    case BinaryOp::kOr:
      return 1;
    case BinaryOp::kAnd:
    case BinaryOp::kUnless:
      return 2;
    case BinaryOp::kAdd:
    case BinaryOp::kSub:
      return 4;
    case BinaryOp::kMul:
    case BinaryOp::kDiv:
    case BinaryOp::kMod:
    case BinaryOp::kAtan2:
      return 5;
    case BinaryOp::kPow:
      return kPowPrecedence;
    default:
      return 3;  // comparisons
  }
}

bool TakesParameter(AggregateOp op) {
  return SelectsSamples(op) || op == AggregateOp::kQuantile || op == AggregateOp::kCountValues;
}

bool IsOperand(ValueType type) { return type == ValueType::kScalar || type == ValueType::kVector; }

}  // namespace

ExprPtr Parser::ParseBinary(int min_precedence) {
  const Nesting nesting(*this);
  if (nesting.TooDeep()) {
    return Fail(Look().pos, "expression is nested too deeply: the limit is " +
                                std::to_string(options_.max_depth) + " levels");
  }
  ExprPtr lhs = ParseUnary();
  while (lhs && Look().Is(TokenKind::kBinaryOp) && Precedence(Look().op) >= min_precedence) {
    const Token op = Take();
    bool return_bool = false;
    auto matching = ParseMatching(return_bool);
    if (!matching) return nullptr;
    const int precedence = Precedence(op.op);
    ExprPtr rhs = ParseBinary(op.op == BinaryOp::kPow ? precedence : precedence + 1);
    if (!rhs) return nullptr;
    lhs = MakeBinary(op, std::move(lhs), std::move(rhs), return_bool, *std::move(matching));
  }
  return lhs;
}

std::optional<VectorMatching> Parser::ParseMatching(bool& return_bool) {
  VectorMatching matching;
  return_bool = TakeIf(TokenKind::kBool);
  if (!Look().Is(TokenKind::kOn) && !Look().Is(TokenKind::kIgnoring)) return matching;
  matching.on = Take().Is(TokenKind::kOn);
  auto labels = ParseLabelList();
  if (!labels) return std::nullopt;
  matching.labels = *std::move(labels);
  if (!Look().Is(TokenKind::kGroupLeft) && !Look().Is(TokenKind::kGroupRight)) return matching;
  matching.cardinality =
      Take().Is(TokenKind::kGroupLeft) ? Cardinality::kManyToOne : Cardinality::kOneToMany;
  if (!Look().Is(TokenKind::kLeftParen)) return matching;
  auto include = ParseLabelList();
  if (!include) return std::nullopt;
  matching.include = *std::move(include);
  return matching;
}

std::optional<std::vector<std::string>> Parser::ParseLabelList() {
  const auto fail = [this](std::string_view expected) {
    Unexpected("grouping opts", expected);
    return std::nullopt;
  };
  if (!TakeIf(TokenKind::kLeftParen)) return fail("\"(\"");
  std::vector<std::string> labels;
  while (!Look().Is(TokenKind::kRightParen)) {
    if (Look().Is(TokenKind::kString)) {
      auto name = Unquote(Look().text);
      if (!name || name->empty()) return fail("label");
      labels.push_back(*std::move(name));
    } else if (IsNameWord(Look(), false) && IsLabelName(Look().text)) {
      labels.push_back(Look().text);
    } else {
      return fail("label");
    }
    Take();
    if (Look().Is(TokenKind::kRightParen)) break;
    if (!TakeIf(TokenKind::kComma)) return fail("\",\" or \")\"");
  }
  Take();
  return labels;
}

ExprPtr Parser::MakeBinary(const Token& op, ExprPtr lhs, ExprPtr rhs, bool return_bool,
                           VectorMatching matching) {
  const PosRange pos{lhs->pos.start, rhs->pos.end};
  const ValueType left = lhs->type;
  const ValueType right = rhs->type;
  const bool scalars = left == ValueType::kScalar && right == ValueType::kScalar;
  if (return_bool && !IsComparison(op.op)) {
    TypeError(op.pos, "bool modifier can only be used on comparison operators");
  }
  if (IsComparison(op.op) && !return_bool && scalars) {
    TypeError(op.pos, "comparisons between scalars must use BOOL modifier");
  }
  if (matching.on) {
    for (const std::string& label : matching.labels) {
      if (std::find(matching.include.begin(), matching.include.end(), label) !=
          matching.include.end()) {
        TypeError(op.pos,
                  "label " + GoQuoted(label) + " must not occur in ON and GROUP clause at once");
      }
    }
  }
  for (const Expr* side : {lhs.get(), rhs.get()}) {
    if (!IsOperand(side->type)) {
      TypeError(side->pos, "binary expression must contain only scalar and instant vector types");
    }
  }
  const bool vectors = left == ValueType::kVector && right == ValueType::kVector;
  const bool grouped = matching.cardinality != Cardinality::kOneToOne;
  if (!vectors && !matching.labels.empty()) {
    TypeError(pos, "vector matching only allowed between instant vectors");
  }
  if (vectors && IsSetOperator(op.op)) {
    if (grouped) {
      TypeError(pos, "no grouping allowed for " + GoQuoted(BinaryOpText(op.op)) + " operation");
    }
    matching.cardinality = Cardinality::kManyToMany;
  }
  if (!vectors && IsSetOperator(op.op)) {
    TypeError(pos, "set operator " + GoQuoted(BinaryOpText(op.op)) +
                       " not allowed in binary scalar expression");
  }
  std::optional<VectorMatching> kept;
  if (vectors) kept = std::move(matching);
  return Checked(std::make_shared<BinaryExpr>(
      op.op, std::move(lhs), std::move(rhs), return_bool, std::move(kept),
      scalars ? ValueType::kScalar : ValueType::kVector, pos));
}

ExprPtr Parser::ParseUnary() {
  if (!Look().IsOp(BinaryOp::kAdd) && !Look().IsOp(BinaryOp::kSub)) return ParsePostfix();
  const Token sign = Take();
  // Binds as * does: -2^2 is -(2^2), -a * b is (-a) * b.
  const ExprPtr operand = ParseBinary(kPowPrecedence);
  if (!operand) return nullptr;
  const PosRange pos{sign.pos.start, operand->pos.end};
  const bool minus = sign.op == BinaryOp::kSub;
  if (operand->kind == NodeKind::kNumber) {
    const auto& number = As<NumberLiteral>(*operand);
    return std::make_shared<NumberLiteral>(minus ? -number.value : number.value, number.is_duration,
                                           pos);
  }
  if (!IsOperand(operand->type)) {
    TypeError(pos,
              "unary expression only allowed on expressions of type scalar or instant vector, "
              "got " +
                  GoQuoted(DocumentedType(operand->type)));
  }
  return Checked(std::make_shared<UnaryExpr>(minus, operand, pos));
}

ExprPtr Parser::ParsePrimary() {
  const Token& token = Look();
  switch (token.kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return ParseNumber();
    case TokenKind::kString:
      return ParseString();
    case TokenKind::kLeftParen:
      return ParseParen();
    default:
      return UnexpectedHere();
  }
}

ExprPtr Parser::ParseNumber() {
  if (Look().Is(TokenKind::kDuration)) {
    const auto duration = ParseDurationLiteral(context_, {});
    if (!duration) return nullptr;
    return std::make_shared<NumberLiteral>(static_cast<double>(duration->ms) / 1000, true,
                                           duration->pos);
  }
  const Token token = Take();
  const auto value = ParseNumberLiteral(token.text);
  if (!value) return Fail(token.pos, value.error().message());
  return std::make_shared<NumberLiteral>(*value, false, token.pos);
}

ExprPtr Parser::ParseString() {
  const Token token = Take();
  auto value = Unquote(token.text);
  if (!value) {
    return Fail(token.pos,
                "error unquoting string " + GoQuoted(token.text) + ": " + value.error().message());
  }
  return std::make_shared<StringLiteral>(*std::move(value), token.pos);
}

ExprPtr Parser::ParseParen() {
  const Token open = Take();
  ExprPtr inner = ParseBinary(0);
  if (!inner) return nullptr;
  if (!Look().Is(TokenKind::kRightParen)) return UnexpectedHere();
  const Token close = Take();
  return Checked(
      std::make_shared<ParenExpr>(std::move(inner), PosRange{open.pos.start, close.pos.end}));
}

std::optional<std::vector<ExprPtr>> Parser::ParseArguments() {
  assert(Look().Is(TokenKind::kLeftParen));
  Take();
  std::vector<ExprPtr> args;
  while (!Look().Is(TokenKind::kRightParen)) {
    ExprPtr arg = ParseBinary(0);
    if (!arg) return std::nullopt;
    args.push_back(std::move(arg));
    if (Look().Is(TokenKind::kRightParen)) break;
    if (!Look().Is(TokenKind::kComma)) {
      UnexpectedHere();
      return std::nullopt;
    }
    const Token comma = Take();
    if (Look().Is(TokenKind::kRightParen)) {
      Fail(comma.pos, "trailing commas not allowed in function call args");
      return std::nullopt;
    }
  }
  Take();
  return args;
}

ExprPtr Parser::ParseCall(Token name) {
  auto args = ParseArguments();
  if (!args) return nullptr;
  const FunctionSpec* function = FindFunction(name.text);
  if (!function) return Fail(name.pos, "unknown function with name " + GoQuoted(name.text));
  if (std::holds_alternative<NativeHistogramFunction>(function->compute)) {
    return Fail(name.pos, "function " + GoQuoted(name.text) +
                              " works on native histograms, which are not supported");
  }
  const PosRange pos{name.pos.start, last_closing_};
  const auto call = std::make_shared<CallExpr>(*function, function->returns, *std::move(args), pos);
  CheckCall(*call);
  return Checked(call);
}

void Parser::CheckCall(const CallExpr& call) {
  const FunctionSpec& f = call.function;
  const std::size_t got = call.args.size();
  const std::size_t needed = f.variadic == 0 ? f.arg_count : f.arg_count - 1u;
  const auto wrong_count = [&](std::string_view bound, std::size_t expected) {
    TypeError(call.pos, "expected " + std::string(bound) + std::to_string(expected) +
                            " argument(s) in call to " + GoQuoted(f.name) + ", got " +
                            std::to_string(got));
  };
  if (f.variadic == 0 && got != needed) {
    wrong_count("", needed);
  } else if (got < needed) {
    wrong_count("at least ", needed);
  } else if (f.variadic > 0 && got > needed + static_cast<std::size_t>(f.variadic)) {
    wrong_count("at most ", needed + static_cast<std::size_t>(f.variadic));
  }
  for (std::size_t i = 0; i < got && f.arg_count > 0; ++i) {
    if (i >= f.arg_count && f.variadic == 0) break;
    const ValueType wanted = f.arg_types[std::min<std::size_t>(i, f.arg_count - 1u)];
    if (call.args[i]->type != wanted) {
      TypeError(call.args[i]->pos, "expected type " + std::string(DocumentedType(wanted)) +
                                       " in call to function " + GoQuoted(f.name) + ", got " +
                                       std::string(DocumentedType(call.args[i]->type)));
    }
    // Strings have no operators: an argument that is one is a literal.
    assert(type_error_ || call.args[i]->type != ValueType::kString ||
           Unparenthesized(*call.args[i]).kind == NodeKind::kString);
  }
  if (f.name == "info" && got > 1) {
    const Expr& selector = *call.args[1];
    if (selector.kind != NodeKind::kVectorSelector) {
      TypeError(selector.pos, "expected label selectors only");
    } else if (!As<VectorSelector>(selector).name.empty()) {
      TypeError(selector.pos, "expected label selectors only, got vector selector instead");
    } else if (type_error_ && type_error_->pos.start == selector.pos.start) {
      type_error_.reset();  // this one selector may match everything
    }
  }
}

ExprPtr Parser::ParseAggregate() {
  const Token op = Take();
  const std::string_view outer = std::exchange(context_, "aggregation");
  bool without = false;
  bool modified = false;
  std::vector<std::string> grouping;
  const auto parse_modifier = [&] {
    if (!Look().Is(TokenKind::kBy) && !Look().Is(TokenKind::kWithout)) return true;
    modified = true;
    without = Take().Is(TokenKind::kWithout);
    auto labels = ParseLabelList();
    if (!labels) return false;
    grouping = *std::move(labels);
    return true;
  };
  if (!parse_modifier()) return nullptr;
  if (!Look().Is(TokenKind::kLeftParen)) return UnexpectedHere();
  auto args = ParseArguments();
  if (!args) return nullptr;
  if (!modified && !parse_modifier()) return nullptr;
  context_ = outer;
  const PosRange pos{op.pos.start, last_closing_};
  if (args->empty()) return Fail(pos, "no arguments for aggregate expression provided");
  const std::size_t wanted = TakesParameter(op.aggregate) ? 2 : 1;
  if (args->size() != wanted) {
    return Fail(pos, "wrong number of arguments for aggregate expression provided, expected " +
                         std::to_string(wanted) + ", got " + std::to_string(args->size()));
  }
  ExprPtr parameter = wanted == 2 ? std::move(args->front()) : nullptr;
  const auto aggregate =
      std::make_shared<AggregateExpr>(op.aggregate, std::move(args->back()), std::move(parameter),
                                      std::move(grouping), without, pos);
  CheckAggregate(*aggregate);
  return Checked(aggregate);
}

void Parser::CheckAggregate(const AggregateExpr& aggregate) {
  const auto expect = [&](const Expr& node, ValueType wanted, std::string_view context) {
    if (node.type == wanted) return;
    TypeError(node.pos, "expected type " + std::string(DocumentedType(wanted)) + " in " +
                            std::string(context) + ", got " +
                            std::string(DocumentedType(node.type)));
  };
  expect(*aggregate.expr, ValueType::kVector, "aggregation expression");
  if (aggregate.parameter) {
    expect(*aggregate.parameter,
           aggregate.op == AggregateOp::kCountValues ? ValueType::kString : ValueType::kScalar,
           "aggregation parameter");
  }
}

}  // namespace tocsin::promql
