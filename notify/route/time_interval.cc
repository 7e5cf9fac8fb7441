#include "notify/route/time_interval.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/parse.h"

namespace tocsin::notify {
namespace {

using std::chrono::days;

constexpr std::array<std::string_view, 7> kWeekdays{"sunday",   "monday", "tuesday", "wednesday",
                                                    "thursday", "friday", "saturday"};
constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                   "may",       "june",     "july",     "august",
                                                   "september", "october",  "november", "december"};

bool AnyContains(const std::vector<NumberRange>& ranges, int value) {
  return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), [&](const NumberRange& r) {
           return value >= r.begin && value <= r.end;
         });
}

bool DayMatches(const std::vector<NumberRange>& ranges, int day, int days_in_month) {
  return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), [&](const NumberRange& r) {
           const auto from_end = [&](int d) { return d < 0 ? days_in_month + d + 1 : d; };
           return day >= from_end(r.begin) && day <= from_end(r.end);
         });
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// A number, or a name that stands for `first` + its place in `names`.
std::optional<int> NumberOrName(std::string_view text, std::span<const std::string_view> names,
                                int first) {
  const std::string word = Lower(Trim(text));
  const auto found = std::find(names.begin(), names.end(), word);
  if (found != names.end()) return first + static_cast<int>(found - names.begin());
  return ParseInt<int>(word);
}

struct RangeSyntax {
  std::string_view key;
  std::span<const std::string_view> names;
  int first;  // the number of the first name, and the least allowed
  int last;
  bool from_end;  // negative numbers count from the end
};

Result<NumberRange> ReadRange(const YamlFile& file, const YamlNode& node,
                              const RangeSyntax& syntax) {
  TRY_ASSIGN(const std::string text, YamlString(file, node));
  const auto colon = text.find(':');
  const auto begin = NumberOrName(text.substr(0, colon), syntax.names, syntax.first);
  const auto end = colon == std::string::npos
                       ? begin
                       : NumberOrName(text.substr(colon + 1), syntax.names, syntax.first);
  const auto allowed = [&](int n) {
    return (n >= syntax.first && n <= syntax.last) ||
           (syntax.from_end && n >= -syntax.last && n <= -1);
  };
  if (!begin || !end || !allowed(*begin) || !allowed(*end)) {
    return file.At(node, "bad value \"" + text + "\" in " + std::string(syntax.key) +
                             ": expected one, or two with a colon between them");
  }
  if (*begin < 0 && *end > 0) {
    return file.At(node, "a range from the end of the month cannot end at its beginning");
  }
  if ((*begin < 0) == (*end < 0) && *begin > *end) {
    return file.At(node, "the range \"" + text + "\" ends before it begins");
  }
  return NumberRange{*begin, *end};
}

Status ReadRanges(YamlFields& fields, const RangeSyntax& syntax, std::vector<NumberRange>& ranges) {
  const YamlNode* list = fields.Find(syntax.key);
  if (!list) return Unit{};
  if (!list->IsSequence()) {
    return fields.file().At(*list, std::string(syntax.key) + " is a list");
  }
  return ReadItems(fields.file(), *list, [&](const YamlNode& item) -> Status {
    TRY_ASSIGN(const NumberRange range, ReadRange(fields.file(), item, syntax));
    ranges.push_back(range);
    return Unit{};
  });
}

/// "09:30" as minutes of the day; "24:00" is its end.
Result<int> ReadClock(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string text, YamlString(file, node));
  const auto hour = text.size() == 5 ? ParseInt<unsigned>(text.substr(0, 2)) : std::nullopt;
  const auto minute = text.size() == 5 ? ParseInt<unsigned>(text.substr(3)) : std::nullopt;
  const bool ok = hour && minute && text[2] == ':' && *minute < 60 &&
                  (*hour < 24 || (*hour == 24 && *minute == 0));
  if (!ok) return file.At(node, "bad time of day \"" + text + "\": expected 00:00 to 24:00");
  return static_cast<int>(*hour * 60 + *minute);
}

Result<NumberRange> ReadTimes(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "times");
  NumberRange range;
  TRY_ASSIGN(range.begin, fields.ReadRequired("start_time", ReadClock));
  TRY_ASSIGN(range.end, fields.ReadRequired("end_time", ReadClock));
  TRY(fields.Finish());
  if (range.begin >= range.end) {
    return file.At(node, "start_time must be before end_time; a night is two intervals");
  }
  return range;
}

Result<TimeZone> ReadZone(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string name, YamlString(file, node));
  auto zone = TimeZone::Load(name);
  if (!zone) return file.At(node, zone.error().message());
  return zone;
}

}  // namespace

bool TimeInterval::Contains(WallTime time) const {
  const WallTime local = time + zone.OffsetAt(time);
  const auto day = std::chrono::floor<days>(local);
  const std::chrono::year_month_day date(day);
  const int minute = static_cast<int>((local - day) / std::chrono::minutes(1));
  const std::chrono::year_month_day_last last(date.year(),
                                              std::chrono::month_day_last(date.month()));
  const bool in_times =
      minutes.empty() || std::any_of(minutes.begin(), minutes.end(), [&](const NumberRange& r) {
        return minute >= r.begin && minute < r.end;
      });
  return in_times &&
         AnyContains(weekdays, static_cast<int>(std::chrono::weekday(day).c_encoding())) &&
         DayMatches(days_of_month, static_cast<int>(static_cast<unsigned>(date.day())),
                    static_cast<int>(static_cast<unsigned>(last.day()))) &&
         AnyContains(months, static_cast<int>(static_cast<unsigned>(date.month()))) &&
         AnyContains(years, static_cast<int>(date.year()));
}

Result<TimeInterval> ReadTimeInterval(const YamlFile& file, const YamlNode& node) {
  TimeInterval interval;
  YamlFields fields(file, node, "time interval");
  if (const YamlNode* times = fields.Find("times")) {
    if (!times->IsSequence()) return file.At(*times, "times is a list");
    TRY(ReadItems(file, *times, [&](const YamlNode& item) -> Status {
      TRY_ASSIGN(const NumberRange range, ReadTimes(file, item));
      interval.minutes.push_back(range);
      return Unit{};
    }));
  }
  TRY(ReadRanges(fields, {"weekdays", kWeekdays, 0, 6, false}, interval.weekdays));
  TRY(ReadRanges(fields, {"days_of_month", {}, 1, 31, true}, interval.days_of_month));
  TRY(ReadRanges(fields, {"months", kMonths, 1, 12, false}, interval.months));
  TRY(ReadRanges(fields, {"years", {}, 0, 9999, false}, interval.years));
  TRY_ASSIGN(interval.zone, fields.Read("location", ReadZone, interval.zone));
  TRY(fields.Finish());
  return interval;
}

}  // namespace tocsin::notify
