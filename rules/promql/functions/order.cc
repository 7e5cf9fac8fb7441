// sort and its kin. Only the result of an instant query has an order.

#include <algorithm>
#include <cmath>

#include "base/ascii.h"
#include "base/parse.h"
#include "rules/promql/evaluator.h"
#include "rules/promql/functions/families.h"

namespace tocsin::promql::order {
namespace {

/// Natural order: runs of digits compare as numbers.
std::strong_ordering CompareNatural(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const bool digits = IsAsciiDigit(a.front());
    if (digits != IsAsciiDigit(b.front())) return a <=> b;
    const auto take = [&](std::string_view& text) {
      std::size_t end = 0;
      while (end < text.size() && IsAsciiDigit(text[end]) == digits) ++end;
      const std::string_view run = text.substr(0, end);
      text.remove_prefix(end);
      return run;
    };
    std::string_view left = take(a);
    std::string_view right = take(b);
    if (digits) {
      while (left.starts_with('0')) left.remove_prefix(1);
      while (right.starts_with('0')) right.remove_prefix(1);
      if (left.size() != right.size()) return left.size() <=> right.size();
    }
    if (const auto order = left <=> right; order != 0) return order;
  }
  return a.size() <=> b.size();
}

template <class Before>
Status Ordered(const CallExpr& call, Evaluator& evaluator, SeriesSink sink, Before before) {
  if (evaluator.steps().count > 1) return evaluator.Vector(*call.args.front(), sink);
  TRY_ASSIGN(SeriesTable table, evaluator.Table(*call.args.front()));
  std::stable_sort(table.series.begin(), table.series.end(), before);
  for (StepSeries& series : table.series) TRY(sink(series));
  return Unit{};
}

/// NaN comes last whichever way the others are sorted.
template <class Less>
Status ByValue(const CallExpr& call, Evaluator& evaluator, SeriesSink sink, Less less) {
  return Ordered(call, evaluator, sink, [&](const StepSeries& a, const StepSeries& b) {
    const double left = a.values.front();
    const double right = b.values.front();
    if (std::isnan(left) || std::isnan(right)) return !std::isnan(left) && std::isnan(right);
    return less(left, right);
  });
}

std::strong_ordering CompareLabels(const CallExpr& call, const Labels& a, const Labels& b) {
  for (std::size_t i = 1; i < call.args.size(); ++i) {
    const std::string& name = As<StringLiteral>(Unparenthesized(*call.args[i])).value;
    const std::string_view left = a.Get(name);
    const std::string_view right = b.Get(name);
    if (left == right) continue;
    const auto order = CompareNatural(left, right);
    return order != 0 ? order : left <=> right;
  }
  return a <=> b;
}

}  // namespace

Status Sort(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  return ByValue(call, evaluator, sink, [](double a, double b) { return a < b; });
}

Status SortDesc(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  return ByValue(call, evaluator, sink, [](double a, double b) { return a > b; });
}

Status SortByLabel(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  return Ordered(call, evaluator, sink, [&](const StepSeries& a, const StepSeries& b) {
    return CompareLabels(call, a.labels, b.labels) < 0;
  });
}

Status SortByLabelDesc(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  return Ordered(call, evaluator, sink, [&](const StepSeries& a, const StepSeries& b) {
    return CompareLabels(call, a.labels, b.labels) > 0;
  });
}

}  // namespace tocsin::promql::order
