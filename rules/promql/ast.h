#pragma once
// The syntax tree of a PromQL expression: immutable once parsed, shared by any number of threads.
// Every node knows its type and where it stands in the text it was parsed from.

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/matcher.h"

namespace tocsin::promql {

enum class ValueType : std::uint8_t { kScalar, kVector, kMatrix, kString };

/// Prometheus's names in error messages: "scalar", "instant vector", "range vector", "string".
std::string_view DocumentedType(ValueType type);
/// Prometheus's names in API answers: "scalar", "vector", "matrix", "string".
std::string_view ApiType(ValueType type);

/// Byte offsets into the parsed text; `end` is exclusive.
struct PosRange {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
};

enum class BinaryOp : std::uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kAtan2,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAnd,
  kOr,
  kUnless,
};
/// As written in a query: "+", "==", "unless".
std::string_view BinaryOpText(BinaryOp op);
constexpr bool IsComparison(BinaryOp op) {
  return op >= BinaryOp::kEqual && op <= BinaryOp::kGreaterEqual;
}
constexpr bool IsSetOperator(BinaryOp op) { return op >= BinaryOp::kAnd; }

enum class AggregateOp : std::uint8_t {
  kSum,
  kAvg,
  kMin,
  kMax,
  kCount,
  kGroup,
  kStddev,
  kStdvar,
  kTopK,
  kBottomK,
  kCountValues,
  kQuantile,
  kLimitK,
  kLimitRatio,
};
std::string_view AggregateOpText(AggregateOp op);
/// topk, bottomk, limitk and limit_ratio pass samples through with all their labels.
constexpr bool SelectsSamples(AggregateOp op) {
  return op == AggregateOp::kTopK || op == AggregateOp::kBottomK || op == AggregateOp::kLimitK ||
         op == AggregateOp::kLimitRatio;
}

enum class NodeKind : std::uint8_t {
  kNumber,
  kString,
  kVectorSelector,
  kMatrixSelector,
  kSubquery,
  kParen,
  kUnary,
  kBinary,
  kAggregate,
  kCall,
};

struct FunctionSpec;  // functions/catalog.h

/// Nodes are changed only by the parser that makes them; everybody else holds them as const.
struct Expr {
  const NodeKind kind;
  const ValueType type;
  PosRange pos;
  std::uint32_t height = 1;  // nodes on the longest path down; at most ParseOptions::max_depth

  Expr(NodeKind k, ValueType t, PosRange p) : kind(k), type(t), pos(p) {}
  Expr(const Expr&) = delete;
  Expr& operator=(const Expr&) = delete;
  virtual ~Expr() = default;
};
using ExprPtr = std::shared_ptr<const Expr>;

/// The node as what its kind says it is; asserts that it is that.
template <class T>
const T& As(const Expr& expr) {
  assert(expr.kind == T::kKind);
  return static_cast<const T&>(expr);
}

struct NumberLiteral final : Expr {
  static constexpr NodeKind kKind = NodeKind::kNumber;
  NumberLiteral(double v, bool duration, PosRange p)
      : Expr(kKind, ValueType::kScalar, p), value(v), is_duration(duration) {}
  double value;
  bool is_duration;  // written as "5m"
};

struct StringLiteral final : Expr {
  static constexpr NodeKind kKind = NodeKind::kString;
  StringLiteral(std::string v, PosRange p)
      : Expr(kKind, ValueType::kString, p), value(std::move(v)) {}
  std::string value;  // unescaped
};

/// `@` of a selector or subquery.
struct AtModifier {
  enum class Kind : std::uint8_t { kTime, kStart, kEnd };
  Kind kind = Kind::kTime;
  std::int64_t t_ms = 0;  // kTime only
};

/// offset and @ of a selector or subquery, in either order in the text.
struct TimeShift {
  std::int64_t offset_ms = 0;  // negative: looks ahead
  std::optional<AtModifier> at;
};

struct VectorSelector final : Expr {
  static constexpr NodeKind kKind = NodeKind::kVectorSelector;
  VectorSelector(std::string n, std::vector<Matcher> m, PosRange p)
      : Expr(kKind, ValueType::kVector, p), name(std::move(n)), matchers(std::move(m)) {}
  std::string name;               // what stands before the braces; empty if the name is within
  std::vector<Matcher> matchers;  // that of `name` included, last
  TimeShift shift;
};

struct MatrixSelector final : Expr {
  static constexpr NodeKind kKind = NodeKind::kMatrixSelector;
  MatrixSelector(std::shared_ptr<const VectorSelector> v, std::int64_t r, PosRange p)
      : Expr(kKind, ValueType::kMatrix, p), vector(std::move(v)), range_ms(r) {
    height = 2;
  }
  std::shared_ptr<const VectorSelector> vector;  // carries the shift
  std::int64_t range_ms;
};

struct SubqueryExpr final : Expr {
  static constexpr NodeKind kKind = NodeKind::kSubquery;
  SubqueryExpr(ExprPtr e, std::int64_t range, std::int64_t step, PosRange p)
      : Expr(kKind, ValueType::kMatrix, p), expr(std::move(e)), range_ms(range), step_ms(step) {
    height = expr->height + 1;
  }
  ExprPtr expr;
  std::int64_t range_ms;
  std::int64_t step_ms;  // 0: the engine's default
  TimeShift shift;
};

struct ParenExpr final : Expr {
  static constexpr NodeKind kKind = NodeKind::kParen;
  ParenExpr(ExprPtr e, PosRange p) : Expr(kKind, e->type, p), expr(std::move(e)) {
    height = expr->height + 1;
  }
  ExprPtr expr;
};

struct UnaryExpr final : Expr {
  static constexpr NodeKind kKind = NodeKind::kUnary;
  UnaryExpr(bool minus, ExprPtr e, PosRange p)
      : Expr(kKind, e->type, p), negate(minus), expr(std::move(e)) {
    height = expr->height + 1;
  }
  bool negate;  // false: a unary plus
  ExprPtr expr;
};

enum class Cardinality : std::uint8_t { kOneToOne, kManyToOne, kOneToMany, kManyToMany };

/// on/ignoring and group_left/group_right.
struct VectorMatching {
  Cardinality cardinality = Cardinality::kOneToOne;
  bool on = false;                  // otherwise `labels` are ignored
  std::vector<std::string> labels;  // as written
  std::vector<std::string> include;
};

struct BinaryExpr final : Expr {
  static constexpr NodeKind kKind = NodeKind::kBinary;
  BinaryExpr(BinaryOp o, ExprPtr l, ExprPtr r, bool return_b, std::optional<VectorMatching> m,
             ValueType t, PosRange p)
      : Expr(kKind, t, p),
        op(o),
        lhs(std::move(l)),
        rhs(std::move(r)),
        return_bool(return_b),
        matching(std::move(m)) {
    height = std::max(lhs->height, rhs->height) + 1;
  }
  BinaryOp op;
  ExprPtr lhs;
  ExprPtr rhs;
  bool return_bool;
  std::optional<VectorMatching> matching;  // set if and only if both sides are vectors
};

struct AggregateExpr final : Expr {
  static constexpr NodeKind kKind = NodeKind::kAggregate;
  AggregateExpr(AggregateOp o, ExprPtr e, ExprPtr param, std::vector<std::string> labels, bool wo,
                PosRange p)
      : Expr(kKind, ValueType::kVector, p),
        op(o),
        expr(std::move(e)),
        parameter(std::move(param)),
        grouping(std::move(labels)),
        without(wo) {
    height = std::max(expr->height, parameter ? parameter->height : 0) + 1;
  }
  AggregateOp op;
  ExprPtr expr;
  ExprPtr parameter;  // null unless the operator takes one
  std::vector<std::string> grouping;
  bool without;
};

struct CallExpr final : Expr {
  static constexpr NodeKind kKind = NodeKind::kCall;
  CallExpr(const FunctionSpec& f, ValueType t, std::vector<ExprPtr> a, PosRange p)
      : Expr(kKind, t, p), function(f), args(std::move(a)) {
    for (const ExprPtr& arg : args) height = std::max(height, arg->height + 1);
  }
  const FunctionSpec& function;  // a row of the static catalog
  std::vector<ExprPtr> args;
};

/// The expression inside any parentheses.
const Expr& Unparenthesized(const Expr& expr);

/// Direct children, in the order of the text.
std::vector<const Expr*> Children(const Expr& expr);

/// Every vector selector of the tree (those of matrix selectors included), in the order of the
/// text.
std::vector<const VectorSelector*> Selectors(const Expr& expr);

}  // namespace tocsin::promql
