#pragma once
// The Go types that values of templates have: their names, methods and how they print.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rules/template/value.h"

namespace tocsin::tmpl {

struct Environment;

/// What a parameter of a function or method accepts.
enum class Param : std::uint8_t {
  kAny,
  kString,
  kInt,
  kFloat,
  kStrings,   // []string
  kSamples,   // what `query` returns
  kSample,    // one of them
  kTime,      // time.Time
  kDuration,  // time.Duration
};
std::string_view ParamTypeName(Param param);

/// What a function or method is called with. Arguments have been checked against the parameters.
struct Call {
  const Environment& environment;
  std::span<const Value> args;  // of a method the receiver comes first
  /// Added to by callees whose work is out of proportion to their arguments, in bytes handled: it
  /// is taken off the execution's budget.
  std::size_t& work;
};
using Callee = Result<Value> (*)(const Call& call);

/// A function or method that templates may call.
struct Function {
  std::string_view name;
  std::span<const Param> params;
  bool variadic = false;  // the last parameter may be given any number of times, also none
  Callee callee = nullptr;
};

struct TypeInfo {
  std::string_view name;  // as Go's %T
  std::span<const Function> methods = {};
  /// What Go's String() method returns; null if the type has none.
  std::string (*to_string)(const Value& value) = nullptr;
  /// A pointer to a struct: printed with & by printf, without it as an action's result.
  bool pointer = false;
  /// How many of a struct's last fields are not printed with it: those that are not in Go's.
  std::size_t hidden_fields = 0;
};

const Function* FindFunction(std::span<const Function> functions, std::string_view name);

extern const TypeInfo kBoolType;
extern const TypeInfo kIntType;
extern const TypeInfo kByteType;  // an element of a string
extern const TypeInfo kFloatType;
extern const TypeInfo kStringType;
extern const TypeInfo kHtmlType;
extern const TypeInfo kStringsType;    // []string
extern const TypeInfo kAnyListType;    // []interface {}
extern const TypeInfo kStringMapType;  // map[string]string
extern const TypeInfo kAnyMapType;     // map[string]interface {}
extern const TypeInfo kTimeType;
extern const TypeInfo kDurationType;
extern const TypeInfo kMonthType;
extern const TypeInfo kWeekdayType;

}  // namespace tocsin::tmpl
