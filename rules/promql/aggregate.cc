// sum, avg, min, max, count, group, stddev, stdvar: folded series by series, so that only the
// groups are held.

#include "rules/promql/aggregate.h"

#include <algorithm>
#include <cmath>

#include "rules/promql/kahan.h"

namespace tocsin::promql {
namespace {

struct SumFold {
  KahanSum sum;
  void Add(double value) { sum.Add(value); }
  double Result(bool) const { return sum.Total(); }
};

struct AvgFold {
  KahanMean mean;
  void Add(double value) { mean.Add(value); }
  double Result(bool) const { return mean.Mean(); }
};

template <bool kGreatest>
struct ExtremeFold {
  double best = std::nan("");
  void Add(double value) {
    if ((kGreatest ? best < value : best > value) || std::isnan(best)) best = value;
  }
  double Result(bool) const { return best; }
};

struct CountFold {
  double count = 0;
  void Add(double) { ++count; }
  double Result(bool) const { return count; }
};

struct GroupFold {
  void Add(double) {}
  double Result(bool) const { return 1; }
};

/// Welford's algorithm.
struct VarianceFold {
  double count = 0;
  double mean = 0;
  double squares = 0;
  void Add(double value) {
    if (++count == 1) {
      mean = value;
      squares = std::isfinite(value) ? 0 : std::nan("");
      return;
    }
    const double delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  /// Prometheus 2 takes the variance of a single infinity or NaN for 0.
  double Variance(bool v2) const { return v2 && count == 1 ? 0 : squares / count; }
  double Result(bool v2) const { return Variance(v2); }
};

struct DeviationFold : VarianceFold {
  double Result(bool v2) const { return std::sqrt(Variance(v2)); }
};

MetricNames NamesIn(const AggregateExpr& aggregate) {
  const auto& by = aggregate.grouping;
  const bool matter =
      !aggregate.without && std::find(by.begin(), by.end(), kMetricName) != by.end();
  return matter ? MetricNames::kMatter : MetricNames::kIgnored;
}

template <class Fold>
class FoldedGroups {
 public:
  FoldedGroups(const AggregateExpr& aggregate, Evaluator& evaluator)
      : aggregate_(aggregate),
        evaluator_(evaluator),
        steps_(evaluator.steps().count),
        groups_(GroupingOf(aggregate)),
        holding_(evaluator.context()) {}

  Status Run(SeriesSink sink) {
    Evaluator inner(evaluator_.context(), evaluator_.steps(), NamesIn(aggregate_));
    TRY(inner.Vector(*aggregate_.expr, [&](StepSeries& series) { return Fold_(series); }));
    StepSeries out;
    for (std::size_t group = 0; group < states_.size(); ++group) {
      out.labels = groups_.Shared(group);
      out.values.assign(steps_, Absent());
      for (std::size_t i = 0; i < steps_; ++i) {
        const State& state = states_[group][i];
        if (state.any) out.values[i] = state.fold.Result(evaluator_.context().v2());
      }
      states_[group] = {};
      TRY(sink(out));
    }
    return Unit{};
  }

 private:
  struct State {
    Fold fold;
    bool any = false;
  };
  // What a state weighs against the budget of samples.
  static constexpr std::size_t kStateBytes = sizeof(State);
  static constexpr std::size_t kSamplesPerState = kStateBytes / sizeof(double);

  Status Fold_(const StepSeries& series) {
    // A group comes into being with its first sample, not with an empty series.
    if (series.Empty()) return Unit{};
    const std::size_t group = groups_.Put(series.labels);
    if (group == states_.size()) {
      const std::size_t most = evaluator_.context().options().max_series;
      if (group >= most) {
        return Error{Errc::kLimit,
                     "aggregation yields more than " + std::to_string(most) + " groups"};
      }
      TRY(holding_.Add(steps_ * kSamplesPerState));
      states_.emplace_back(steps_);
    }
    State* const states = states_[group].data();
    const double* const values = series.values.data();
    for (std::size_t i = 0; i < steps_; ++i) {
      if (IsAbsent(values[i])) continue;
      states[i].fold.Add(values[i]);
      states[i].any = true;
    }
    return Unit{};
  }

  const AggregateExpr& aggregate_;
  Evaluator& evaluator_;
  const std::size_t steps_;
  LabelGroups groups_;
  Holding holding_;
  std::vector<std::vector<State>> states_;  // by group and step
};

}  // namespace

LabelPart GroupingOf(const AggregateExpr& aggregate) {
  return aggregate.without ? LabelPart::AllButNameAnd(aggregate.grouping)
                           : LabelPart::Only(aggregate.grouping);
}

Result<GroupedTable> GroupedTableOf(const AggregateExpr& aggregate, Evaluator& evaluator) {
  TRY_ASSIGN(SeriesTable table, evaluator.Table(*aggregate.expr));
  GroupedTable grouped{std::move(table), LabelGroups(GroupingOf(aggregate)), {}};
  for (std::size_t i = 0; i < grouped.table.series.size(); ++i) {
    const std::size_t group = grouped.groups.Put(grouped.table.series[i].labels);
    if (group == grouped.members.size()) grouped.members.emplace_back();
    grouped.members[group].push_back(i);
  }
  return grouped;
}

Status Evaluator::Aggregate(const AggregateExpr& aggregate, SeriesSink sink) {
  switch (aggregate.op) {
    case AggregateOp::kSum:
      return FoldedGroups<SumFold>(aggregate, *this).Run(sink);
    case AggregateOp::kAvg:
      return FoldedGroups<AvgFold>(aggregate, *this).Run(sink);
    case AggregateOp::kMin:
      return FoldedGroups<ExtremeFold<false>>(aggregate, *this).Run(sink);
    case AggregateOp::kMax:
      return FoldedGroups<ExtremeFold<true>>(aggregate, *this).Run(sink);
    case AggregateOp::kCount:
      return FoldedGroups<CountFold>(aggregate, *this).Run(sink);
    case AggregateOp::kGroup:
      return FoldedGroups<GroupFold>(aggregate, *this).Run(sink);
    case AggregateOp::kStddev:
      return FoldedGroups<DeviationFold>(aggregate, *this).Run(sink);
    case AggregateOp::kStdvar:
      return FoldedGroups<VarianceFold>(aggregate, *this).Run(sink);
    case AggregateOp::kQuantile:
      return AggregateQuantile(aggregate, *this, sink);
    case AggregateOp::kCountValues:
      return AggregateCountValues(aggregate, *this, sink);
    case AggregateOp::kTopK:
    case AggregateOp::kBottomK:
    case AggregateOp::kLimitK:
    case AggregateOp::kLimitRatio:
      return AggregateSelecting(aggregate, *this, sink);
  }
  return Unit{};
}

}  // namespace tocsin::promql
