#include "notify/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/parse.h"
#include "base/utf8.h"

namespace tocsin::notify {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

/// "2023-01-02T03:04:05" of `time`, and its milliseconds.
std::pair<std::string, int> DateAndMillis(WallTime time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> buffer{};
  const int size = std::snprintf(
      buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return {std::string(buffer.data(), static_cast<std::size_t>(size)),
          static_cast<int>(clock.subseconds().count())};
}

/// Takes `digits` decimal digits off the front.
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

std::optional<WallTime> MakeTime(int year, int month, int day, int hour, int minute, int second) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return WallTime(sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

std::optional<WallTime> ParseHttpDate(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  // "Sun, 06 Nov 1994 08:49:37 GMT"
  if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT"))
    return std::nullopt;
  std::string_view rest = text.substr(5);
  const auto day = TakeDigits(rest, 2);
  int month = 0;
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (rest.substr(1, 3) == kMonths[i]) month = static_cast<int>(i) + 1;
  }
  if (!day || month == 0) return std::nullopt;
  rest.remove_prefix(5);
  const auto year = TakeDigits(rest, 4);
  rest.remove_prefix(1);
  const auto hour = TakeDigits(rest, 2);
  rest.remove_prefix(1);
  const auto minute = TakeDigits(rest, 2);
  rest.remove_prefix(1);
  const auto second = TakeDigits(rest, 2);
  if (!year || !hour || !minute || !second) return std::nullopt;
  return MakeTime(*year, month, *day, *hour, *minute, *second);
}

}  // namespace

void AppendGoQuoted(std::string_view text, std::string& out) {
  out.push_back('"');
  while (!text.empty()) {
    const char c = text.front();
    const auto byte = static_cast<unsigned char>(c);
    const std::size_t length = Utf8SequenceLength(c);
    if (byte >= 0x80 && IsValidUtf8(text.substr(0, length))) {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
      continue;
    }
    std::array<char, 8> hex{};
    switch (c) {
      case '"':
      case '\\':
        out.append({'\\', c});
        break;
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\v':
        out += "\\v";
        break;
      default:
        if (byte >= 0x20 && byte < 0x7f) {
          out.push_back(c);
        } else {
          std::snprintf(hex.data(), hex.size(), "\\x%02x", byte);
          out += hex.data();
        }
    }
    text.remove_prefix(1);
  }
  out.push_back('"');
}

std::string Rfc3339Millis(WallTime time) {
  auto [text, millis] = DateAndMillis(time);
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
  const bool dash1 = TakeChar(text, "-");
  const auto month = TakeDigits(text, 2);
  const bool dash2 = TakeChar(text, "-");
  const auto day = TakeDigits(text, 2);
  const bool t = TakeChar(text, "Tt ");
  const auto hour = TakeDigits(text, 2);
  const bool colon1 = TakeChar(text, ":");
  const auto minute = TakeDigits(text, 2);
  const bool colon2 = TakeChar(text, ":");
  const auto second = TakeDigits(text, 2);
  if (!(year && month && day && hour && minute && second && dash1 && dash2 && t && colon1 &&
        colon2)) {
    return std::nullopt;
  }
  auto time = MakeTime(*year, *month, *day, *hour, *minute, *second);
  if (!time) return std::nullopt;
  if (TakeChar(text, ".")) {
    int scale = 100;
    const std::size_t before = text.size();
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      *time += milliseconds((text.front() - '0') * scale);
      scale /= 10;
      text.remove_prefix(1);
    }
    if (text.size() == before) return std::nullopt;
  }
  if (TakeChar(text, "Zz")) return text.empty() ? time : std::nullopt;
  const bool plus = text.starts_with('+');
  if (!TakeChar(text, "+-")) return std::nullopt;
  const auto hours = TakeDigits(text, 2);
  const bool colon = TakeChar(text, ":");
  const auto minutes = TakeDigits(text, 2);
  if (!hours || !colon || !minutes || !text.empty()) return std::nullopt;
  const auto offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return plus ? *time - offset : *time + offset;
}

std::optional<milliseconds> ParseRetryAfter(std::string_view text, WallTime now) {
  text = Trim(text);
  if (const auto count = ParseInt<std::uint32_t>(text)) return seconds(*count);
  const auto date = ParseHttpDate(text);
  if (!date) return std::nullopt;
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(*date - now));
}

std::string PublicUrl(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return "<not a URL>";
  std::string_view host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  return std::string(url.substr(0, scheme + 3)).append(host);
}

}  // namespace tocsin::notify
