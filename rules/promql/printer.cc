#include "rules/promql/printer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "base/format.h"
#include "base/parse.h"
#include "metrics/names.h"
#include "rules/promql/functions/catalog.h"
#include "rules/promql/parser.h"
#include "rules/promql/quote.h"

namespace tocsin::promql {
namespace {

/// Prettify breaks what is longer.
constexpr std::size_t kMaxColumns = 100;

void Print(const Expr& expr, std::string& out);

std::string Duration(std::int64_t ms) { return FormatDuration(std::chrono::milliseconds(ms)); }

void PrintLabelName(std::string_view name, std::string& out) {
  if (IsLabelName(name)) {
    out += name;
  } else {
    AppendGoQuoted(name, out);
  }
}

void PrintLabelList(const std::vector<std::string>& names, std::string& out) {
  out += '(';
  std::string_view separator;
  for (const std::string& name : names) {
    out += separator;
    PrintLabelName(name, out);
    separator = ", ";
  }
  out += ')';
}

void PrintAt(const TimeShift& shift, std::string& out) {
  if (!shift.at) return;
  switch (shift.at->kind) {
    case AtModifier::Kind::kStart:
      out += " @ start()";
      return;
    case AtModifier::Kind::kEnd:
      out += " @ end()";
      return;
    case AtModifier::Kind::kTime: {
      std::array<char, 64> text;
      const auto [end, ec] =
          std::to_chars(text.data(), text.data() + text.size(),
                        static_cast<double>(shift.at->t_ms) / 1000, std::chars_format::fixed, 3);
      out.append(" @ ").append(text.data(), end);
      return;
    }
  }
}

void PrintShift(const TimeShift& shift, std::string& out) {
  PrintAt(shift, out);
  if (shift.offset_ms > 0) out += " offset " + Duration(shift.offset_ms);
  if (shift.offset_ms < 0) out += " offset -" + Duration(-shift.offset_ms);
}

void PrintMatchers(const VectorSelector& selector, std::string& out) {
  std::vector<std::string> matchers;
  for (const Matcher& m : selector.matchers) {
    if (m.name() == kMetricName && m.op() == MatchOp::kEqual && !selector.name.empty() &&
        m.value() == selector.name) {
      continue;
    }
    std::string text;
    PrintLabelName(m.name(), text);
    text += MatchOpText(m.op());
    AppendGoQuoted(m.value(), text);
    matchers.push_back(std::move(text));
  }
  if (matchers.empty()) {
    if (selector.name.empty()) out += "{}";
    return;
  }
  std::sort(matchers.begin(), matchers.end());
  char separator = '{';
  for (const std::string& text : matchers) {
    out += separator;
    out += text;
    separator = ',';
  }
  out += '}';
}

void PrintRange(const SubqueryExpr& subquery, std::string& out) {
  out += '[' + Duration(subquery.range_ms) + ':';
  if (subquery.step_ms != 0) out += Duration(subquery.step_ms);
  out += ']';
  PrintShift(subquery.shift, out);
}

/// `== bool on (x) group_left ()`.
std::string Operator(const BinaryExpr& binary) {
  std::string out(BinaryOpText(binary.op));
  if (binary.return_bool) out += " bool";
  if (!binary.matching) return out;
  const VectorMatching& matching = *binary.matching;
  const bool grouped = matching.cardinality == Cardinality::kManyToOne ||
                       matching.cardinality == Cardinality::kOneToMany;
  if (!matching.labels.empty() || matching.on || grouped) {
    out += matching.on ? " on " : " ignoring ";
    PrintLabelList(matching.labels, out);
  }
  if (grouped) {
    out += matching.cardinality == Cardinality::kManyToOne ? " group_left " : " group_right ";
    PrintLabelList(matching.include, out);
  }
  return out;
}

/// `sum by (x) `.
std::string Aggregator(const AggregateExpr& aggregate) {
  std::string out(AggregateOpText(aggregate.op));
  if (!aggregate.without && aggregate.grouping.empty()) return out;
  out += aggregate.without ? " without " : " by ";
  PrintLabelList(aggregate.grouping, out);
  return out + ' ';
}

void PrintNumber(const NumberLiteral& number, std::string& out) {
  if (!number.is_duration) {
    AppendGoFixed(number.value, out);
    return;
  }
  if (number.value < 0) out += '-';
  out += Duration(std::llround(std::fabs(number.value) * 1000));
}

void PrintArguments(const CallExpr& call, std::string& out) {
  std::string_view separator;
  for (const ExprPtr& arg : call.args) {
    out += separator;
    Print(*arg, out);
    separator = ", ";
  }
}

void Print(const Expr& expr, std::string& out) {
  switch (expr.kind) {
    case NodeKind::kNumber:
      PrintNumber(As<NumberLiteral>(expr), out);
      return;
    case NodeKind::kString:
      AppendGoQuoted(As<StringLiteral>(expr).value, out);
      return;
    case NodeKind::kVectorSelector: {
      const auto& selector = As<VectorSelector>(expr);
      out += selector.name;
      PrintMatchers(selector, out);
      PrintShift(selector.shift, out);
      return;
    }
    case NodeKind::kMatrixSelector: {
      const auto& matrix = As<MatrixSelector>(expr);
      out += matrix.vector->name;
      PrintMatchers(*matrix.vector, out);
      out += '[' + Duration(matrix.range_ms) + ']';
      PrintShift(matrix.vector->shift, out);
      return;
    }
    case NodeKind::kSubquery:
      Print(*As<SubqueryExpr>(expr).expr, out);
      PrintRange(As<SubqueryExpr>(expr), out);
      return;
    case NodeKind::kParen:
      out += '(';
      Print(*As<ParenExpr>(expr).expr, out);
      out += ')';
      return;
    case NodeKind::kUnary:
      out += As<UnaryExpr>(expr).negate ? '-' : '+';
      Print(*As<UnaryExpr>(expr).expr, out);
      return;
    case NodeKind::kBinary: {
      const auto& binary = As<BinaryExpr>(expr);
      Print(*binary.lhs, out);
      out += ' ' + Operator(binary) + ' ';
      Print(*binary.rhs, out);
      return;
    }
    case NodeKind::kAggregate: {
      const auto& aggregate = As<AggregateExpr>(expr);
      out += Aggregator(aggregate) + '(';
      if (aggregate.parameter) {
        Print(*aggregate.parameter, out);
        out += ", ";
      }
      Print(*aggregate.expr, out);
      out += ')';
      return;
    }
    case NodeKind::kCall: {
      const auto& call = As<CallExpr>(expr);
      out.append(call.function.name) += '(';
      PrintArguments(call, out);
      out += ')';
      return;
    }
  }
}

std::string Indent(std::size_t level) { return std::string(2 * level, ' '); }

void PrettyPrint(const Expr& expr, std::size_t level, std::string& out);

/// `head(`, the children indented, `)`.
void PrettyCall(std::string_view head, const std::vector<const Expr*>& children, std::size_t level,
                std::string& out) {
  out.append(Indent(level)).append(head) += '(';
  std::string_view separator = "\n";
  for (const Expr* child : children) {
    out += separator;
    PrettyPrint(*child, level + 1, out);
    separator = ",\n";
  }
  out.append("\n").append(Indent(level)) += ')';
}

void PrettyPrint(const Expr& expr, std::size_t level, std::string& out) {
  const std::string line = ToString(expr);
  if (line.size() > kMaxColumns) {
    switch (expr.kind) {
      case NodeKind::kAggregate:
        return PrettyCall(Aggregator(As<AggregateExpr>(expr)), Children(expr), level, out);
      case NodeKind::kCall:
        return PrettyCall(As<CallExpr>(expr).function.name, Children(expr), level, out);
      case NodeKind::kParen:
        return PrettyCall("", Children(expr), level, out);
      case NodeKind::kBinary: {
        const auto& binary = As<BinaryExpr>(expr);
        PrettyPrint(*binary.lhs, level + 1, out);
        out += "\n" + Indent(level) + Operator(binary) + "\n";
        PrettyPrint(*binary.rhs, level + 1, out);
        return;
      }
      case NodeKind::kSubquery:
        PrettyPrint(*As<SubqueryExpr>(expr).expr, level, out);
        PrintRange(As<SubqueryExpr>(expr), out);
        return;
      case NodeKind::kUnary: {
        const std::size_t at = out.size() + 2 * level;
        PrettyPrint(*As<UnaryExpr>(expr).expr, level, out);
        out.insert(at, 1, As<UnaryExpr>(expr).negate ? '-' : '+');
        return;
      }
      default:
        break;
    }
  }
  out += Indent(level) + line;
}

}  // namespace

std::string ToString(const Expr& expr) {
  std::string out;
  Print(expr, out);
  return out;
}

std::string Prettify(const Expr& expr) {
  std::string out;
  PrettyPrint(expr, 0, out);
  return out;
}

}  // namespace tocsin::promql
