#include "base/time_text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "base/parse.h"

namespace tocsin {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hh_mm_ss;
using std::chrono::year_month_day;

/// "2023-01-02T03:04:05" of `time`, and its milliseconds.
std::pair<std::string, int> DateAndMillis(WallTime time) {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  std::array<char, 64> buffer{};
  const int size = std::snprintf(
      buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return {std::string(buffer.data(), static_cast<std::size_t>(size)),
          static_cast<int>(clock.subseconds().count())};
}

/// Takes exactly `digits` decimal digits off the front.
std::optional<int> TakeDigits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  const auto value = ParseInt<unsigned>(text.substr(0, digits));
  if (!value) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<int>(*value);
}

bool TakeChar(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// ".123456" as milliseconds; nothing is 0.
std::optional<milliseconds> TakeFraction(std::string_view& text) {
  milliseconds fraction{0};
  if (!TakeChar(text, ".")) return fraction;
  int unit = 100;
  const std::size_t before = text.size();
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    fraction += milliseconds((text.front() - '0') * unit);
    unit /= 10;
    text.remove_prefix(1);
  }
  if (text.size() == before) return std::nullopt;
  return fraction;
}

/// East of UTC.
std::optional<std::chrono::minutes> TakeZone(std::string_view& text) {
  if (TakeChar(text, "Zz")) return std::chrono::minutes(0);
  const int sign = text.starts_with('-') ? -1 : 1;
  if (!TakeChar(text, "+-")) return std::nullopt;
  const auto hours = TakeDigits(text, 2);
  if (!hours || !TakeChar(text, ":")) return std::nullopt;
  const auto minutes = TakeDigits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return std::chrono::minutes(sign * (*hours * 60 + *minutes));
}

}  // namespace

std::string Rfc3339Millis(WallTime time) {
  const auto [text, millis] = DateAndMillis(time);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", millis);
  return text + fraction.data();
}

std::string Rfc3339(WallTime time) {
  auto [text, millis] = DateAndMillis(time);
  if (millis == 0) return text + "Z";
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03d", millis);
  text += fraction.data();
  while (text.back() == '0') text.pop_back();
  return text + "Z";
}

std::optional<WallTime> ParseRfc3339(std::string_view text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !TakeChar(text, "-")) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !TakeChar(text, "-")) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day || !TakeChar(text, "Tt")) return std::nullopt;
  const auto hour = TakeDigits(text, 2);
  if (!hour || !TakeChar(text, ":")) return std::nullopt;
  const auto minute = TakeDigits(text, 2);
  if (!minute || !TakeChar(text, ":")) return std::nullopt;
  const auto second = TakeDigits(text, 2);
  if (!second) return std::nullopt;
  const auto fraction = TakeFraction(text);
  if (!fraction) return std::nullopt;
  const auto zone = TakeZone(text);
  const year_month_day date{std::chrono::year(*year),
                            std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day))};
  if (!zone || !text.empty() || !date.ok() || *hour > 23 || *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + seconds(*second) + *fraction - *zone;
}

void AppendImfDate(WallTime time, std::string& out) {
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  // Every response has one: printf would take most of the time of its head.
  const auto padded = [&](auto number, std::size_t width) {
    const std::string digits = std::to_string(number);
    out.append(width - std::min(width, digits.size()), '0') += digits;
  };
  out.append(kDays[std::chrono::weekday(day).c_encoding()]) += ", ";
  padded(static_cast<unsigned>(date.day()), 2);
  out.append(" ").append(kMonths[static_cast<unsigned>(date.month()) - 1]) += ' ';
  padded(static_cast<int>(date.year()), 4);
  out += ' ';
  padded(clock.hours().count(), 2);
  out += ':';
  padded(clock.minutes().count(), 2);
  out += ':';
  padded(clock.seconds().count(), 2);
}

std::optional<WallTime> ParseHttpDate(std::string_view text) {
  const std::string whole(text);
  for (const char* form :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* const end = ::strptime(whole.c_str(), form, &parts);
    if (end && *end == '\0') return WallTime(seconds(::timegm(&parts)));
  }
  return std::nullopt;
}

std::string FormatUtc(WallTime time, const char* format) {
  const std::time_t whole = floor<seconds>(time).time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

}  // namespace tocsin
