// The functions and data of Alertmanager's notification templates: those of 0.25, and of later
// versions what needs no time zone database (trimSpace, date, since, humanizeDuration).

#include <algorithm>

#include "rules/template/alertmanager.h"
#include "rules/template/functions.h"
#include "rules/template/shared_functions.h"
#include "rules/template/template.h"
#include "rules/template/time.h"

namespace tocsin::tmpl {
namespace {

extern const TypeInfo kKvType;
extern const TypeInfo kPairsType;
extern const TypeInfo kPairType;
extern const TypeInfo kAlertsType;
extern const TypeInfo kAlertListType;

constexpr Param kStringsParam[] = {Param::kStrings};
constexpr std::span<const Param> kNone(kStringsParam, 0);

std::span<const Value> Items(const Value& list) {
  return list.is_nil() ? std::span<const Value>{} : list.AsList();
}

// ---- KV: a map of strings -----------------------------------------------------------------------

/// By name, but alertname before all others.
Value SortedPairs(const Value& kv) {
  ValueList pairs;
  pairs.reserve(kv.size());
  for (std::size_t i = 0; i < kv.size(); ++i) {
    const auto entry = kv.Entry(i);
    Value pair = Value::Struct(
        {{"Name", Value::String(std::string(entry.first))}, {"Value", entry.second}}, kPairType);
    const auto at = entry.first == "alertname" ? pairs.begin() : pairs.end();
    pairs.insert(at, std::move(pair));
  }
  return Value::List(std::move(pairs), kPairsType);
}

/// One field of every pair.
Value Column(const Value& pairs, std::string_view field) {
  ValueList column;
  for (const Value& pair : pairs.AsList()) pair.Find(field, column.emplace_back());
  return Value::List(std::move(column), kStringsType);
}

Result<Value> Remove(const Call& call) {
  const Value& kv = call.args[0];
  const auto names = Items(call.args[1]);
  call.work += kv.size() * names.size();
  ValueMap left;
  for (std::size_t i = 0; i < kv.size(); ++i) {
    auto entry = kv.Entry(i);
    const bool removed = std::any_of(names.begin(), names.end(), [&](const Value& name) {
      return name.AsString() == entry.first;
    });
    if (!removed) left.emplace_back(entry.first, std::move(entry.second));
  }
  return Value::Map(std::move(left), kKvType);
}

constexpr Function kKvMethods[] = {
    {"Names", kNone, false,
     [](const Call& call) -> Result<Value> { return Column(SortedPairs(call.args[0]), "Name"); }},
    {"Remove", kStringsParam, false, Remove},
    {"SortedPairs", kNone, false,
     [](const Call& call) -> Result<Value> { return SortedPairs(call.args[0]); }},
    {"Values", kNone, false,
     [](const Call& call) -> Result<Value> { return Column(SortedPairs(call.args[0]), "Value"); }},
};
constexpr Function kPairsMethods[] = {
    {"Names", kNone, false,
     [](const Call& call) -> Result<Value> { return Column(call.args[0], "Name"); }},
    {"Values", kNone, false,
     [](const Call& call) -> Result<Value> { return Column(call.args[0], "Value"); }},
};

// ---- Alerts -------------------------------------------------------------------------------------

Result<Value> WithStatus(const Call& call, std::string_view status) {
  ValueList found;
  for (const Value& alert : call.args[0].AsList()) {
    Value own;
    if (alert.Find("Status", own) && own.AsString() == status) found.push_back(alert);
  }
  return Value::List(std::move(found), kAlertListType);
}

constexpr Function kAlertsMethods[] = {
    {"Firing", kNone, false, [](const Call& call) { return WithStatus(call, "firing"); }},
    {"Resolved", kNone, false, [](const Call& call) { return WithStatus(call, "resolved"); }},
};

const TypeInfo kKvType{.name = "template.KV", .methods = kKvMethods};
const TypeInfo kPairsType{.name = "template.Pairs", .methods = kPairsMethods};
const TypeInfo kPairType{.name = "template.Pair"};
const TypeInfo kAlertsType{.name = "template.Alerts", .methods = kAlertsMethods};
const TypeInfo kAlertListType{.name = "[]template.Alert"};
const TypeInfo kAlertType{.name = "template.Alert"};
const TypeInfo kDataType{.name = "template.Data", .hidden_fields = 1};  // AcknowledgeURL

// ---- Functions ----------------------------------------------------------------------------------

Result<Value> Join(const Call& call) {
  const std::string_view separator = call.args[0].AsString();
  std::string text;
  bool first = true;
  for (const Value& item : Items(call.args[1])) {
    if (!first) text += separator;
    first = false;
    text += item.AsString();
    if (text.size() > call.environment.limits.output_bytes) {
      return Error{Errc::kLimit, "the joined text is too long"};
    }
  }
  call.work += text.size();
  return Value::String(std::move(text));
}

Result<Value> StringSlice(const Call& call) {
  return Value::List(ValueList(call.args.begin(), call.args.end()), kStringsType);
}

constexpr Param kString[] = {Param::kString};
constexpr Param kJoin[] = {Param::kString, Param::kStrings};
constexpr Param kDate[] = {Param::kString, Param::kTime};
constexpr Param kTime[] = {Param::kTime};
constexpr Param kAny[] = {Param::kAny};

std::string Trimmed(std::string_view text) { return std::string(TrimSpace(text)); }

constexpr Function kFunctions[] = {
    {"date", kDate, false,
     [](const Call& call) -> Result<Value> {
       return Value::String(FormatTime(call.args[1].AsTime(), call.args[0].AsString()));
     }},
    {"humanizeDuration", kAny, false, HumanizeCall<HumanizeDuration>},
    {"join", kJoin, false, Join},
    kMatchFunction,
    kReReplaceAllFunction,
    kSafeHtmlFunction,
    {"since", kTime, false,
     [](const Call& call) -> Result<Value> {
       return Value::Of(Between(call.args[0].AsTime(), Time::From(call.environment.now)));
     }},
    {"stringSlice", kString, true, StringSlice},
    {"title", kString, false, TextCall<TitleCase>},
    {"toLower", kString, false, TextCall<ToLower>},
    {"toUpper", kString, false, TextCall<ToUpper>},
    {"trimSpace", kString, false, TextCall<Trimmed>},
};
constexpr FunctionSet kAlertmanager(kFunctions);

Value Text(const std::string& text) { return Value::String(text); }

Value ToValue(const NotificationAlert& alert) {
  return Value::Struct({{"Status", Text(alert.status)},
                        {"Labels", Value::Map(alert.labels, kKvType)},
                        {"Annotations", Value::Map(alert.annotations, kKvType)},
                        {"StartsAt", Value::Of(alert.starts_at)},
                        {"EndsAt", Value::Of(alert.ends_at)},
                        {"GeneratorURL", Text(alert.generator_url)},
                        {"Fingerprint", Text(alert.fingerprint)}},
                       kAlertType);
}

}  // namespace

const FunctionSet& AlertmanagerFunctions() { return kAlertmanager; }

Value ToValue(const NotificationData& data) {
  ValueList alerts;
  alerts.reserve(data.alerts.size());
  for (const NotificationAlert& alert : data.alerts) alerts.push_back(ToValue(alert));
  return Value::Struct({{"Receiver", Text(data.receiver)},
                        {"Status", Text(data.status)},
                        {"Alerts", Value::List(std::move(alerts), kAlertsType)},
                        {"GroupLabels", Value::Map(data.group_labels, kKvType)},
                        {"CommonLabels", Value::Map(data.common_labels, kKvType)},
                        {"CommonAnnotations", Value::Map(data.common_annotations, kKvType)},
                        {"ExternalURL", Text(data.external_url)},
                        {"AcknowledgeURL", Text(data.acknowledge_url)}},
                       kDataType);
}

}  // namespace tocsin::tmpl
