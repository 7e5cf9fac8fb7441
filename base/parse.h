#pragma once
// Numbers, durations and byte sizes as people and the kernel write them. Independent of the
// process locale, no allocation on success.

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin {

/// The whole of `text` as an integer in `base` (no sign before unsigned, no blanks), or nothing.
template <std::integral T>
std::optional<T> ParseInt(std::string_view text, int base = 10) {
  T value{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The whole of `text` as a float: decimal, exponent, "inf"/"+Inf"/"-infinity", "nan", in any
/// case, an optional leading sign. No hexadecimal.
std::optional<double> ParseDouble(std::string_view text);

/// Takes the next run of non-blank characters (blank: space, tab, newline) off the front of
/// `text`; empty when there is none.
std::string_view TakeField(std::string_view& text);

/// Takes the next line off the front of `text`, without its '\n'.
std::string_view TakeLine(std::string_view& text);

/// Without leading and trailing blanks (space, tab, CR, LF).
std::string_view Trim(std::string_view text);

/// A Prometheus duration: units ms s m h d w y in falling order, each at most once ("1h30m"),
/// or "0". Errors: kInvalid, saying what was meant.
Result<std::chrono::milliseconds> ParseDuration(std::string_view text);

/// The shortest spelling that ParseDuration reads back, as Prometheus prints it ("1h30m", "0s").
std::string FormatDuration(std::chrono::milliseconds duration);

/// "16MB", "512KiB", "1024": B, KB, MB, GB, TB and KiB … TiB are all powers of 1024, as
/// Prometheus's size flags. Errors: kInvalid.
Result<std::uint64_t> ParseBytes(std::string_view text);

/// The candidate nearest to `word` by edit distance, if near enough to have been meant.
template <class Range>
std::optional<std::string_view> NearestWord(std::string_view word, const Range& candidates);

/// Edit distance (insert, delete, replace, swap of neighbours count 1 each).
std::size_t EditDistance(std::string_view a, std::string_view b);

template <class Range>
std::optional<std::string_view> NearestWord(std::string_view word, const Range& candidates) {
  std::optional<std::string_view> best;
  std::size_t best_distance = word.size() / 3 + 2;  // further than this is another word
  for (const std::string_view candidate : candidates) {
    if (const std::size_t d = EditDistance(word, candidate); d < best_distance) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

}  // namespace tocsin
