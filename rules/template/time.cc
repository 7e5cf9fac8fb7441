#include "rules/template/time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace tocsin::tmpl {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

/// What a piece of a layout stands for.
enum class Piece : std::uint8_t {
  kText,
  kLongMonth,
  kMonth,
  kNumMonth,
  kZeroMonth,
  kLongWeekday,
  kWeekday,
  kDay,
  kUnderDay,
  kZeroDay,
  kUnderYearDay,
  kZeroYearDay,
  kHour,
  kHour12,
  kZeroHour12,
  kMinute,
  kZeroMinute,
  kSecond,
  kZeroSecond,
  kLongYear,
  kYear,
  kUpperHalf,
  kLowerHalf,
  kZoneName,
  kOffset,  // -0700 and its kin
};

struct Spelling {
  std::string_view text;
  Piece piece;
};
// A longer spelling stands before its own beginning.
constexpr Spelling kSpellings[] = {
    {"January", Piece::kLongMonth},
    {"Jan", Piece::kMonth},
    {"Monday", Piece::kLongWeekday},
    {"Mon", Piece::kWeekday},
    {"MST", Piece::kZoneName},
    {"2006", Piece::kLongYear},
    {"002", Piece::kZeroYearDay},
    {"__2", Piece::kUnderYearDay},
    {"01", Piece::kZeroMonth},
    {"02", Piece::kZeroDay},
    {"03", Piece::kZeroHour12},
    {"04", Piece::kZeroMinute},
    {"05", Piece::kZeroSecond},
    {"06", Piece::kYear},
    {"15", Piece::kHour},
    {"1", Piece::kNumMonth},
    {"_2006", Piece::kText},
    {"_2", Piece::kUnderDay},
    {"2", Piece::kDay},
    {"3", Piece::kHour12},
    {"4", Piece::kMinute},
    {"5", Piece::kSecond},
    {"PM", Piece::kUpperHalf},
    {"pm", Piece::kLowerHalf},
    {"-07:00:00", Piece::kOffset},
    {"-070000", Piece::kOffset},
    {"-07:00", Piece::kOffset},
    {"-0700", Piece::kOffset},
    {"-07", Piece::kOffset},
    {"Z07:00:00", Piece::kOffset},
    {"Z070000", Piece::kOffset},
    {"Z07:00", Piece::kOffset},
    {"Z0700", Piece::kOffset},
    {"Z07", Piece::kOffset},
};

bool StartsLower(std::string_view text) {
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z';
}

Spelling NextPiece(std::string_view layout) {
  for (const Spelling& spelling : kSpellings) {
    if (!layout.starts_with(spelling.text)) continue;
    // "Jan" and "Mon" within a longer word ("Janet", "Month") are just text.
    const bool short_name = spelling.piece == Piece::kMonth || spelling.piece == Piece::kWeekday;
    if (short_name && StartsLower(layout.substr(3))) continue;
    // "_2006" is an underscore and a year, not a day.
    if (spelling.text == "_2006") return {"_", Piece::kText};
    return spelling;
  }
  return {layout.substr(0, 1), Piece::kText};
}

void AppendPadded(std::int64_t number, int width, char fill, std::string& out) {
  if (number < 0) {
    out += '-';
    number = -number;
  }
  const std::string digits = std::to_string(number);
  if (digits.size() < static_cast<std::size_t>(width)) {
    out.append(static_cast<std::size_t>(width) - digits.size(), fill);
  }
  out += digits;
}

void AppendOffset(int offset, std::string_view spelling, std::string& out) {
  if (spelling[0] == 'Z' && offset == 0) {
    out += 'Z';
    return;
  }
  out += offset < 0 ? '-' : '+';
  const int seconds_off = std::abs(offset);
  const bool colon = spelling.find(':') != std::string_view::npos;
  AppendPadded(seconds_off / 3600, 2, '0', out);
  if (spelling.size() > 3) {
    if (colon) out += ':';
    AppendPadded(seconds_off / 60 % 60, 2, '0', out);
  }
  if (spelling.size() > 6) {
    if (colon) out += ':';
    AppendPadded(seconds_off % 60, 2, '0', out);
  }
}

/// ".000" keeps its zeros, ".999" drops them. Returns the length of the spelling, 0 if it is none.
std::size_t AppendFraction(std::string_view layout, std::int32_t nanos, std::string& out) {
  if (layout.size() < 2 || (layout[0] != '.' && layout[0] != ',')) return 0;
  const char digit = layout[1];
  if (digit != '0' && digit != '9') return 0;
  const auto end = std::min(layout.find_first_not_of(digit, 1), layout.size());
  if (end < layout.size() && layout[end] >= '0' && layout[end] <= '9') return 0;
  std::string digits;
  AppendPadded(nanos, 9, '0', digits);
  digits.resize(std::min<std::size_t>(end - 1, 9), '0');
  if (digit == '9') digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.empty()) return end;
  out += layout[0];
  out += digits;
  return end;
}

void AppendPiece(const Time& time, const CivilTime& civil, const Spelling& spelling,
                 std::string& out) {
  const int hour12 = civil.hour % 12 == 0 ? 12 : civil.hour % 12;
  const std::string_view month = kMonths[static_cast<std::size_t>(civil.month - 1)];
  const std::string_view weekday = kDays[static_cast<std::size_t>(civil.weekday)];
  switch (spelling.piece) {
    case Piece::kText:
      out += spelling.text;
      return;
    case Piece::kLongMonth:
      out += month;
      return;
    case Piece::kMonth:
      out += month.substr(0, 3);
      return;
    case Piece::kNumMonth:
      return AppendPadded(civil.month, 0, '0', out);
    case Piece::kZeroMonth:
      return AppendPadded(civil.month, 2, '0', out);
    case Piece::kLongWeekday:
      out += weekday;
      return;
    case Piece::kWeekday:
      out += weekday.substr(0, 3);
      return;
    case Piece::kDay:
      return AppendPadded(civil.day, 0, '0', out);
    case Piece::kUnderDay:
      return AppendPadded(civil.day, 2, ' ', out);
    case Piece::kZeroDay:
      return AppendPadded(civil.day, 2, '0', out);
    case Piece::kUnderYearDay:
      return AppendPadded(civil.year_day, 3, ' ', out);
    case Piece::kZeroYearDay:
      return AppendPadded(civil.year_day, 3, '0', out);
    case Piece::kHour:
      return AppendPadded(civil.hour, 2, '0', out);
    case Piece::kHour12:
      return AppendPadded(hour12, 0, '0', out);
    case Piece::kZeroHour12:
      return AppendPadded(hour12, 2, '0', out);
    case Piece::kMinute:
      return AppendPadded(civil.minute, 0, '0', out);
    case Piece::kZeroMinute:
      return AppendPadded(civil.minute, 2, '0', out);
    case Piece::kSecond:
      return AppendPadded(civil.second, 0, '0', out);
    case Piece::kZeroSecond:
      return AppendPadded(civil.second, 2, '0', out);
    case Piece::kLongYear:
      return AppendPadded(civil.year, 4, '0', out);
    case Piece::kYear:
      return AppendPadded(std::abs(civil.year % 100), 2, '0', out);
    case Piece::kUpperHalf:
      out += civil.hour >= 12 ? "PM" : "AM";
      return;
    case Piece::kLowerHalf:
      out += civil.hour >= 12 ? "pm" : "am";
      return;
    case Piece::kZoneName:
      if (time.zone.empty()) {
        AppendOffset(time.utc_offset_seconds, time.utc_offset_seconds % 3600 == 0 ? "-07" : "-0700",
                     out);
      } else {
        out += time.zone;
      }
      return;
    case Piece::kOffset:
      return AppendOffset(time.utc_offset_seconds, spelling.text, out);
  }
}

}  // namespace

CivilTime Civil(const Time& time) {
  const std::int64_t local = time.unix_seconds + time.utc_offset_seconds;
  std::int64_t days = local / 86400;
  std::int64_t of_day = local % 86400;
  if (of_day < 0) {
    of_day += 86400;
    --days;
  }
  // Days are counted in eras of 400 years that begin on 1 March, so that a leap day ends its year.
  const std::int64_t shifted = days + 719468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t of_era = shifted - era * 146097;
  const std::int64_t year_of_era =
      (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const std::int64_t of_year =
      of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);  // from 1 March
  const std::int64_t month_from_march = (5 * of_year + 2) / 153;
  CivilTime civil{};
  civil.day = static_cast<int>(of_year - (153 * month_from_march + 2) / 5 + 1);
  civil.month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  civil.year = year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0);
  const bool leap = (civil.year % 4 == 0 && civil.year % 100 != 0) || civil.year % 400 == 0;
  civil.year_day = static_cast<int>(of_year) + (civil.month <= 2 ? -305 : 60 + (leap ? 1 : 0));
  civil.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  civil.hour = static_cast<int>(of_day / 3600);
  civil.minute = static_cast<int>(of_day / 60 % 60);
  civil.second = static_cast<int>(of_day % 60);
  return civil;
}

std::string FormatTime(const Time& time, std::string_view layout) {
  const CivilTime civil = Civil(time);
  std::string out;
  while (!layout.empty()) {
    if (const std::size_t used = AppendFraction(layout, time.nanos, out); used > 0) {
      layout.remove_prefix(used);
      continue;
    }
    const Spelling spelling = NextPiece(layout);
    AppendPiece(time, civil, spelling, out);
    layout.remove_prefix(spelling.text.size());
  }
  return out;
}

std::string TimeText(const Time& time) {
  return FormatTime(time, "2006-01-02 15:04:05.999999999 -0700 MST");
}

std::string DurationText(Duration duration) {
  if (duration.nanos == 0) return "0s";
  const bool negative = duration.nanos < 0;
  const auto nanos = negative ? ~static_cast<std::uint64_t>(duration.nanos) + 1
                              : static_cast<std::uint64_t>(duration.nanos);
  std::string out = negative ? "-" : "";
  /// `whole`.`fraction` with as many digits as needed, the fraction in units of 1/`unit`.
  const auto decimal = [&](std::uint64_t value, std::uint64_t unit) {
    out += std::to_string(value / unit);
    std::string fraction = std::to_string(value % unit + unit).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    if (!fraction.empty()) out += "." + fraction;
  };
  if (nanos < 1000) return out + std::to_string(nanos) + "ns";
  if (nanos < 1'000'000) {
    decimal(nanos, 1000);
    return out + "µs";
  }
  if (nanos < kNanosPerSecond) {
    decimal(nanos, 1'000'000);
    return out + "ms";
  }
  const std::uint64_t minutes = nanos / (60ULL * kNanosPerSecond);
  if (minutes >= 60) out += std::to_string(minutes / 60) + "h";
  if (minutes > 0) out += std::to_string(minutes % 60) + "m";
  decimal(nanos % (60ULL * kNanosPerSecond), kNanosPerSecond);
  return out + "s";
}

Duration Between(const Time& from, const Time& to) {
  const __int128 nanos =
      static_cast<__int128>(to.unix_seconds - from.unix_seconds) * kNanosPerSecond +
      (to.nanos - from.nanos);
  constexpr __int128 kMost = std::numeric_limits<std::int64_t>::max();
  return {static_cast<std::int64_t>(std::clamp(nanos, -kMost - 1, kMost))};
}

Time Plus(const Time& time, Duration duration) {
  Time out = time;
  std::int64_t nanos = time.nanos + duration.nanos % kNanosPerSecond;
  out.unix_seconds += duration.nanos / kNanosPerSecond;
  if (nanos < 0) {
    nanos += kNanosPerSecond;
    --out.unix_seconds;
  }
  out.unix_seconds += nanos / kNanosPerSecond;
  out.nanos = static_cast<std::int32_t>(nanos % kNanosPerSecond);
  return out;
}

}  // namespace tocsin::tmpl
