#include "base/parse.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace tocsin {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

struct DurationUnit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array<DurationUnit, 7> kDurationUnits{{{"y", 365LL * 24 * 3600 * 1000},
                                                      {"w", 7LL * 24 * 3600 * 1000},
                                                      {"d", 24LL * 3600 * 1000},
                                                      {"h", 3600LL * 1000},
                                                      {"m", 60LL * 1000},
                                                      {"s", 1000},
                                                      {"ms", 1}}};

Error BadDuration(std::string_view text) {
  return {Errc::kInvalid, "bad duration \"" + std::string(text) +
                              "\": expected numbers with units ms, s, m, h, d, w or y, largest "
                              "first, as in \"90s\" or \"1h30m\""};
}

}  // namespace

std::optional<double> ParseDouble(std::string_view text) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return std::nullopt;
  }
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, ec] = std::from_chars(text.data(), end, value);
  if (at != end || text.empty()) return std::nullopt;
  if (ec == std::errc::result_out_of_range) {
    // from_chars does not say which way; strtod semantics: overflow is infinite, underflow zero.
    const bool negative = text.front() == '-';
    const auto exponent = text.find_first_of("eE");
    const bool tiny = exponent != std::string_view::npos
                          ? text.substr(exponent + 1).starts_with('-')
                          : text.starts_with("0.") || text.starts_with("-0.");
    const double magnitude = tiny ? 0.0 : std::numeric_limits<double>::infinity();
    return negative ? -magnitude : magnitude;
  }
  if (ec != std::errc{}) return std::nullopt;
  return value;
}

std::string_view TakeField(std::string_view& text) {
  // By hand: find_first_of calls memchr for every character, and this runs over every /proc file.
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end && IsBlank(*at)) ++at;
  const char* const start = at;
  while (at != end && !IsBlank(*at)) ++at;
  text = {at, static_cast<std::size_t>(end - at)};
  return {start, static_cast<std::size_t>(at - start)};
}

std::string_view TakeLine(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return line;
}

std::string_view Trim(std::string_view text) {
  const auto start = text.find_first_not_of(kBlanks);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(kBlanks) - start + 1);
}

Result<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  if (text == "0") return std::chrono::milliseconds(0);
  if (text.empty()) return BadDuration(text);
  std::string_view rest = text;
  std::int64_t total_ms = 0;
  std::size_t next_unit = 0;
  while (!rest.empty()) {
    const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const auto number = ParseInt<std::int64_t>(rest.substr(0, digits));
    rest.remove_prefix(digits);
    const auto letters = std::min(rest.find_first_of("0123456789"), rest.size());
    const std::string_view unit = rest.substr(0, letters);
    rest.remove_prefix(letters);
    const auto found =
        std::find_if(kDurationUnits.begin() + static_cast<std::ptrdiff_t>(next_unit),
                     kDurationUnits.end(), [&](const DurationUnit& u) { return u.name == unit; });
    if (!number || found == kDurationUnits.end()) return BadDuration(text);
    std::int64_t part_ms = 0;
    if (__builtin_mul_overflow(*number, found->ms, &part_ms) ||
        __builtin_add_overflow(total_ms, part_ms, &total_ms) ||
        total_ms > std::numeric_limits<std::int64_t>::max() / 1'000'000) {
      return Error{Errc::kInvalid, "duration \"" + std::string(text) + "\" is out of range"};
    }
    next_unit = static_cast<std::size_t>(found - kDurationUnits.begin()) + 1;
  }
  return std::chrono::milliseconds(total_ms);
}

std::string FormatDuration(std::chrono::milliseconds duration) {
  std::int64_t ms = duration.count();
  if (ms == 0) return "0s";
  std::string out;
  if (ms < 0) {
    out = "-";
    ms = -ms;
  }
  for (const auto& [name, unit_ms] : kDurationUnits) {
    // Years and weeks are only used where they fit exactly: "30d" reads better than "4w2d".
    if ((name == "y" || name == "w") && ms % unit_ms != 0) continue;
    if (const std::int64_t count = ms / unit_ms; count > 0) {
      out += std::to_string(count);
      out += name;
      ms -= count * unit_ms;
    }
  }
  return out;
}

Result<std::uint64_t> ParseBytes(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = ParseInt<std::uint64_t>(text.substr(0, digits));
  const std::string_view unit = text.substr(digits);
  constexpr std::string_view kPrefixes = "KMGTPE";
  unsigned shift = 0;
  bool known = unit.empty() || unit == "B";
  if (!known && (unit.substr(1) == "B" || unit.substr(1) == "iB")) {
    const auto prefix = kPrefixes.find(unit.front());
    known = prefix != std::string_view::npos;
    shift = 10 * (static_cast<unsigned>(prefix) + 1);
  }
  if (!number || !known) {
    return Error{Errc::kInvalid, "bad size \"" + std::string(text) +
                                     "\": expected a whole number with B, KB, MB, GB or TB, as "
                                     "in \"16MB\""};
  }
  if (shift > 0 && *number > (std::numeric_limits<std::uint64_t>::max() >> shift)) {
    return Error{Errc::kInvalid, "size \"" + std::string(text) + "\" is out of range"};
  }
  return *number << shift;
}

std::size_t EditDistance(std::string_view a, std::string_view b) {
  // Optimal string alignment over three rows.
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({replace, previous[j] + 1, current[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace tocsin
