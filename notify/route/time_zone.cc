#include "notify/route/time_zone.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/parse.h"

namespace tocsin::notify {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

/// When daylight saving begins or ends in a year: a rule of a POSIX TZ string.
struct ChangeRule {
  enum class Kind { kJulian, kZeroBased, kMonthWeekDay };
  Kind kind = Kind::kMonthWeekDay;
  unsigned month = 0, week = 0, weekday = 0;  // kMonthWeekDay
  unsigned day = 0;                           // the other two
  seconds at{7200};                           // local time of the day

  /// The local time of the change in `year`.
  sys_seconds In(std::chrono::year year) const {
    const sys_days january1 = year / 1 / 1;
    switch (kind) {
      case Kind::kJulian:  // 1 … 365, 29 February never counts
        return january1 + days(day - 1 + (year.is_leap() && day >= 60 ? 1 : 0)) + at;
      case Kind::kZeroBased:
        return january1 + days(day) + at;
      case Kind::kMonthWeekDay:
        break;
    }
    const std::chrono::weekday wanted(weekday);
    const auto in_month = year / std::chrono::month(month);
    if (week == 5) return sys_days(in_month / std::chrono::weekday_last(wanted)) + at;
    return sys_days(in_month / std::chrono::weekday_indexed(wanted, week)) + at;
  }
};

/// The footer of a zone file: what holds after its last listed change.
struct PosixZone {
  seconds standard{0};
  struct Saving {
    seconds offset;
    ChangeRule begins;
    ChangeRule ends;
  };
  std::optional<Saving> saving;

  seconds OffsetAt(sys_seconds time) const {
    if (!saving) return standard;
    const std::chrono::year_month_day date(std::chrono::floor<days>(time + standard));
    const sys_seconds begins = saving->begins.In(date.year()) - standard;
    const sys_seconds ends = saving->ends.In(date.year()) - saving->offset;
    const bool summer = begins < ends ? time >= begins && time < ends  // northern
                                      : time >= begins || time < ends;
    return summer ? saving->offset : standard;
  }
};

class PosixReader {
 public:
  explicit PosixReader(std::string_view text) : text_(text) {}

  std::optional<PosixZone> Read() {
    PosixZone zone;
    if (!SkipName()) return std::nullopt;
    const auto standard = Clock();
    if (!standard) return std::nullopt;
    zone.standard = -*standard;  // POSIX counts west of Greenwich
    if (text_.empty()) return zone;
    PosixZone::Saving saving;
    if (!SkipName()) return std::nullopt;
    saving.offset = zone.standard + std::chrono::hours(1);
    if (!text_.starts_with(',')) {
      const auto offset = Clock();
      if (!offset) return std::nullopt;
      saving.offset = -*offset;
    }
    const auto begins = Rule();
    const auto ends = Rule();
    if (!begins || !ends || !text_.empty()) return std::nullopt;
    saving.begins = *begins;
    saving.ends = *ends;
    zone.saving = saving;
    return zone;
  }

 private:
  bool Take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  bool SkipName() {
    const bool quoted = Take('<');
    std::size_t n = 0;
    while (n < text_.size() &&
           (quoted ? text_[n] != '>' : std::isalpha(static_cast<unsigned char>(text_[n])))) {
      ++n;
    }
    text_.remove_prefix(n);
    return n >= 3 && (!quoted || Take('>'));
  }

  std::optional<unsigned> Number(unsigned max) {
    std::size_t n = 0;
    while (n < text_.size() && n < 3 && std::isdigit(static_cast<unsigned char>(text_[n]))) ++n;
    const auto value = ParseInt<unsigned>(text_.substr(0, n));
    text_.remove_prefix(n);
    return value && *value <= max ? value : std::nullopt;
  }

  /// [+-]hh[:mm[:ss]]
  std::optional<seconds> Clock() {
    const bool negative = Take('-');
    if (!negative) Take('+');
    const auto hours = Number(167);
    if (!hours) return std::nullopt;
    seconds value = std::chrono::hours(*hours);
    for (const seconds unit : {seconds(60), seconds(1)}) {
      if (!Take(':')) break;
      const auto part = Number(59);
      if (!part) return std::nullopt;
      value += unit * *part;
    }
    return negative ? -value : value;
  }

  std::optional<ChangeRule> Rule() {
    ChangeRule rule;
    if (!Take(',')) return std::nullopt;
    if (Take('M')) {
      const auto month = Number(12);
      if (!month || *month < 1 || !Take('.')) return std::nullopt;
      const auto week = Number(5);
      if (!week || *week < 1 || !Take('.')) return std::nullopt;
      const auto weekday = Number(6);
      if (!weekday) return std::nullopt;
      rule.month = *month;
      rule.week = *week;
      rule.weekday = *weekday;
    } else {
      rule.kind = Take('J') ? ChangeRule::Kind::kJulian : ChangeRule::Kind::kZeroBased;
      const auto day = Number(365);
      if (!day) return std::nullopt;
      rule.day = *day;
    }
    if (Take('/')) {
      const auto at = Clock();
      if (!at) return std::nullopt;
      rule.at = *at;
    }
    return rule;
  }

  std::string_view text_;
};

std::int64_t BigEndian(std::string_view bytes) {
  std::uint64_t value = static_cast<signed char>(bytes[0]) < 0 ? ~std::uint64_t{0} : 0;
  for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

constexpr std::size_t kHeaderBytes = 44;

struct Counts {
  std::size_t utc_flags, std_flags, leaps, changes, types, names;

  std::size_t DataBytes(std::size_t time_bytes) const {
    return changes * (time_bytes + 1) + types * 6 + names + leaps * (time_bytes + 4) + std_flags +
           utc_flags;
  }
};

std::optional<Counts> ReadHeader(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with("TZif") || bytes[4] < '2') {
    return std::nullopt;
  }
  std::array<std::size_t, 6> n{};
  for (std::size_t i = 0; i < n.size(); ++i) {
    n[i] = static_cast<std::size_t>(BigEndian(bytes.substr(20 + 4 * i, 4)));
    if (n[i] > 100'000) return std::nullopt;
  }
  return Counts{n[0], n[1], n[2], n[3], n[4], n[5]};
}

}  // namespace

struct TimeZone::Rules {
  std::vector<std::int64_t> changes;  // Unix times, rising
  std::vector<seconds> after;         // the offset from each change on
  seconds before{0};                  // the offset before the first
  std::optional<PosixZone> footer;    // after the last
};

Result<TimeZone> TimeZone::Parse(std::string_view bytes) {
  const Error bad{Errc::kMalformed, "not a time zone file of version 2 or later"};
  const auto first = ReadHeader(bytes);
  if (!first || bytes.size() < kHeaderBytes + first->DataBytes(4)) return bad;
  bytes.remove_prefix(kHeaderBytes + first->DataBytes(4));
  const auto counts = ReadHeader(bytes);
  if (!counts || bytes.size() < kHeaderBytes + counts->DataBytes(8) || counts->types == 0)
    return bad;
  bytes.remove_prefix(kHeaderBytes);

  auto rules = std::make_shared<Rules>();
  const std::string_view indices = bytes.substr(counts->changes * 8, counts->changes);
  const std::string_view types = bytes.substr(counts->changes * 9, counts->types * 6);
  for (std::size_t i = 0; i < counts->changes; ++i) {
    const std::size_t type = static_cast<unsigned char>(indices[i]);
    const std::int64_t at = BigEndian(bytes.substr(i * 8, 8));
    if (type >= counts->types || (i > 0 && at <= rules->changes.back())) return bad;
    rules->changes.push_back(at);
    rules->after.emplace_back(BigEndian(types.substr(type * 6, 4)));
  }
  rules->before = seconds(BigEndian(types.substr(0, 4)));
  bytes.remove_prefix(counts->DataBytes(8));
  if (!bytes.starts_with('\n') || !bytes.ends_with('\n') || bytes.size() < 2) return bad;
  const std::string_view footer = bytes.substr(1, bytes.size() - 2);
  if (!footer.empty()) {
    rules->footer = PosixReader(footer).Read();
    if (!rules->footer) return bad;
  }
  TimeZone zone;
  zone.rules_ = std::move(rules);
  return zone;
}

Result<TimeZone> TimeZone::Load(const std::string& name) {
  if (name.empty() || name == "UTC") return TimeZone();
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '+' ||
           c == '/';
  });
  if (!plain || name.starts_with('/')) {
    return Error{Errc::kInvalid, "bad time zone name \"" + name + "\""};
  }
  std::ifstream in(name == "Local" ? "/etc/localtime" : "/usr/share/zoneinfo/" + name,
                   std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in || bytes.empty()) {
    if (name == "Local") return TimeZone();  // as the C library: no file means UTC
    return Error{Errc::kNotFound, "unknown time zone \"" + name + "\" (Debian package tzdata)"};
  }
  auto zone = Parse(bytes);
  if (!zone) return std::move(zone).error().Under(name);
  return zone;
}

seconds TimeZone::OffsetAt(WallTime time) const {
  if (!rules_) return seconds(0);
  const auto second = std::chrono::floor<seconds>(time);
  const std::int64_t unix_time = second.time_since_epoch().count();
  const auto next = std::upper_bound(rules_->changes.begin(), rules_->changes.end(), unix_time);
  if (next == rules_->changes.end() && rules_->footer) return rules_->footer->OffsetAt(second);
  if (next == rules_->changes.begin()) return rules_->before;
  return rules_->after[static_cast<std::size_t>(next - rules_->changes.begin()) - 1];
}

}  // namespace tocsin::notify
