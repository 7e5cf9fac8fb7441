// The methods of time.Time, time.Duration, time.Month and time.Weekday that templates may call.

#include "rules/template/time.h"
#include "rules/template/types.h"

namespace tocsin::tmpl {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

const Time& Self(const Call& call) { return call.args[0].AsTime(); }
std::int64_t Nanos(const Call& call) { return call.args[0].AsDuration().nanos; }

/// Year 1 is as far from 1970 as Go's zero time; a product with 1e9 wraps as Go's does.
std::int64_t UnixNanos(const Time& time) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time.unix_seconds) *
                                       static_cast<std::uint64_t>(kNanosPerSecond) +
                                   static_cast<std::uint64_t>(time.nanos));
}

Time Utc(Time time) {
  time.utc_offset_seconds = 0;
  time.zone = "UTC";
  return time;
}

constexpr Param kNone[] = {Param::kAny};  // spans of it are cut to length 0
constexpr std::span<const Param> kNoParams(kNone, 0);
constexpr Param kTimeParam[] = {Param::kTime};
constexpr Param kStringParam[] = {Param::kString};
constexpr Param kDurationParam[] = {Param::kDuration};

const Function kTimeMethods[] = {
    {"Add", kDurationParam, false,
     [](const Call& call) -> Result<Value> {
       return Value::Of(Plus(Self(call), call.args[1].AsDuration()));
     }},
    {"After", kTimeParam, false,
     [](const Call& call) -> Result<Value> {
       return Value::Bool(Between(call.args[1].AsTime(), Self(call)).nanos > 0);
     }},
    {"Before", kTimeParam, false,
     [](const Call& call) -> Result<Value> {
       return Value::Bool(Between(call.args[1].AsTime(), Self(call)).nanos < 0);
     }},
    {"Day", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::Int(Civil(Self(call)).day); }},
    {"Equal", kTimeParam, false,
     [](const Call& call) -> Result<Value> {
       return Value::Bool(Between(call.args[1].AsTime(), Self(call)).nanos == 0);
     }},
    {"Format", kStringParam, false,
     [](const Call& call) -> Result<Value> {
       return Value::String(FormatTime(Self(call), call.args[1].AsString()));
     }},
    {"Hour", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::Int(Civil(Self(call)).hour); }},
    {"IsZero", kNoParams, false,
     [](const Call& call) -> Result<Value> {
       return Value::Bool(Self(call).unix_seconds == Time{}.unix_seconds && Self(call).nanos == 0);
     }},
    {"Local", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::Of(Utc(Self(call))); }},
    {"Minute", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::Int(Civil(Self(call)).minute); }},
    {"Month", kNoParams, false,
     [](const Call& call) -> Result<Value> {
       return Value::Int(Civil(Self(call)).month, kMonthType);
     }},
    {"Nanosecond", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::Int(Self(call).nanos); }},
    {"Second", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::Int(Civil(Self(call)).second); }},
    {"String", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::String(TimeText(Self(call))); }},
    {"Sub", kTimeParam, false,
     [](const Call& call) -> Result<Value> {
       return Value::Of(Between(call.args[1].AsTime(), Self(call)));
     }},
    {"UTC", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::Of(Utc(Self(call))); }},
    {"Unix", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::Int(Self(call).unix_seconds); }},
    {"UnixMilli", kNoParams, false,
     [](const Call& call) -> Result<Value> {
       return Value::Int(Self(call).unix_seconds * 1000 + Self(call).nanos / 1'000'000);
     }},
    {"UnixNano", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::Int(UnixNanos(Self(call))); }},
    {"Weekday", kNoParams, false,
     [](const Call& call) -> Result<Value> {
       return Value::Int(Civil(Self(call)).weekday, kWeekdayType);
     }},
    {"Year", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::Int(Civil(Self(call)).year); }},
    {"YearDay", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::Int(Civil(Self(call)).year_day); }},
};

/// Whole units and the rest apart, as Go adds them, for the last bit.
Value InUnits(std::int64_t nanos, std::int64_t unit) {
  return Value::Float(static_cast<double>(nanos / unit) +
                      static_cast<double>(nanos % unit) / static_cast<double>(unit));
}

const Function kDurationMethods[] = {
    {"Hours", kNoParams, false,
     [](const Call& call) -> Result<Value> {
       return InUnits(Nanos(call), 3600 * kNanosPerSecond);
     }},
    {"Milliseconds", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::Int(Nanos(call) / 1'000'000); }},
    {"Minutes", kNoParams, false,
     [](const Call& call) -> Result<Value> { return InUnits(Nanos(call), 60 * kNanosPerSecond); }},
    {"Nanoseconds", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::Int(Nanos(call)); }},
    {"Seconds", kNoParams, false,
     [](const Call& call) -> Result<Value> { return InUnits(Nanos(call), kNanosPerSecond); }},
    {"String", kNoParams, false,
     [](const Call& call) -> Result<Value> {
       return Value::String(DurationText(call.args[0].AsDuration()));
     }},
    {"Truncate", kDurationParam, false,
     [](const Call& call) -> Result<Value> {
       const std::int64_t unit = call.args[1].AsDuration().nanos;
       const std::int64_t rest = unit > 0 ? Nanos(call) % unit : 0;
       return Value::Of(Duration{Nanos(call) - rest});
     }},
};

/// A name out of FormatTime: `day` days after Sunday 1 January 2006.
std::string NameOf(std::int64_t day, std::string_view layout) {
  constexpr std::int64_t kSunday = 1136073600;
  return FormatTime(Time{.unix_seconds = kSunday + day * 86400}, layout);
}
std::string MonthText(const Value& month) { return NameOf((month.AsInt() - 1) * 31, "January"); }
std::string WeekdayText(const Value& day) { return NameOf(day.AsInt(), "Monday"); }

const Function kMonthMethods[] = {
    {"String", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::String(MonthText(call.args[0])); }},
};
const Function kWeekdayMethods[] = {
    {"String", kNoParams, false,
     [](const Call& call) -> Result<Value> { return Value::String(WeekdayText(call.args[0])); }},
};

}  // namespace

const TypeInfo kTimeType{
    .name = "time.Time",
    .methods = kTimeMethods,
    .to_string = [](const Value& value) { return TimeText(value.AsTime()); },
};
const TypeInfo kDurationType{
    .name = "time.Duration",
    .methods = kDurationMethods,
    .to_string = [](const Value& value) { return DurationText(value.AsDuration()); },
};
const TypeInfo kMonthType{.name = "time.Month", .methods = kMonthMethods, .to_string = MonthText};
const TypeInfo kWeekdayType{
    .name = "time.Weekday", .methods = kWeekdayMethods, .to_string = WeekdayText};

}  // namespace tocsin::tmpl
