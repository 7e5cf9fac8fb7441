#pragma once
// What a template computes with: Go's kinds of values as Prometheus's and Alertmanager's templates
// meet them. Immutable, cheap to copy (lists, maps and structs are shared).

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "metrics/labels.h"

namespace tocsin::tmpl {

class Value;
struct TypeInfo;

/// An instant as Go's time.Time: `unix_seconds` may lie before 1970 (Go's zero time is year 1).
struct Time {
  std::int64_t unix_seconds = -62135596800;  // 0001-01-01T00:00:00Z, Go's zero time
  std::int32_t nanos = 0;                    // 0 … 999,999,999
  std::int32_t utc_offset_seconds = 0;
  std::string zone = "UTC";  // abbreviation; empty: the offset is shown as the name

  static Time From(WallTime t);
  friend bool operator==(const Time&, const Time&) = default;
};

/// time.Duration.
struct Duration {
  std::int64_t nanos = 0;
  friend bool operator==(const Duration&, const Duration&) = default;
};

enum class Kind : std::uint8_t {
  kNil,  // no value: prints as <no value>
  kBool,
  kInt,
  kFloat,
  kString,
  kList,
  kMap,     // string keys, sorted
  kStruct,  // named fields in their declared order
  kTime,
  kDuration,
};

using ValueList = std::vector<Value>;
using ValueMap = std::vector<std::pair<std::string, Value>>;

class Value {
 public:
  Value() = default;  // nil
  static Value Bool(bool b);
  static Value Int(std::int64_t i);
  static Value Int(std::int64_t i, const TypeInfo& type);
  static Value Float(double d);
  static Value String(std::string s);
  /// Text that is known to be safe HTML: not escaped when the template is executed as HTML.
  static Value Html(std::string s);
  static Value Of(Time t);
  static Value Of(Duration d);
  static Value Of(WallTime t) { return Of(Time::From(t)); }
  /// A map of strings that shares `labels`.
  static Value Of(const Labels& labels);
  /// A list of strings, the type that `join` takes.
  static Value Strings(std::vector<std::string> items);
  /// Any values; `type` (below, or one of the caller's) names it and brings its methods.
  static Value List(ValueList items);
  static Value List(ValueList items, const TypeInfo& type);
  /// Any order; of a key that stands twice the last one counts.
  static Value Map(ValueMap entries);
  static Value Map(ValueMap entries, const TypeInfo& type);
  static Value Map(const Labels& labels, const TypeInfo& type);
  static Value Struct(ValueMap fields, const TypeInfo& type);

  Kind kind() const { return kind_; }
  bool is_nil() const { return kind_ == Kind::kNil; }
  /// Go's name of the type ("int", "map[string]string"), for messages and %T; "<nil>" for nil.
  std::string_view type_name() const;
  /// Null for nil only.
  const TypeInfo* type() const { return type_; }

  // Reading as another kind than kind() is our bug and asserts.
  bool AsBool() const { return std::get<bool>(data_); }
  std::int64_t AsInt() const { return std::get<std::int64_t>(data_); }
  double AsFloat() const { return std::get<double>(data_); }
  std::string_view AsString() const { return std::get<std::string>(data_); }
  std::span<const Value> AsList() const;
  const Time& AsTime() const { return *std::get<TimePtr>(data_); }
  Duration AsDuration() const { return std::get<Duration>(data_); }

  /// Elements of a list, map or struct; bytes of a string.
  std::size_t size() const;
  /// The i-th entry of a map or struct, in its order.
  std::pair<std::string_view, Value> Entry(std::size_t i) const;
  /// The value under `key` of a map or struct; false if there is none.
  bool Find(std::string_view key, Value& out) const;

  /// How deeply lists, maps and structs are nested in it; 0 for the other kinds.
  int depth() const { return depth_; }

  /// Go's truth: false, 0, "", nil and empty lists and maps are not.
  bool Truth() const;

 private:
  using TimePtr = std::shared_ptr<const Time>;
  using ListPtr = std::shared_ptr<const ValueList>;
  using MapPtr = std::shared_ptr<const ValueMap>;
  using Data = std::variant<std::monostate, bool, std::int64_t, double, std::string, Duration,
                            TimePtr, ListPtr, MapPtr, Labels>;

  Value(Kind kind, const TypeInfo& type, Data data, std::uint16_t depth = 0)
      : kind_(kind), depth_(depth), type_(&type), data_(std::move(data)) {}

  Kind kind_ = Kind::kNil;
  std::uint16_t depth_ = 0;
  const TypeInfo* type_ = nullptr;
  Data data_;
};

}  // namespace tocsin::tmpl
