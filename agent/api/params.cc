#include "agent/api/params.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

#include "base/parse.h"

namespace tocsin::api {
namespace {

// Prometheus's own bounds: math.MinInt64/1000 seconds and back.
constexpr double kMaxSeconds = 9.2e15;

/// Takes exactly `digits` digits off the front.
std::optional<int> TakeDigits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  const auto value = ParseInt<unsigned>(text.substr(0, digits));
  if (!value) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<int>(*value);
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int> TakeZoneMinutes(std::string_view& text) {
  if (TakeChar(text, 'Z') || TakeChar(text, 'z')) return 0;
  const int sign = TakeChar(text, '+') ? 1 : TakeChar(text, '-') ? -1 : 0;
  const auto hours = TakeDigits(text, 2);
  if (sign == 0 || !hours || !TakeChar(text, ':')) return std::nullopt;
  const auto minutes = TakeDigits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 60 + *minutes);
}

std::optional<std::int64_t> ParseRfc3339(std::string_view text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !TakeChar(text, '-')) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !TakeChar(text, '-')) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day || !(TakeChar(text, 'T') || TakeChar(text, 't'))) return std::nullopt;
  const auto hour = TakeDigits(text, 2);
  if (!hour || !TakeChar(text, ':')) return std::nullopt;
  const auto minute = TakeDigits(text, 2);
  if (!minute || !TakeChar(text, ':')) return std::nullopt;
  const auto second = TakeDigits(text, 2);
  if (!second) return std::nullopt;
  std::int64_t fraction_ms = 0;
  if (TakeChar(text, '.')) {
    std::int64_t unit = 100;
    if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      fraction_ms += (text.front() - '0') * unit;
      unit /= 10;
      text.remove_prefix(1);
    }
  }
  const auto zone = TakeZoneMinutes(text);
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!zone || !text.empty() || !date.ok() || *hour > 23 || *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + *hour) * 60 + *minute - *zone) * 60'000 + *second * 1'000 + fraction_ms;
}

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

Result<std::int64_t> ParseTimeParam(std::string_view text) {
  if (const auto unix_seconds = ParseDouble(text);
      unix_seconds && std::fabs(*unix_seconds) < kMaxSeconds) {
    return static_cast<std::int64_t>(std::round(*unix_seconds * 1000));
  }
  if (const auto ms = ParseRfc3339(text)) return *ms;
  return Error{Errc::kInvalid, "cannot parse " + Quoted(text) + " to a valid timestamp"};
}

Result<std::int64_t> ParseDurationParam(std::string_view text) {
  if (const auto in_seconds = ParseDouble(text);
      in_seconds && std::fabs(*in_seconds) < kMaxSeconds) {
    return static_cast<std::int64_t>(*in_seconds * 1000);
  }
  if (const auto duration = ParseDuration(text)) return duration->count();
  return Error{Errc::kInvalid, "cannot parse " + Quoted(text) + " to a valid duration"};
}

Result<std::int64_t> TimeParam(const http::Form& form, std::string_view name,
                               std::int64_t fallback) {
  const std::string_view text = form.Get(name);
  return text.empty() ? Result<std::int64_t>(fallback) : ParseTimeParam(text);
}

Result<std::uint64_t> LimitParam(const http::Form& form, std::string_view name) {
  const std::string_view text = form.Get(name);
  if (text.empty()) return std::uint64_t{0};
  if (const auto limit = ParseInt<std::uint64_t>(text)) return *limit;
  return Error{Errc::kInvalid, "limit must be a whole number from 0"};
}

std::string FormatTime(std::int64_t ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(ms)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  std::array<char, 64> text;
  int n = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                        static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                        static_cast<int>(clock.minutes().count()),
                        static_cast<int>(clock.seconds().count()));
  std::string out(text.data(), static_cast<std::size_t>(n));
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    n = std::snprintf(text.data(), text.size(), ".%03d", static_cast<int>(fraction));
    out.append(text.data(), static_cast<std::size_t>(n));
    while (out.back() == '0') out.pop_back();
  }
  return out + "Z";
}

}  // namespace tocsin::api
