#include "rules/series_notation.h"

#include <string>

#include "base/parse.h"
#include "metrics/sample.h"
#include "rules/promql/parser.h"

namespace tocsin {
namespace {

using Values = std::vector<std::optional<double>>;

Error BadValue(std::string_view field) {
  return {Errc::kInvalid, "bad value \"" + std::string(field) +
                              "\": expected a number, _ (none), stale, or a series of them such as "
                              "1+2x3 (1 3 5 7), 4x3 or _x3"};
}

/// Where the step of `a+b` or `a-b` begins: the first sign that is neither in front nor of an
/// exponent.
std::size_t StepSign(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    const bool sign = text[i] == '+' || text[i] == '-';
    if (sign && text[i - 1] != 'e' && text[i - 1] != 'E') return i;
  }
  return std::string_view::npos;
}

Status AddField(std::string_view field, std::size_t max_values, Values& values) {
  if (field == "stale") {
    values.emplace_back(StaleNan());
    return Unit{};
  }
  std::uint64_t times = 0;
  std::string_view start = field;
  const auto x = field.find('x');
  if (x != std::string_view::npos) {
    const auto count = ParseInt<std::uint64_t>(field.substr(x + 1));
    if (!count) return BadValue(field);
    times = *count;
    start = field.substr(0, x);
  }
  if (start == "_") {
    const std::uint64_t count = x == std::string_view::npos ? 1 : times;
    if (count > max_values - values.size()) return Error{Errc::kLimit, "too many values"};
    values.insert(values.end(), count, std::nullopt);
    return Unit{};
  }
  double step = 0;
  if (const auto sign = StepSign(start); sign != std::string_view::npos) {
    const auto size = ParseDouble(start.substr(sign + 1));
    if (!size || x == std::string_view::npos) return BadValue(field);
    step = start[sign] == '-' ? -*size : *size;
    start = start.substr(0, sign);
  }
  const auto first = ParseDouble(start);
  if (!first) return BadValue(field);
  if (times >= max_values - values.size()) return Error{Errc::kLimit, "too many values"};
  double value = *first;
  for (std::uint64_t i = 0; i <= times; ++i) {
    values.emplace_back(value);
    value += step;
  }
  return Unit{};
}

}  // namespace

Result<Labels> ParseSeriesName(std::string_view text) {
  text = Trim(text);
  // A selector that matches everything is refused, but a series may have no labels: a name is put
  // in front and taken away again.
  const bool nameless = text.starts_with('{') && text.find(kMetricName) == std::string_view::npos;
  const std::string named = (nameless ? "x" : "") + std::string(text);
  auto matchers = promql::ParseSelector(named);
  if (!matchers) {
    return Error{Errc::kInvalid, "bad series \"" + std::string(text) +
                                     "\": expected as in up{job=\"x\"}; " +
                                     matchers.error().message()};
  }
  LabelsBuilder labels;
  for (const Matcher& matcher : *matchers) {
    if (matcher.op() != MatchOp::kEqual) {
      return Error{Errc::kInvalid, "bad series \"" + std::string(text) +
                                       "\": " + matcher.ToString() +
                                       " chooses series, it does not name one"};
    }
    if (nameless && matcher.name() == kMetricName) continue;
    if (!matcher.value().empty()) labels.Set(matcher.name(), matcher.value());
  }
  return labels.Build();
}

Result<Values> ParseSeriesValues(std::string_view text, std::size_t max_values) {
  Values values;
  while (true) {
    const std::string_view field = TakeField(text);
    if (field.empty()) return values;
    TRY(AddField(field, max_values, values));
  }
}

}  // namespace tocsin
