#pragma once
// The table of all functions: one row has a function's signature and what computes it. A new
// function is one function in a file of its family and one row in catalog.cc.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "rules/promql/ast.h"
#include "rules/promql/functions/kinds.h"

namespace tocsin::promql {

inline constexpr int kUnlimited = -1;

/// Argument types as Prometheus writes them down: with `variadic` 0 all of `args` are needed; above
/// 0 the last of them may be left out or stand up to `variadic` times; kUnlimited: any number of
/// times.
struct FunctionSpec {
  std::string_view name;
  std::array<ValueType, 5> arg_types;
  std::uint8_t arg_count;
  std::int8_t variadic;
  ValueType returns;
  FunctionKind compute;
  /// Set if the result depends on when it is evaluated even if the arguments do not (time()).
  bool uses_time = false;
  /// Tocsin's own: no other engine knows it.
  bool extension = false;

  std::span<const ValueType> Args() const { return {arg_types.data(), arg_count}; }
};

/// The row of a function, or null.
const FunctionSpec* FindFunction(std::string_view name);

/// All rows, sorted by name.
std::span<const FunctionSpec> AllFunctions();

}  // namespace tocsin::promql
