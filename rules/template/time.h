#pragma once
// Go's time.Time and time.Duration as templates use them.

#include <string>
#include <string_view>

#include "rules/template/value.h"

namespace tocsin::tmpl {

/// A Time taken apart in its own zone (proleptic Gregorian calendar).
struct CivilTime {
  std::int64_t year;
  int month;  // 1 … 12
  int day;    // 1 … 31
  int hour;
  int minute;
  int second;
  int weekday;   // 0: Sunday
  int year_day;  // 1 … 366
};
CivilTime Civil(const Time& time);

/// time.Time.Format: `layout` shows how 2006-01-02 15:04:05 would be written.
std::string FormatTime(const Time& time, std::string_view layout);
/// time.Time.String.
std::string TimeText(const Time& time);
/// time.Duration.String ("1h2m3.5s").
std::string DurationText(Duration duration);

/// to - from, kept within what a Duration holds.
Duration Between(const Time& from, const Time& to);
Time Plus(const Time& time, Duration duration);

}  // namespace tocsin::tmpl
