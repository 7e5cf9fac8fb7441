#pragma once
// The functions that catalog.cc lists, by family. Each is computed as its kind says (kinds.h).

#include <span>

#include "rules/promql/functions/kinds.h"

namespace tocsin::promql {

// math.cc: value to value.
namespace math {
double Abs(double v, std::span<const double>);
double Acos(double v, std::span<const double>);
double Acosh(double v, std::span<const double>);
double Asin(double v, std::span<const double>);
double Asinh(double v, std::span<const double>);
double Atan(double v, std::span<const double>);
double Atanh(double v, std::span<const double>);
double Ceil(double v, std::span<const double>);
double Clamp(double v, std::span<const double> min_max);
double ClampMax(double v, std::span<const double> max);
double ClampMin(double v, std::span<const double> min);
double Cos(double v, std::span<const double>);
double Cosh(double v, std::span<const double>);
double Deg(double v, std::span<const double>);
double Exp(double v, std::span<const double>);
double Floor(double v, std::span<const double>);
double Ln(double v, std::span<const double>);
double Log10(double v, std::span<const double>);
double Log2(double v, std::span<const double>);
double Rad(double v, std::span<const double>);
double Round(double v, std::span<const double> to_nearest);
double Sgn(double v, std::span<const double>);
double Sin(double v, std::span<const double>);
double Sinh(double v, std::span<const double>);
double Sqrt(double v, std::span<const double>);
double Tan(double v, std::span<const double>);
double Tanh(double v, std::span<const double>);
}  // namespace math

// date.cc: seconds since the epoch to a part of the date, in UTC.
namespace date {
double DayOfMonth(double v, std::span<const double>);
double DayOfWeek(double v, std::span<const double>);
double DayOfYear(double v, std::span<const double>);
double DaysInMonth(double v, std::span<const double>);
double Hour(double v, std::span<const double>);
double Minute(double v, std::span<const double>);
double Month(double v, std::span<const double>);
double Year(double v, std::span<const double>);
}  // namespace date

// rate.cc: how a series changes over its windows.
namespace rate {
void Rate(const RangeBatch& batch, double* out);
void Increase(const RangeBatch& batch, double* out);
void Delta(const RangeBatch& batch, double* out);
void Irate(const RangeBatch& batch, double* out);
void Idelta(const RangeBatch& batch, double* out);
void Changes(const RangeBatch& batch, double* out);
void Resets(const RangeBatch& batch, double* out);
}  // namespace rate

// trend.cc
namespace trend {
void Deriv(const RangeBatch& batch, double* out);
void PredictLinear(const RangeBatch& batch, double* out);
void DoubleExponentialSmoothing(const RangeBatch& batch, double* out);
Status CheckSmoothing(const CallExpr& call, std::span<const ScalarSteps> args,
                      Evaluator& evaluator);
}  // namespace trend

// growth.cc: Tocsin's own.
namespace growth {
void FloorOverTime(const RangeBatch& batch, double* out);
void TheilSenSlope(const RangeBatch& batch, double* out);
void MannKendallTau(const RangeBatch& batch, double* out);
void TimeToReach(const RangeBatch& batch, double* out);
}  // namespace growth

// over_time.cc
namespace over_time {
void Avg(const RangeBatch& batch, double* out);
void Count(const RangeBatch& batch, double* out);
void First(const RangeBatch& batch, double* out);
void Last(const RangeBatch& batch, double* out);
void Mad(const RangeBatch& batch, double* out);
void Max(const RangeBatch& batch, double* out);
void Min(const RangeBatch& batch, double* out);
void Present(const RangeBatch& batch, double* out);
void QuantileOf(const RangeBatch& batch, double* out);
Status CheckQuantileArg(const CallExpr& call, std::span<const ScalarSteps> args,
                        Evaluator& evaluator);
void Stddev(const RangeBatch& batch, double* out);
void Stdvar(const RangeBatch& batch, double* out);
void Sum(const RangeBatch& batch, double* out);
void TsOfFirst(const RangeBatch& batch, double* out);
void TsOfLast(const RangeBatch& batch, double* out);
void TsOfMax(const RangeBatch& batch, double* out);
void TsOfMin(const RangeBatch& batch, double* out);
}  // namespace over_time

// histogram.cc: classic histograms.
namespace histogram {
Status Fraction(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
Status QuantileOf(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
Status Quantiles(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
}  // namespace histogram

// labels.cc
namespace labels {
Status Join(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
Status Replace(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
}  // namespace labels

// order.cc
namespace order {
Status Sort(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
Status SortDesc(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
Status SortByLabel(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
Status SortByLabelDesc(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
}  // namespace order

// absence.cc
namespace absence {
Status Absent(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
Status AbsentOverTime(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
}  // namespace absence

// info.cc
namespace info {
Status Info(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
}  // namespace info

// convert.cc: between scalars, vectors and time.
namespace convert {
Result<ScalarSteps> Pi(const CallExpr& call, Evaluator& evaluator);
Result<ScalarSteps> ScalarOf(const CallExpr& call, Evaluator& evaluator);
Result<ScalarSteps> Time(const CallExpr& call, Evaluator& evaluator);
Status Timestamp(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
Status VectorOf(const CallExpr& call, Evaluator& evaluator, SeriesSink sink);
}  // namespace convert

}  // namespace tocsin::promql
