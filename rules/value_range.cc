#include "rules/value_range.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "rules/promql/functions/catalog.h"

namespace tocsin {
namespace {

using promql::As;
using promql::BinaryOp;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct KnownRange {
  std::string_view name;
  ValueRange range;
};
// Whatever the arguments are.
constexpr std::array<KnownRange, 24> kFunctions{{
    {"rate", {0, kInfinity}},
    {"irate", {0, kInfinity}},
    {"increase", {0, kInfinity}},
    {"count_over_time", {1, kInfinity}},
    {"changes", {0, kInfinity}},
    {"resets", {0, kInfinity}},
    {"absent", {1, 1}},
    {"absent_over_time", {1, 1}},
    {"present_over_time", {1, 1}},
    {"stddev_over_time", {0, kInfinity}},
    {"stdvar_over_time", {0, kInfinity}},
    {"mad_over_time", {0, kInfinity}},
    {"abs", {0, kInfinity}},
    {"sqrt", {0, kInfinity}},
    {"exp", {0, kInfinity}},
    {"sgn", {-1, 1}},
    {"minute", {0, 59}},
    {"hour", {0, 23}},
    {"day_of_week", {0, 6}},
    {"day_of_month", {1, 31}},
    {"day_of_year", {1, 366}},
    {"days_in_month", {28, 31}},
    {"month", {1, 12}},
    {"histogram_fraction", {0, 1}},
}};
// Give values within the range of their first argument.
constexpr std::array<std::string_view, 12> kWithinArgument{
    "avg_over_time",   "min_over_time", "max_over_time", "last_over_time",
    "first_over_time", "vector",        "scalar",        "sort",
    "sort_desc",       "sort_by_label", "label_replace", "label_join"};

ValueRange OfSelector(const promql::VectorSelector& selector) {
  std::string_view name = selector.name;
  for (const Matcher& matcher : selector.matchers) {
    if (matcher.name() == kMetricName && matcher.op() == MatchOp::kEqual) name = matcher.value();
  }
  if (name == "up") return {0, 1};
  for (const std::string_view suffix : {"_total", "_bucket", "_count"}) {
    if (name.ends_with(suffix)) return {0, kInfinity};
  }
  return {};
}

/// The number that an expression is, or NaN.
double ConstantOf(const promql::Expr& expr) {
  const ValueRange range = RangeOf(expr);
  return range.low == range.high ? range.low : std::nan("");
}

ValueRange Clamped(const ValueRange& range, double low, double high) {
  // A bound that is not known may be anything.
  if (std::isnan(low)) low = -kInfinity;
  if (std::isnan(high)) high = kInfinity;
  return {std::clamp(range.low, low, std::max(low, high)),
          std::clamp(range.high, low, std::max(low, high))};
}

ValueRange OfCall(const promql::CallExpr& call) {
  const std::string_view name = call.function.name;
  for (const KnownRange& known : kFunctions) {
    if (known.name == name) return known.range;
  }
  const auto& args = call.args;
  if (std::find(kWithinArgument.begin(), kWithinArgument.end(), name) != kWithinArgument.end()) {
    return args.empty() ? ValueRange{} : RangeOf(*args[0]);
  }
  if (name == "clamp_min" && args.size() == 2) {
    const double low = ConstantOf(*args[1]);
    return std::isnan(low) ? ValueRange{} : Clamped(RangeOf(*args[0]), low, kInfinity);
  }
  if (name == "clamp_max" && args.size() == 2) {
    const double high = ConstantOf(*args[1]);
    return std::isnan(high) ? ValueRange{} : Clamped(RangeOf(*args[0]), -kInfinity, high);
  }
  if (name == "clamp" && args.size() == 3) {
    const double low = ConstantOf(*args[1]);
    const double high = ConstantOf(*args[2]);
    if (!std::isnan(low) && !std::isnan(high)) return Clamped(RangeOf(*args[0]), low, high);
  }
  if (name == "time" || name == "timestamp") return {0, kInfinity};
  return {};
}

ValueRange OfAggregate(const promql::AggregateExpr& aggregate) {
  const ValueRange inner = RangeOf(*aggregate.expr);
  switch (aggregate.op) {
    case promql::AggregateOp::kCount:
    case promql::AggregateOp::kCountValues:
      return {1, kInfinity};
    case promql::AggregateOp::kGroup:
      return {1, 1};
    case promql::AggregateOp::kStddev:
    case promql::AggregateOp::kStdvar:
      return {0, kInfinity};
    case promql::AggregateOp::kSum:
      return {inner.low >= 0 ? inner.low : -kInfinity, inner.high <= 0 ? inner.high : kInfinity};
    case promql::AggregateOp::kQuantile:
      return {};  // beyond 0 … 1 it is infinite
    default:
      return inner;
  }
}

/// 0 × ∞ does not happen to a value that lies within the bounds.
double Product(double a, double b) { return a == 0 || b == 0 ? 0 : a * b; }

ValueRange Multiplied(const ValueRange& a, const ValueRange& b) {
  const std::array<double, 4> corners{Product(a.low, b.low), Product(a.low, b.high),
                                      Product(a.high, b.low), Product(a.high, b.high)};
  const auto [low, high] = std::minmax_element(corners.begin(), corners.end());
  return {*low, *high};
}

ValueRange OfBinary(const promql::BinaryExpr& binary) {
  const ValueRange a = RangeOf(*binary.lhs);
  const ValueRange b = RangeOf(*binary.rhs);
  switch (binary.op) {
    case BinaryOp::kAdd:
      return {a.low + b.low, a.high + b.high};
    case BinaryOp::kSub:
      return {a.low - b.high, a.high - b.low};
    case BinaryOp::kMul:
      return Multiplied(a, b);
    case BinaryOp::kDiv:
      if (b.low > 0 || b.high < 0) return Multiplied(a, {1 / b.high, 1 / b.low});
      if (a.low >= 0 && b.low >= 0) return {0, kInfinity};
      return {};
    case BinaryOp::kAnd:
    case BinaryOp::kUnless:
      return a;
    case BinaryOp::kOr:
      return {std::min(a.low, b.low), std::max(a.high, b.high)};
    default:
      break;
  }
  if (!promql::IsComparison(binary.op)) return {};
  if (binary.return_bool || binary.type == promql::ValueType::kScalar) return {0, 1};
  // A filter gives the vector's side.
  return binary.lhs->type == promql::ValueType::kVector ? a : b;
}

}  // namespace

ValueRange RangeOf(const promql::Expr& expr) {
  switch (expr.kind) {
    case promql::NodeKind::kNumber: {
      const double value = As<promql::NumberLiteral>(expr).value;
      return {value, value};
    }
    case promql::NodeKind::kParen:
      return RangeOf(*As<promql::ParenExpr>(expr).expr);
    case promql::NodeKind::kUnary: {
      const auto& unary = As<promql::UnaryExpr>(expr);
      const ValueRange inner = RangeOf(*unary.expr);
      return unary.negate ? ValueRange{-inner.high, -inner.low} : inner;
    }
    case promql::NodeKind::kVectorSelector:
      return OfSelector(As<promql::VectorSelector>(expr));
    case promql::NodeKind::kMatrixSelector:
      return OfSelector(*As<promql::MatrixSelector>(expr).vector);
    case promql::NodeKind::kSubquery:
      return RangeOf(*As<promql::SubqueryExpr>(expr).expr);
    case promql::NodeKind::kCall:
      return OfCall(As<promql::CallExpr>(expr));
    case promql::NodeKind::kAggregate:
      return OfAggregate(As<promql::AggregateExpr>(expr));
    case promql::NodeKind::kBinary:
      return OfBinary(As<promql::BinaryExpr>(expr));
    case promql::NodeKind::kString:
      break;
  }
  return {};
}

Verdict Judge(BinaryOp op, const ValueRange& left, const ValueRange& right) {
  const bool undefined = std::isnan(left.low + left.high + right.low + right.high) &&
                         (std::isnan(left.low) || std::isnan(right.low));
  if (undefined) return op == BinaryOp::kNotEqual ? Verdict::kAlways : Verdict::kNever;
  const auto verdict = [](bool always, bool never) {
    return always ? Verdict::kAlways : never ? Verdict::kNever : Verdict::kDepends;
  };
  const bool apart = left.low > right.high || left.high < right.low;
  const bool same = left.low == left.high && right.low == right.high && left.low == right.low;
  switch (op) {
    case BinaryOp::kGreater:
      return verdict(left.low > right.high, left.high <= right.low);
    case BinaryOp::kGreaterEqual:
      return verdict(left.low >= right.high, left.high < right.low);
    case BinaryOp::kLess:
      return verdict(left.high < right.low, left.low >= right.high);
    case BinaryOp::kLessEqual:
      return verdict(left.high <= right.low, left.low > right.high);
    case BinaryOp::kEqual:
      return verdict(same, apart);
    case BinaryOp::kNotEqual:
      return verdict(apart, same);
    default:
      return Verdict::kDepends;
  }
}

}  // namespace tocsin
