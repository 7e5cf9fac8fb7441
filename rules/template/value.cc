#include "rules/template/value.h"

#include <algorithm>
#include <cassert>

#include "rules/template/types.h"

namespace tocsin::tmpl {
namespace {

/// Sorted by key, the last of equal keys.
ValueMap Sorted(ValueMap entries) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  // unique keeps the first of equals: seen from the back that is the last given.
  const auto kept = std::unique(entries.rbegin(), entries.rend(), same);
  entries.erase(entries.begin(), kept.base());
  return entries;
}

std::uint16_t Above(int deepest) {
  return static_cast<std::uint16_t>(std::min(deepest + 1, 0xFFFF));
}

int Deepest(const ValueMap& entries) {
  int deepest = 0;
  for (const auto& entry : entries) deepest = std::max(deepest, entry.second.depth());
  return deepest;
}

}  // namespace

const TypeInfo kBoolType{.name = "bool"};
const TypeInfo kIntType{.name = "int"};
const TypeInfo kByteType{.name = "uint8"};
const TypeInfo kFloatType{.name = "float64"};
const TypeInfo kStringType{.name = "string"};
const TypeInfo kHtmlType{.name = "template.HTML"};
const TypeInfo kStringsType{.name = "[]string"};
const TypeInfo kAnyListType{.name = "[]interface {}"};
const TypeInfo kStringMapType{.name = "map[string]string"};
const TypeInfo kAnyMapType{.name = "map[string]interface {}"};

Time Time::From(WallTime t) {
  const auto whole = std::chrono::floor<seconds>(t);
  Time out;
  out.unix_seconds = whole.time_since_epoch().count();
  out.nanos = static_cast<std::int32_t>(std::chrono::nanoseconds(t - whole).count());
  return out;
}

Value Value::Bool(bool b) { return Value(Kind::kBool, kBoolType, b); }

Value Value::Int(std::int64_t i) { return Int(i, kIntType); }

Value Value::Int(std::int64_t i, const TypeInfo& type) { return Value(Kind::kInt, type, i); }

Value Value::Float(double d) { return Value(Kind::kFloat, kFloatType, d); }

Value Value::String(std::string s) { return Value(Kind::kString, kStringType, std::move(s)); }

Value Value::Html(std::string s) { return Value(Kind::kString, kHtmlType, std::move(s)); }

Value Value::Of(Time t) {
  return Value(Kind::kTime, kTimeType, std::make_shared<const Time>(std::move(t)));
}

Value Value::Of(Duration d) { return Value(Kind::kDuration, kDurationType, d); }

Value Value::Of(const Labels& labels) { return Map(labels, kStringMapType); }

Value Value::Strings(std::vector<std::string> items) {
  ValueList list;
  list.reserve(items.size());
  for (std::string& item : items) list.push_back(String(std::move(item)));
  return List(std::move(list), kStringsType);
}

Value Value::List(ValueList items) { return List(std::move(items), kAnyListType); }

Value Value::List(ValueList items, const TypeInfo& type) {
  std::uint16_t depth = 1;
  for (const Value& item : items) depth = std::max(depth, Above(item.depth_));
  return Value(Kind::kList, type, std::make_shared<const ValueList>(std::move(items)), depth);
}

Value Value::Map(ValueMap entries) { return Map(std::move(entries), kAnyMapType); }

Value Value::Map(ValueMap entries, const TypeInfo& type) {
  const std::uint16_t depth = Above(Deepest(entries));
  return Value(Kind::kMap, type, std::make_shared<const ValueMap>(Sorted(std::move(entries))),
               depth);
}

Value Value::Map(const Labels& labels, const TypeInfo& type) {
  return Value(Kind::kMap, type, labels, 1);
}

Value Value::Struct(ValueMap fields, const TypeInfo& type) {
  const std::uint16_t depth = Above(Deepest(fields));
  return Value(Kind::kStruct, type, std::make_shared<const ValueMap>(std::move(fields)), depth);
}

std::string_view Value::type_name() const { return type_ ? type_->name : "<nil>"; }

std::span<const Value> Value::AsList() const { return *std::get<ListPtr>(data_); }

std::size_t Value::size() const {
  if (const auto* labels = std::get_if<Labels>(&data_)) return labels->size();
  if (const auto* map = std::get_if<MapPtr>(&data_)) return (*map)->size();
  if (const auto* list = std::get_if<ListPtr>(&data_)) return (*list)->size();
  return AsString().size();
}

std::pair<std::string_view, Value> Value::Entry(std::size_t i) const {
  if (const auto* labels = std::get_if<Labels>(&data_)) {
    const LabelView label = (*labels)[i];
    return {label.name, String(std::string(label.value))};
  }
  const auto& entry = (*std::get<MapPtr>(data_))[i];
  return {entry.first, entry.second};
}

bool Value::Find(std::string_view key, Value& out) const {
  if (const auto* labels = std::get_if<Labels>(&data_)) {
    if (!labels->Has(key)) return false;
    out = String(std::string(labels->Get(key)));
    return true;
  }
  const ValueMap& map = *std::get<MapPtr>(data_);
  const auto found =
      std::find_if(map.begin(), map.end(), [&](const auto& entry) { return entry.first == key; });
  if (found == map.end()) return false;
  out = found->second;
  return true;
}

bool Value::Truth() const {
  switch (kind_) {
    case Kind::kNil:
      return false;
    case Kind::kBool:
      return AsBool();
    case Kind::kInt:
      return AsInt() != 0;
    case Kind::kFloat:
      return AsFloat() != 0;
    case Kind::kDuration:
      return AsDuration().nanos != 0;
    case Kind::kString:
    case Kind::kList:
    case Kind::kMap:
      return size() > 0;
    case Kind::kStruct:
    case Kind::kTime:
      return true;
  }
  return false;
}

const Function* FindFunction(std::span<const Function> functions, std::string_view name) {
  const auto found = std::find_if(functions.begin(), functions.end(),
                                  [&](const Function& f) { return f.name == name; });
  return found == functions.end() ? nullptr : &*found;
}

std::string_view ParamTypeName(Param param) {
  switch (param) {
    case Param::kAny:
      return "interface {}";
    case Param::kString:
      return "string";
    case Param::kInt:
      return "int";
    case Param::kFloat:
      return "float64";
    case Param::kStrings:
      return "[]string";
    case Param::kSamples:
      return "template.queryResult";
    case Param::kSample:
      return "*template.sample";
    case Param::kTime:
      return "time.Time";
    case Param::kDuration:
      return "time.Duration";
  }
  return "";
}

}  // namespace tocsin::tmpl
