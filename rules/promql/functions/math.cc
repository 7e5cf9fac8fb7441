#include <cmath>
#include <numbers>

#include "rules/promql/functions/families.h"

namespace tocsin::promql::math {
namespace {

using Args = std::span<const double>;

/// Go's math.Max and math.Min: an infinity of their own side wins over NaN, else NaN wins.
double GoMax(double a, double b) {
  if (a == HUGE_VAL || b == HUGE_VAL) return HUGE_VAL;
  if (std::isnan(a) || std::isnan(b)) return std::nan("");
  return a > b ? a : b;
}
double GoMin(double a, double b) {
  if (a == -HUGE_VAL || b == -HUGE_VAL) return -HUGE_VAL;
  if (std::isnan(a) || std::isnan(b)) return std::nan("");
  return a < b ? a : b;
}

double ClampBetween(double v, double min, double max) {
  return max < min ? Absent() : GoMax(min, GoMin(max, v));
}

}  // namespace

double Abs(double v, Args) { return std::fabs(v); }
double Acos(double v, Args) { return std::acos(v); }
double Acosh(double v, Args) { return std::acosh(v); }
double Asin(double v, Args) { return std::asin(v); }
double Asinh(double v, Args) { return std::asinh(v); }
double Atan(double v, Args) { return std::atan(v); }
double Atanh(double v, Args) { return std::atanh(v); }
double Ceil(double v, Args) { return std::ceil(v); }
double Clamp(double v, Args min_max) { return ClampBetween(v, min_max[0], min_max[1]); }
double ClampMax(double v, Args max) { return ClampBetween(v, -HUGE_VAL, max[0]); }
double ClampMin(double v, Args min) { return ClampBetween(v, min[0], HUGE_VAL); }
double Cos(double v, Args) { return std::cos(v); }
double Cosh(double v, Args) { return std::cosh(v); }
double Deg(double v, Args) { return v * 180 / std::numbers::pi; }
double Exp(double v, Args) { return std::exp(v); }
double Floor(double v, Args) { return std::floor(v); }
double Ln(double v, Args) { return std::log(v); }
double Log10(double v, Args) { return std::log10(v); }
double Log2(double v, Args) { return std::log2(v); }
double Rad(double v, Args) { return v * std::numbers::pi / 180; }

double Round(double v, Args to_nearest) {
  // Ties go up; dividing by the inverse costs less accuracy than dividing by the unit.
  const double inverse = 1 / (to_nearest.empty() ? 1 : to_nearest[0]);
  return std::floor(v * inverse + 0.5) / inverse;
}

double Sgn(double v, Args) { return v < 0 ? -1 : v > 0 ? 1 : v; }
double Sin(double v, Args) { return std::sin(v); }
double Sinh(double v, Args) { return std::sinh(v); }
double Sqrt(double v, Args) { return std::sqrt(v); }
double Tan(double v, Args) { return std::tan(v); }
double Tanh(double v, Args) { return std::tanh(v); }

}  // namespace tocsin::promql::math
