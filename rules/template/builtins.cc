// Go text/template's own functions.

#include <algorithm>

#include "base/percent.h"
#include "rules/template/escape.h"
#include "rules/template/fmt.h"
#include "rules/template/functions.h"
#include "rules/template/template.h"

namespace tocsin::tmpl {
namespace {

Error Wrong(std::string what) { return {Errc::kInvalid, std::move(what)}; }

std::size_t TextLimit(const Call& call) { return call.environment.limits.output_bytes; }

// ---- Comparisons --------------------------------------------------------------------------------

enum class Basic : std::uint8_t { kNone, kBool, kInt, kFloat, kString };

Basic BasicKind(const Value& value) {
  switch (value.kind()) {
    case Kind::kBool:
      return Basic::kBool;
    case Kind::kInt:
    case Kind::kDuration:
      return Basic::kInt;
    case Kind::kFloat:
      return Basic::kFloat;
    case Kind::kString:
      return Basic::kString;
    default:
      return Basic::kNone;
  }
}

std::int64_t Integer(const Value& value) {
  return value.kind() == Kind::kInt ? value.AsInt() : value.AsDuration().nanos;
}

bool Comparable(const Value& value) {
  if (value.kind() == Kind::kList || value.kind() == Kind::kMap) return false;
  if (value.kind() != Kind::kStruct || value.type()->pointer) return true;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!Comparable(value.Entry(i).second)) return false;
  }
  return true;
}

Error Uncomparable(const Value& value) {
  return Wrong("uncomparable type " + std::string(value.type_name()));
}

bool Same(const Value& a, const Value& b) {
  if (a.kind() != b.kind() || a.type() != b.type()) return false;
  switch (a.kind()) {
    case Kind::kNil:
      return true;
    case Kind::kBool:
      return a.AsBool() == b.AsBool();
    case Kind::kInt:
    case Kind::kDuration:
      return Integer(a) == Integer(b);
    case Kind::kFloat:
      return a.AsFloat() == b.AsFloat();
    case Kind::kString:
      return a.AsString() == b.AsString();
    case Kind::kTime:
      return a.AsTime() == b.AsTime();
    case Kind::kList:
    case Kind::kMap:
      return false;
    case Kind::kStruct:
      break;
  }
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!Same(a.Entry(i).second, b.Entry(i).second)) return false;
  }
  return true;
}

Result<bool> Equal(const Value& a, const Value& b) {
  if (!Comparable(b)) return Uncomparable(b);
  const Basic kind = BasicKind(a);
  if (kind != BasicKind(b)) {
    if (a.is_nil() || b.is_nil()) return false;
    return Wrong("incompatible types for comparison");
  }
  switch (kind) {
    case Basic::kInt:
      return Integer(a) == Integer(b);
    case Basic::kString:
      return a.AsString() == b.AsString();
    default:
      return Same(a, b);
  }
}

Result<bool> Less(const Value& a, const Value& b) {
  const Basic kind = BasicKind(a);
  if (kind == Basic::kNone || BasicKind(b) == Basic::kNone) {
    return Wrong("invalid type for comparison");
  }
  if (kind != BasicKind(b)) return Wrong("incompatible types for comparison");
  switch (kind) {
    case Basic::kInt:
      return Integer(a) < Integer(b);
    case Basic::kFloat:
      return a.AsFloat() < b.AsFloat();
    case Basic::kString:
      return a.AsString() < b.AsString();
    default:
      return Wrong("invalid type for comparison");
  }
}

Result<Value> Eq(const Call& call) {
  if (!Comparable(call.args[0])) return Uncomparable(call.args[0]);
  if (call.args.size() < 2) return Wrong("missing argument for comparison");
  for (const Value& other : call.args.subspan(1)) {
    TRY_ASSIGN(const bool equal, Equal(call.args[0], other));
    if (equal) return Value::Bool(true);
  }
  return Value::Bool(false);
}

Result<Value> Ne(const Call& call) {
  TRY_ASSIGN(const Value equal, Eq(call));
  return Value::Bool(!equal.AsBool());
}

Result<Value> Lt(const Call& call) {
  TRY_ASSIGN(const bool less, Less(call.args[0], call.args[1]));
  return Value::Bool(less);
}

Result<Value> Le(const Call& call) {
  TRY_ASSIGN(const bool less, Less(call.args[0], call.args[1]));
  if (less) return Value::Bool(true);
  return Eq(call);
}

Result<Value> Gt(const Call& call) {
  TRY_ASSIGN(const Value not_greater, Le(call));
  return Value::Bool(!not_greater.AsBool());
}

Result<Value> Ge(const Call& call) {
  TRY_ASSIGN(const bool less, Less(call.args[0], call.args[1]));
  return Value::Bool(!less);
}

// ---- Elements -----------------------------------------------------------------------------------

/// An index into something of `size` elements; `last` may be one beyond for slices.
Result<std::size_t> IndexOf(const Value& index, std::size_t last) {
  if (index.is_nil()) return Wrong("cannot index slice/array with nil");
  if (BasicKind(index) != Basic::kInt) {
    return Wrong("cannot index slice/array with type " + std::string(index.type_name()));
  }
  const std::int64_t at = Integer(index);
  if (at < 0 || static_cast<std::uint64_t>(at) > last) {
    return Wrong("index out of range: " + std::to_string(at));
  }
  return static_cast<std::size_t>(at);
}

Result<Value> IndexOnce(const Value& item, const Value& index) {
  switch (item.kind()) {
    case Kind::kNil:
      return Wrong("index of untyped nil");
    case Kind::kList:
    case Kind::kString: {
      TRY_ASSIGN(const std::size_t at, IndexOf(index, item.size()));
      if (at == item.size()) return Wrong("index out of range: " + std::to_string(at));
      if (item.kind() == Kind::kList) return item.AsList()[at];
      return Value::Int(static_cast<unsigned char>(item.AsString()[at]), kByteType);
    }
    case Kind::kMap: {
      if (index.is_nil()) return Wrong("value is nil; should be of type string");
      if (index.kind() != Kind::kString) {
        return Wrong("value has type " + std::string(index.type_name()) + "; should be string");
      }
      Value value;
      if (!item.Find(index.AsString(), value) && item.type() != &kAnyMapType) {
        value = Value::String("");
      }
      return value;
    }
    default:
      return Wrong("can't index item of type " + std::string(item.type_name()));
  }
}

Result<Value> Index(const Call& call) {
  Value item = call.args[0];
  if (item.is_nil()) return Wrong("index of untyped nil");
  for (const Value& index : call.args.subspan(1)) {
    TRY_ASSIGN(item, IndexOnce(item, index));
  }
  return item;
}

Result<Value> Slice(const Call& call) {
  const Value& item = call.args[0];
  const auto indexes = call.args.subspan(1);
  if (item.is_nil()) return Wrong("slice of untyped nil");
  if (indexes.size() > 3) {
    return Wrong("too many slice indexes: " + std::to_string(indexes.size()));
  }
  if (item.kind() != Kind::kString && item.kind() != Kind::kList) {
    return Wrong("can't slice item of type " + std::string(item.type_name()));
  }
  if (item.kind() == Kind::kString && indexes.size() == 3) {
    return Wrong("cannot 3-index slice a string");
  }
  std::size_t bounds[3] = {0, item.size(), item.size()};
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    TRY_ASSIGN(bounds[i], IndexOf(indexes[i], item.size()));
  }
  for (std::size_t i = 0; i < 2; ++i) {
    if (bounds[i] > bounds[i + 1]) {
      return Wrong("invalid slice index: " + std::to_string(bounds[i]) + " > " +
                   std::to_string(bounds[i + 1]));
    }
  }
  const std::size_t count = bounds[1] - bounds[0];
  if (item.kind() == Kind::kString) {
    return Value::String(std::string(item.AsString().substr(bounds[0], count)));
  }
  const auto part = item.AsList().subspan(bounds[0], count);
  return Value::List(ValueList(part.begin(), part.end()), *item.type());
}

Result<Value> Len(const Call& call) {
  const Value& item = call.args[0];
  switch (item.kind()) {
    case Kind::kNil:
      return Wrong("len of nil pointer");
    case Kind::kString:
    case Kind::kList:
    case Kind::kMap:
      return Value::Int(static_cast<std::int64_t>(item.size()));
    default:
      return Wrong("len of type " + std::string(item.type_name()));
  }
}

// ---- Text ---------------------------------------------------------------------------------------

Result<Value> AsValue(Result<std::string> text) {
  if (!text) return std::move(text).error();
  return Value::String(*std::move(text));
}

/// What html, js and urlquery escape: the arguments as an action would print them.
Result<std::string> EscapeArgs(const Call& call, std::string (*escape)(std::string_view)) {
  if (call.args.size() == 1) {
    TRY_ASSIGN(const std::string text, Printed(call.args[0], TextLimit(call)));
    return escape(text);
  }
  std::vector<Value> args(call.args.begin(), call.args.end());
  for (Value& arg : args) {
    if (arg.is_nil()) arg = Value::String("<no value>");
  }
  TRY_ASSIGN(const std::string text, Sprint(args, TextLimit(call)));
  return escape(text);
}

Result<Value> Printf(const Call& call) {
  return AsValue(Sprintf(call.args[0].AsString(), call.args.subspan(1), TextLimit(call)));
}

constexpr Param kAny[] = {Param::kAny};
constexpr Param kTwo[] = {Param::kAny, Param::kAny};
constexpr Param kFormat[] = {Param::kString, Param::kAny};

constexpr Function kFunctions[] = {
    {"and", kAny, true, nullptr},
    {"or", kAny, true, nullptr},
    {"not", kAny, false,
     [](const Call& call) -> Result<Value> { return Value::Bool(!call.args[0].Truth()); }},
    {"eq", kTwo, true, Eq},
    {"ne", kTwo, false, Ne},
    {"lt", kTwo, false, Lt},
    {"le", kTwo, false, Le},
    {"gt", kTwo, false, Gt},
    {"ge", kTwo, false, Ge},
    {"index", kTwo, true, Index},
    {"slice", kTwo, true, Slice},
    {"len", kAny, false, Len},
    {"print", kAny, true,
     [](const Call& call) { return AsValue(Sprint(call.args, TextLimit(call))); }},
    {"println", kAny, true,
     [](const Call& call) { return AsValue(Sprintln(call.args, TextLimit(call))); }},
    {"printf", kFormat, true, Printf},
    {"html", kAny, true, [](const Call& call) { return AsValue(EscapeArgs(call, EscapeHtml)); }},
    {"js", kAny, true, [](const Call& call) { return AsValue(EscapeArgs(call, EscapeJs)); }},
    {"urlquery", kAny, true,
     [](const Call& call) { return AsValue(EscapeArgs(call, EscapeQuery)); }},
    {"call", kTwo, true,
     [](const Call& call) -> Result<Value> {
       if (call.args[0].is_nil()) return Wrong("call of nil");
       return Wrong("non-function of type " + std::string(call.args[0].type_name()));
     }},
};

constexpr FunctionSet kBuiltins(kFunctions);

}  // namespace

const FunctionSet& BuiltinFunctions() { return kBuiltins; }

}  // namespace tocsin::tmpl
