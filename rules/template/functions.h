#pragma once
// The functions that templates call.

#include <span>
#include <string_view>

#include "rules/template/types.h"

namespace tocsin::tmpl {

/// A table of functions, sorted or not; static.
class FunctionSet {
 public:
  explicit constexpr FunctionSet(std::span<const Function> functions) : functions_(functions) {}
  const Function* Find(std::string_view name) const { return FindFunction(functions_, name); }
  std::span<const Function> all() const { return functions_; }

 private:
  std::span<const Function> functions_;
};

/// Go's own: and or not eq ne lt le gt ge len index slice print printf println html js urlquery
/// call. `and` and `or` have no callee: they evaluate only as many operands as they need.
const FunctionSet& BuiltinFunctions();

}  // namespace tocsin::tmpl
