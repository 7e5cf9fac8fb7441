#include <string>

#include "base/parse.h"
#include "rules/promql/parser.h"
#include "rules/rule_parse.h"

namespace tocsin {
namespace {

/// The part of `text` from a line and column (from 1) on.
std::string_view From(std::string_view text, int line, int column) {
  for (int i = 1; i < line; ++i) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  const auto skip = static_cast<std::size_t>(column - 1);
  return skip <= text.size() ? text.substr(skip) : std::string_view{};
}

/// Where in the file the fault of a scalar's text stands: exactly if the text stands there as it
/// is (in one line, quoted or not, or as a `|` block), otherwise where the scalar begins.
YamlNode PlaceOf(const RuleSource& source, const YamlNode& node, const promql::ParseError& error) {
  YamlNode place;
  place.line = node.line;
  place.column = node.column;
  std::string_view raw = From(source.text, node.line, node.column);
  if (raw.starts_with('|')) {
    const int line = node.line + static_cast<int>(error.line);
    raw = From(source.text, line, 1);
    const auto indent = raw.find_first_not_of(' ');
    if (indent == std::string_view::npos) return place;
    place.line = line;
    place.column = static_cast<int>(indent + error.column);
    return place;
  }
  const std::size_t quote = node.quoted && !raw.empty() ? 1 : 0;
  const std::string_view before = std::string_view(node.scalar).substr(0, error.pos.start);
  if (before.find('\n') == std::string_view::npos && raw.substr(quote).starts_with(before)) {
    place.column += static_cast<int>(quote + before.size());
  }
  return place;
}

/// The caret lines, set off from what stands around them.
std::string Indented(std::string_view text) {
  std::string out;
  while (!text.empty()) out.append("\n    ").append(TakeLine(text));
  return out;
}

}  // namespace

promql::ExprPtr ReadExpr(RuleSource& source, const YamlNode& node, std::string_view what) {
  if (!node.IsScalar()) {
    source.Fail(node, "expected an expression as a string in " + std::string(what));
    return nullptr;
  }
  if (node.scalar.empty()) {
    source.Fail(node, "the expr of " + std::string(what) + " is empty");
    return nullptr;
  }
  promql::ParseError fault;
  auto expr = promql::ParseExpr(node.scalar, {}, &fault);
  if (expr) return *std::move(expr);
  source.Fail(PlaceOf(source, node, fault), "in the expr of " + std::string(what) + ": " +
                                                fault.message + Indented(fault.Caret(node.scalar)));
  return nullptr;
}

bool IsFilter(const promql::Expr& expr) {
  const promql::Expr& inner = promql::Unparenthesized(expr);
  if (inner.kind != promql::NodeKind::kBinary) return false;
  const auto& binary = promql::As<promql::BinaryExpr>(inner);
  return promql::IsComparison(binary.op) && !binary.return_bool &&
         binary.type == promql::ValueType::kVector;
}

promql::ExprPtr PresenceOf(const promql::ExprPtr& expr) {
  if (expr->kind == promql::NodeKind::kParen) {
    return PresenceOf(promql::As<promql::ParenExpr>(*expr).expr);
  }
  if (expr->kind != promql::NodeKind::kBinary) return nullptr;
  const auto& binary = promql::As<promql::BinaryExpr>(*expr);
  if (binary.op == promql::BinaryOp::kAnd || binary.op == promql::BinaryOp::kUnless) {
    const promql::ExprPtr inner = PresenceOf(binary.lhs);
    return inner ? inner : binary.lhs;
  }
  // Between two vectors the matching decides which labels the result has.
  if (!IsFilter(*expr) || binary.matching) return nullptr;
  return binary.lhs->type == promql::ValueType::kVector ? binary.lhs : binary.rhs;
}

}  // namespace tocsin
