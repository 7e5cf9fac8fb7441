#pragma once
// What a leak: or exhaustion: rule asks for. Immutable.

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/matcher.h"
#include "rules/promql/ast.h"
#include "rules/trend/options.h"

namespace tocsin {

struct LeakSpec {
  enum class Kind : std::uint8_t {
    kLeak,        // the floor of the series grows, for no reason that can be seen
    kExhaustion,  // it grows at all: what it is for is of no interest, when it is full is
  };
  enum class LimitKind : std::uint8_t {
    kNumber,
    kExpr,
    /// memory.max of the cgroup with the labels of the series, else the host's MemTotal.
    kAuto,
    /// The series falls towards a number: time left, bytes available.
    kFalls,
  };
  enum class Unit : std::uint8_t { kCount, kBytes, kSeconds };
  /// Something of the same process that is told beside its growth.
  struct Beside {
    std::string name;
    promql::ExprPtr expr;
    Unit unit = Unit::kCount;
  };

  Kind kind = Kind::kLeak;
  Unit unit = Unit::kCount;
  std::string sensitivity;  // "low", "medium", "high"
  trend::DetectorOptions options;
  LimitKind limit_kind = LimitKind::kAuto;
  double limit_number = 0;  // kNumber; kFalls: where it ends
  promql::ExprPtr limit;    // kExpr, kAuto (memory.max)
  promql::ExprPtr total;    // kAuto (MemTotal)
  std::string limit_text;   // kExpr, as written
  promql::ExprPtr work;     // work a second; null: unknown
  promql::ExprPtr restart;  // changes when another process takes the series over; null: never
  std::vector<Beside> beside;
  /// Series with the same values of these labels are of the same program: what the one that has
  /// been there longest holds without growing is no leak of a younger one. Empty: none are.
  std::vector<std::string> siblings;
  /// Series that match all matchers of one of these are not followed.
  std::vector<std::vector<Matcher>> exclude;
};

}  // namespace tocsin
