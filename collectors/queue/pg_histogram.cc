#include "collectors/queue/pg_histogram.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/parse.h"
#include "collectors/source.h"

namespace tocsin {
namespace {

constexpr std::size_t kMaxBounds = 1'000;

/// "{0.1,1,Infinity}", as PostgreSQL writes an array of numbers of one dimension.
Result<std::vector<double>> ParseArray(std::string_view what, std::string_view text) {
  const std::string_view whole = text;
  const auto malformed = [&] { return MalformedText(what, "an array of numbers", whole); };
  if (!text.starts_with('{') || !text.ends_with('}') || text.size() < 2) return malformed();
  text = text.substr(1, text.size() - 2);
  std::vector<double> numbers;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const auto number = ParseDouble(text.substr(0, comma));
    if (!number || std::isnan(*number) || comma + 1 == text.size()) return malformed();
    if (numbers.size() == kMaxBounds) {
      return Error{Errc::kMalformed, std::string(what) + ": more than 1000 elements"};
    }
    numbers.push_back(*number);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return numbers;
}

Result<double> ParseOne(std::string_view what, std::string_view text) {
  const auto number = ParseDouble(text);
  if (!number) return MalformedText(what, "a number", text);
  return *number;
}

}  // namespace

Result<PgHistogram> ParsePgHistogram(const PgHistogramCells& cells) {
  PgHistogram histogram;
  TRY_ASSIGN(histogram.bounds, ParseArray("bounds", cells.bounds));
  TRY_ASSIGN(histogram.cumulative, ParseArray("_bucket", cells.buckets));
  TRY_ASSIGN(histogram.sum, ParseOne("_sum", cells.sum));
  TRY_ASSIGN(histogram.count, ParseOne("_count", cells.count));
  const std::size_t size = std::min(histogram.bounds.size(), histogram.cumulative.size());
  histogram.bounds.resize(size);
  histogram.cumulative.resize(size);
  // The bucket of +Inf is the count.
  if (size > 0 && histogram.bounds.back() == HUGE_VAL) {
    histogram.bounds.pop_back();
    histogram.cumulative.pop_back();
  }
  const auto& bounds = histogram.bounds;
  if (std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()) != bounds.end()) {
    return MalformedText("bounds", "numbers that rise", cells.bounds);
  }
  double last = 0;
  for (const double count : histogram.cumulative) {
    if (count < last) return MalformedText("_bucket", "cumulative counts", cells.buckets);
    last = count;
  }
  if (histogram.count < last) {
    return MalformedText("_count", "no less than the last bucket", cells.count);
  }
  return histogram;
}

}  // namespace tocsin
