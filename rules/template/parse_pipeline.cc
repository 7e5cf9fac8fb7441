// What stands inside actions: pipelines, commands, operands.

#include <algorithm>

#include "base/parse.h"
#include "rules/template/literal.h"
#include "rules/template/parser_class.h"

namespace tocsin::tmpl {
namespace {

std::vector<std::string> SplitPath(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const auto dot = std::min(path.find('.', 1), path.size());
    names.emplace_back(path.substr(path[0] == '.' ? 1 : 0, dot - (path[0] == '.' ? 1 : 0)));
    path.remove_prefix(dot);
  }
  return names;
}

}  // namespace

/// "$x :=", "$x =", and in range "$i, $x :=".
Status Parser::Declarations(Pipeline& pipeline, std::string_view context) {
  while (PeekNonSpace().kind == TokenKind::kVariable) {
    const std::size_t before = at_;
    const Token variable = Next();
    const Token& next = PeekNonSpace();
    const bool comma = next.kind == TokenKind::kOther && next.text == ",";
    const bool assign = next.kind == TokenKind::kAssign;
    if (!comma && !assign && next.kind != TokenKind::kDeclare) {
      at_ = before;  // an operand
      if (!pipeline.variables.empty()) return Unexpected(Peek(), context);
      return Unit{};
    }
    pipeline.variables.emplace_back(variable.text);
    variables_.emplace_back(variable.text);
    Next();
    if (!comma) {
      pipeline.assigns = assign;
      return Unit{};
    }
    if (context != "range" || pipeline.variables.size() > 1) {
      return At(variable.begin, "too many declarations in " + std::string(context));
    }
    const TokenKind kind = PeekNonSpace().kind;
    if (kind == TokenKind::kRightDelim || kind == TokenKind::kRightParen) return Unit{};
    if (kind != TokenKind::kVariable)
      return At(Peek().begin, "range can only initialize variables");
  }
  return Unit{};
}

/// Up to, not including, the right delimiter or parenthesis.
Result<std::unique_ptr<Pipeline>> Parser::ParsePipeline(std::string_view context) {
  auto pipeline = std::make_unique<Pipeline>();
  pipeline->begin = PeekNonSpace().begin;
  TRY(Declarations(*pipeline, context));
  while (true) {
    const Token& token = PeekNonSpace();
    if (token.kind == TokenKind::kRightDelim || token.kind == TokenKind::kRightParen) break;
    TRY_ASSIGN(Command command, ParseCommand());
    if (!pipeline->commands.empty()) {
      const ExprKind kind = command.operands[0].kind;
      if (kind == ExprKind::kBool || kind == ExprKind::kDot || kind == ExprKind::kNil ||
          kind == ExprKind::kNumber || kind == ExprKind::kString) {
        return At(command.begin, "what stands after a | must be a function, method or field");
      }
    }
    pipeline->commands.push_back(std::move(command));
  }
  if (pipeline->commands.empty()) {
    return At(Peek().begin, "missing value for " + std::string(context));
  }
  pipeline->end = pipeline->commands.back().end;
  return pipeline;
}

Result<Command> Parser::ParseCommand() {
  Command command;
  command.begin = PeekNonSpace().begin;
  while (true) {
    TRY_ASSIGN(std::optional<Expr> operand, Operand());
    if (operand) {
      command.end = operand->end;
      command.operands.push_back(*std::move(operand));
    }
    const Token& token = Peek();
    if (token.kind == TokenKind::kSpace) {
      Next();
      continue;
    }
    if (token.kind == TokenKind::kPipe) {
      Next();
      break;
    }
    if (token.kind == TokenKind::kRightDelim || token.kind == TokenKind::kRightParen) break;
    return Unexpected(token, "operand");
  }
  if (command.operands.empty()) return At(command.begin, "empty command");
  if (command.operands.size() == 1 && command.operands[0].kind == ExprKind::kNil) {
    return At(command.begin, "nil is not a command");
  }
  return command;
}

Result<std::optional<Expr>> Parser::Operand() {
  TRY_ASSIGN(std::optional<Expr> term, Term());
  if (!term || Peek().kind != TokenKind::kField) return term;
  std::vector<std::string> fields;
  const std::uint32_t begin = term->begin;
  std::uint32_t end = term->end;
  while (Peek().kind == TokenKind::kField) {
    end = Peek().end;
    fields.emplace_back(Next().text.substr(1));
  }
  switch (term->kind) {
    case ExprKind::kField:
    case ExprKind::kVariable:
      term->names.insert(term->names.end(), fields.begin(), fields.end());
      term->end = end;
      return term;
    case ExprKind::kPipeline:
    case ExprKind::kIdentifier: {
      Expr chain;
      chain.kind = ExprKind::kChain;
      chain.begin = begin;
      chain.end = end;
      chain.names = std::move(fields);
      chain.inner = std::make_unique<Expr>(*std::move(term));
      return std::optional<Expr>(std::move(chain));
    }
    default:
      return At(begin, "a literal, nil and . have no fields");
  }
}

Result<Expr> Parser::Identifier(const Token& token) const {
  Expr expr;
  expr.kind = ExprKind::kIdentifier;
  expr.begin = token.begin;
  expr.end = token.end;
  const FunctionSet* const own = options_.functions;
  expr.function = own ? own->Find(token.text) : nullptr;
  if (!expr.function) expr.function = BuiltinFunctions().Find(token.text);
  if (expr.function) return expr;
  std::string what = "function \"" + std::string(token.text) + "\" not defined";
  std::vector<std::string_view> known;
  for (const Function& f : BuiltinFunctions().all()) known.push_back(f.name);
  if (own) {
    for (const Function& f : own->all()) known.push_back(f.name);
  }
  if (const auto meant = NearestWord(token.text, known)) {
    what += "; did you mean \"" + std::string(*meant) + "\"?";
  }
  return At(token.begin, what);
}

Result<Expr> Parser::Literal(const Token& token) const {
  Expr expr;
  expr.begin = token.begin;
  expr.end = token.end;
  if (token.kind == TokenKind::kString || token.kind == TokenKind::kRawString) {
    auto text = Unquote(token.text);
    if (!text) return At(token.begin, "bad string " + std::string(token.text));
    expr.kind = ExprKind::kString;
    expr.literal = Value::String(*std::move(text));
    return expr;
  }
  const auto number =
      token.kind == TokenKind::kCharacter ? ParseCharacter(token.text) : ParseNumber(token.text);
  if (!number) return At(token.begin, "bad number or character " + std::string(token.text));
  expr.kind = ExprKind::kNumber;
  expr.number = *number;
  return expr;
}

Result<Expr> Parser::Parenthesized(const Token& open) {
  if (++depth_ > kMaxParseDepth) return At(open.begin, "parentheses nested too deeply");
  Expr expr;
  expr.kind = ExprKind::kPipeline;
  expr.begin = open.begin;
  TRY_ASSIGN(expr.pipeline, ParsePipeline("parenthesized pipeline"));
  const Token& close = NextNonSpace();
  if (close.kind != TokenKind::kRightParen) return Unexpected(close, "parenthesized pipeline");
  expr.end = close.end;
  --depth_;
  return expr;
}

/// Nothing if no operand stands here.
Result<std::optional<Expr>> Parser::Term() {
  const Token token = PeekNonSpace();
  Expr expr;
  expr.begin = token.begin;
  expr.end = token.end;
  switch (token.kind) {
    case TokenKind::kError:
      return At(token.begin, std::string(token.text));
    case TokenKind::kIdentifier: {
      TRY_ASSIGN(expr, Identifier(token));
      break;
    }
    case TokenKind::kDot:
      expr.kind = ExprKind::kDot;
      break;
    case TokenKind::kKeyword:
      if (token.text != "nil") return std::optional<Expr>{};
      break;
    case TokenKind::kBool:
      expr.kind = ExprKind::kBool;
      expr.literal = Value::Bool(token.text == "true");
      break;
    case TokenKind::kVariable:
      if (std::find(variables_.begin(), variables_.end(), token.text) == variables_.end()) {
        return At(token.begin, "undefined variable \"" + std::string(token.text) + "\"");
      }
      expr.kind = ExprKind::kVariable;
      expr.names.emplace_back(token.text);
      break;
    case TokenKind::kField:
      expr.kind = ExprKind::kField;
      expr.names = SplitPath(token.text);
      break;
    case TokenKind::kString:
    case TokenKind::kRawString:
    case TokenKind::kNumber:
    case TokenKind::kCharacter: {
      TRY_ASSIGN(expr, Literal(token));
      break;
    }
    case TokenKind::kLeftParen: {
      Next();
      TRY_ASSIGN(expr, Parenthesized(token));
      return std::optional<Expr>(std::move(expr));
    }
    default:
      return std::optional<Expr>{};
  }
  Next();
  return std::optional<Expr>(std::move(expr));
}

}  // namespace tocsin::tmpl
