// quantile and count_values: aggregations that must see all values of a group and step at once.

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "base/format.h"
#include "base/utf8.h"
#include "metrics/names.h"
#include "rules/promql/aggregate.h"
#include "rules/promql/parser.h"
#include "rules/promql/quote.h"

namespace tocsin::promql {

namespace {

/// Where a quantile lies: between the values at `lower` and the place after, `weight` of the way.
struct Place {
  std::size_t lower;
  double weight;
};

Place PlaceOf(double phi, std::size_t count) {
  const double rank = phi * static_cast<double>(count - 1);
  const double lower = std::floor(rank);
  return {static_cast<std::size_t>(lower), rank - lower};
}

/// What a quantile is whatever the values, if it is.
std::optional<double> QuantileOfAnything(double phi, std::size_t count) {
  if (count == 0 || std::isnan(phi)) return std::nan("");
  if (phi < 0) return -HUGE_VAL;
  if (phi > 1) return HUGE_VAL;
  return std::nullopt;
}

}  // namespace

double Quantile(double phi, std::vector<double>& values) {
  if (const auto anyway = QuantileOfAnything(phi, values.size())) return *anyway;
  const auto less = [](double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; };
  const Place place = PlaceOf(phi, values.size());
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(place.lower);
  std::nth_element(values.begin(), at, values.end(), less);
  const double high = at + 1 != values.end() ? *std::min_element(at + 1, values.end(), less) : *at;
  return *at * (1 - place.weight) + high * place.weight;
}

double SortedQuantile(double phi, std::span<const double> sorted) {
  if (const auto anyway = QuantileOfAnything(phi, sorted.size())) return *anyway;
  const Place place = PlaceOf(phi, sorted.size());
  const double high = sorted[std::min(place.lower + 1, sorted.size() - 1)];
  return sorted[place.lower] * (1 - place.weight) + high * place.weight;
}

void CheckQuantile(double phi, PosRange pos, QueryContext& context) {
  if (phi >= 0 && phi <= 1) return;
  context.Warn(
      "PromQL warning: quantile value should be between 0 and 1, got " + FormatGoFloat(phi), pos);
}

Status AggregateQuantile(const AggregateExpr& aggregate, Evaluator& evaluator, SeriesSink sink) {
  TRY_ASSIGN(const ScalarSteps phi, evaluator.Scalar(*aggregate.parameter));
  TRY_ASSIGN(const GroupedTable grouped, GroupedTableOf(aggregate, evaluator));
  const std::size_t steps = evaluator.steps().count;
  std::vector<double> values;
  StepSeries out;
  for (std::size_t group = 0; group < grouped.members.size(); ++group) {
    TRY(evaluator.context().Poll());
    out.labels = grouped.groups.Shared(group);
    out.values.assign(steps, Absent());
    for (std::size_t i = 0; i < steps; ++i) {
      TRY(evaluator.context().PollAt(i));
      values.clear();
      for (const std::size_t member : grouped.members[group]) {
        const double v = grouped.table.series[member].values[i];
        if (!IsAbsent(v)) values.push_back(v);
      }
      if (values.empty()) continue;
      CheckQuantile(phi.At(i), aggregate.parameter->pos, evaluator.context());
      out.values[i] = Quantile(phi.At(i), values);
    }
    TRY(sink(out));
  }
  return Unit{};
}

namespace {

/// The output series of count_values, by labels.
class ValueCounts {
 public:
  ValueCounts(const AggregateExpr& aggregate, Evaluator& evaluator, std::string label)
      : evaluator_(evaluator),
        label_(std::move(label)),
        part_(PartOf(aggregate, label_)),
        counts_(evaluator.context()) {}

  Status Count(const StepSeries& series) {
    by_value_.clear();
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      if (IsAbsent(series.values[i])) continue;
      TRY_ASSIGN(const std::size_t at, SeriesFor(series.labels, series.values[i]));
      double& count = counts_.series[at].values[i];
      count = IsAbsent(count) ? 1 : count + 1;
    }
    return Unit{};
  }

  Status Emit(SeriesSink sink) {
    for (StepSeries& series : counts_.series) TRY(sink(series));
    return Unit{};
  }

 private:
  static LabelPart PartOf(const AggregateExpr& aggregate, const std::string& label) {
    std::vector<std::string> names = aggregate.grouping;
    if (aggregate.without) return LabelPart::AllButNameAnd(names);
    names.push_back(label);
    return LabelPart::Only(names);
  }

  Result<std::size_t> SeriesFor(const Labels& labels, double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    if (const auto known = by_value_.find(bits); known != by_value_.end()) return known->second;
    TRY(evaluator_.context().Poll());
    const Labels shared = part_.Of(labels.With(label_, FormatGoFixed(value)));
    const auto [at, inserted] = by_labels_.try_emplace(shared, counts_.series.size());
    if (inserted) {
      if (counts_.series.size() >= evaluator_.context().options().max_series) {
        return Error{Errc::kLimit, "count_values yields too many series"};
      }
      TRY(counts_.holding.Add(evaluator_.steps().count));
      counts_.series.push_back({shared, std::vector<double>(evaluator_.steps().count, Absent())});
    }
    by_value_.emplace(bits, at->second);
    return at->second;
  }

  Evaluator& evaluator_;
  const std::string label_;
  const LabelPart part_;
  SeriesTable counts_;
  std::unordered_map<Labels, std::size_t, LabelsHash> by_labels_;
  std::unordered_map<std::uint64_t, std::size_t> by_value_;  // of the series in hand
};

}  // namespace

Status AggregateCountValues(const AggregateExpr& aggregate, Evaluator& evaluator, SeriesSink sink) {
  const std::string& label = As<StringLiteral>(Unparenthesized(*aggregate.parameter)).value;
  const bool valid =
      evaluator.context().v2() ? IsLabelName(label) : !label.empty() && IsValidUtf8(label);
  if (!valid) return ExecutionError("invalid label name " + GoQuoted(label));
  ValueCounts counts(aggregate, evaluator, label);
  TRY(evaluator.Vector(*aggregate.expr, [&](StepSeries& series) { return counts.Count(series); }));
  return counts.Emit(sink);
}

}  // namespace tocsin::promql
