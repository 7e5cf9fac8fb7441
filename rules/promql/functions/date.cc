#include <cmath>
#include <cstdint>

#include "rules/promql/functions/families.h"

namespace tocsin::promql::date {
namespace {

using Args = std::span<const double>;

constexpr std::int64_t kSecondsPerDay = 86400;

struct Date {
  std::int64_t year;
  int month;  // 1 … 12
  int day;    // 1 … 31
};

/// Floor division, so that instants before 1970 fall into the right day.
std::int64_t DaysSinceEpoch(std::int64_t seconds) {
  return seconds / kSecondsPerDay - (seconds % kSecondsPerDay < 0 ? 1 : 0);
}
std::int64_t SecondOfDay(std::int64_t seconds) {
  return seconds - DaysSinceEpoch(seconds) * kSecondsPerDay;
}

/// The Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
Date CivilDate(std::int64_t days) {
  days += 719468;  // since 0000-03-01
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

bool IsLeap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int MonthLength(const Date& date) {
  constexpr int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return date.month == 2 && IsLeap(date.year) ? 29 : kLengths[date.month - 1];
}

/// Applies `f` to the whole seconds of `v`; NaN where they are no instant.
template <class F>
double OfSeconds(double v, F f) {
  constexpr double kMaxSeconds = 1e17;
  if (!(std::fabs(v) <= kMaxSeconds)) return std::nan("");
  return static_cast<double>(f(static_cast<std::int64_t>(v)));
}

template <class F>
double OfDate(double v, F f) {
  return OfSeconds(v, [&](std::int64_t s) { return f(CivilDate(DaysSinceEpoch(s))); });
}

}  // namespace

double DayOfMonth(double v, Args) {
  return OfDate(v, [](const Date& d) { return d.day; });
}

double DayOfWeek(double v, Args) {
  return OfSeconds(v, [](std::int64_t s) {
    const std::int64_t day = (DaysSinceEpoch(s) + 4) % 7;  // 1970-01-01 was a Thursday
    return day < 0 ? day + 7 : day;
  });
}

double DayOfYear(double v, Args) {
  return OfDate(v, [](const Date& d) {
    Date month{d.year, 1, 1};
    int days = d.day;
    for (; month.month < d.month; ++month.month) days += MonthLength(month);
    return days;
  });
}

double DaysInMonth(double v, Args) { return OfDate(v, MonthLength); }

double Hour(double v, Args) {
  return OfSeconds(v, [](std::int64_t s) { return SecondOfDay(s) / 3600; });
}

double Minute(double v, Args) {
  return OfSeconds(v, [](std::int64_t s) { return SecondOfDay(s) / 60 % 60; });
}

double Month(double v, Args) {
  return OfDate(v, [](const Date& d) { return d.month; });
}

double Year(double v, Args) {
  return OfDate(v, [](const Date& d) { return d.year; });
}

}  // namespace tocsin::promql::date
