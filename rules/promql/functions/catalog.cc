#include "rules/promql/functions/catalog.h"

#include <algorithm>

#include "rules/promql/functions/families.h"

namespace tocsin::promql {
namespace {

constexpr ValueType kS = ValueType::kScalar;
constexpr ValueType kV = ValueType::kVector;
constexpr ValueType kM = ValueType::kMatrix;
constexpr ValueType kT = ValueType::kString;

constexpr FunctionSpec Element(std::string_view name, ElementFunction f) {
  return {name, {kV}, 1, 0, kV, f};
}
constexpr FunctionSpec Date(std::string_view name,
                            double (*apply)(double, std::span<const double>)) {
  return {name, {kV}, 1, 1, kV, ElementFunction{apply, true}, true};
}
constexpr FunctionSpec Over(std::string_view name, WindowFunction f) {
  return {name, {kM}, 1, 0, kV, f};
}
constexpr FunctionSpec Extension(std::string_view name, void (*f)(const RangeBatch&, double*)) {
  return {name, {kM}, 1, 0, kV, WindowFunction{f}, false, true};
}
/// The same with a number.
constexpr FunctionSpec ExtensionOf(std::string_view name, void (*f)(const RangeBatch&, double*)) {
  return {name, {kM, kS}, 2, 0, kV, WindowFunction{f}, false, true};
}
constexpr FunctionSpec Native(std::string_view name) {
  return {name, {kV}, 1, 0, kV, NativeHistogramFunction{}};
}
constexpr WindowFunction Smoothing() {
  return {trend::DoubleExponentialSmoothing, false, false, trend::CheckSmoothing};
}

/// Sorted by name.
constexpr FunctionSpec kFunctions[] = {
    Element("abs", {math::Abs}),
    {"absent", {kV}, 1, 0, kV, VectorFunction{absence::Absent}},
    {"absent_over_time", {kM}, 1, 0, kV, VectorFunction{absence::AbsentOverTime}},
    Element("acos", {math::Acos}),
    Element("acosh", {math::Acosh}),
    Element("asin", {math::Asin}),
    Element("asinh", {math::Asinh}),
    Element("atan", {math::Atan}),
    Element("atanh", {math::Atanh}),
    Over("avg_over_time", {over_time::Avg}),
    Element("ceil", {math::Ceil}),
    Over("changes", {rate::Changes}),
    {"clamp", {kV, kS, kS}, 3, 0, kV, ElementFunction{math::Clamp}},
    {"clamp_max", {kV, kS}, 2, 0, kV, ElementFunction{math::ClampMax}},
    {"clamp_min", {kV, kS}, 2, 0, kV, ElementFunction{math::ClampMin}},
    Element("cos", {math::Cos}),
    Element("cosh", {math::Cosh}),
    Over("count_over_time", {over_time::Count}),
    Date("day_of_month", date::DayOfMonth),
    Date("day_of_week", date::DayOfWeek),
    Date("day_of_year", date::DayOfYear),
    Date("days_in_month", date::DaysInMonth),
    Element("deg", {math::Deg}),
    Over("delta", {rate::Delta}),
    Over("deriv", {trend::Deriv}),
    {"double_exponential_smoothing", {kM, kS, kS}, 3, 0, kV, Smoothing()},
    Element("exp", {math::Exp}),
    Over("first_over_time", {over_time::First, true}),
    Element("floor", {math::Floor}),
    ExtensionOf("floor_over_time", growth::FloorOverTime),
    Native("histogram_avg"),
    Native("histogram_count"),
    {"histogram_fraction", {kS, kS, kV}, 3, 0, kV, VectorFunction{histogram::Fraction}},
    {"histogram_quantile", {kS, kV}, 2, 0, kV, VectorFunction{histogram::QuantileOf}},
    {"histogram_quantiles", {kV, kT, kS, kS}, 4, 9, kV, VectorFunction{histogram::Quantiles}},
    Native("histogram_stddev"),
    Native("histogram_stdvar"),
    Native("histogram_sum"),
    {"holt_winters", {kM, kS, kS}, 3, 0, kV, Smoothing()},  // its name in Prometheus 2
    Date("hour", date::Hour),
    Over("idelta", {rate::Idelta}),
    Over("increase", {rate::Increase, false, true}),
    {"info", {kV, kV}, 2, 1, kV, VectorFunction{info::Info, false}},
    Over("irate", {rate::Irate}),
    {"label_join", {kV, kT, kT, kT}, 4, kUnlimited, kV, VectorFunction{labels::Join, false}},
    {"label_replace", {kV, kT, kT, kT, kT}, 5, 0, kV, VectorFunction{labels::Replace, false}},
    Over("last_over_time", {over_time::Last, true}),
    Element("ln", {math::Ln}),
    Element("log10", {math::Log10}),
    Element("log2", {math::Log2}),
    Over("mad_over_time", {over_time::Mad}),
    Extension("mann_kendall_tau", growth::MannKendallTau),
    Over("max_over_time", {over_time::Max}),
    Over("min_over_time", {over_time::Min}),
    Date("minute", date::Minute),
    Date("month", date::Month),
    {"pi", {}, 0, 0, kS, ScalarFunction{convert::Pi}},
    {"predict_linear", {kM, kS}, 2, 0, kV, WindowFunction{trend::PredictLinear}, true},
    Over("present_over_time", {over_time::Present}),
    {"quantile_over_time",
     {kS, kM},
     2,
     0,
     kV,
     WindowFunction{over_time::QuantileOf, false, false, over_time::CheckQuantileArg}},
    Element("rad", {math::Rad}),
    Over("rate", {rate::Rate, false, true}),
    Over("resets", {rate::Resets}),
    {"round", {kV, kS}, 2, 1, kV, ElementFunction{math::Round}},
    {"scalar", {kV}, 1, 0, kS, ScalarFunction{convert::ScalarOf}},
    Element("sgn", {math::Sgn}),
    Element("sin", {math::Sin}),
    Element("sinh", {math::Sinh}),
    {"sort", {kV}, 1, 0, kV, VectorFunction{order::Sort, false}},
    {"sort_by_label", {kV, kT}, 2, kUnlimited, kV, VectorFunction{order::SortByLabel, false}},
    {"sort_by_label_desc",
     {kV, kT},
     2,
     kUnlimited,
     kV,
     VectorFunction{order::SortByLabelDesc, false}},
    {"sort_desc", {kV}, 1, 0, kV, VectorFunction{order::SortDesc, false}},
    Element("sqrt", {math::Sqrt}),
    Over("stddev_over_time", {over_time::Stddev}),
    Over("stdvar_over_time", {over_time::Stdvar}),
    Over("sum_over_time", {over_time::Sum}),
    Element("tan", {math::Tan}),
    Element("tanh", {math::Tanh}),
    Extension("theil_sen_slope", growth::TheilSenSlope),
    {"time", {}, 0, 0, kS, ScalarFunction{convert::Time}, true},
    ExtensionOf("time_to_reach", growth::TimeToReach),
    {"timestamp", {kV}, 1, 0, kV, VectorFunction{convert::Timestamp}, true},
    Over("ts_of_first_over_time", {over_time::TsOfFirst}),
    Over("ts_of_last_over_time", {over_time::TsOfLast}),
    Over("ts_of_max_over_time", {over_time::TsOfMax}),
    Over("ts_of_min_over_time", {over_time::TsOfMin}),
    {"vector", {kS}, 1, 0, kV, VectorFunction{convert::VectorOf}},
    Date("year", date::Year),
};

constexpr bool ByName(const FunctionSpec& a, const FunctionSpec& b) { return a.name < b.name; }
static_assert(std::is_sorted(std::begin(kFunctions), std::end(kFunctions), ByName));

}  // namespace

std::span<const FunctionSpec> AllFunctions() { return kFunctions; }

const FunctionSpec* FindFunction(std::string_view name) {
  const auto at = std::lower_bound(
      std::begin(kFunctions), std::end(kFunctions), name,
      [](const FunctionSpec& f, std::string_view wanted) { return f.name < wanted; });
  return at != std::end(kFunctions) && at->name == name ? at : nullptr;
}

}  // namespace tocsin::promql
