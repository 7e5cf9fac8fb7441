// Classic histograms: series that differ only in their le label are one histogram.

#include <algorithm>
#include <cmath>
#include <map>

#include "base/format.h"
#include "base/parse.h"
#include "rules/promql/aggregate.h"
#include "rules/promql/functions/families.h"
#include "rules/promql/quote.h"

namespace tocsin::promql::histogram {
namespace {

constexpr std::string_view kBucketLabel = "le";

struct Bucket {
  double upper;
  double count;  // of observations ≤ upper
};

/// The histograms of a vector, each with its bucket series sorted by bound.
class Histograms {
 public:
  static Result<Histograms> Of(const Expr& expr, Evaluator& evaluator) {
    Histograms histograms(evaluator);
    TRY(evaluator.Vector(expr, [&](StepSeries& series) {
      return histograms.Add(series, expr, evaluator.context());
    }));
    for (auto& bounds : histograms.bounds_) {
      std::stable_sort(bounds.begin(), bounds.end(),
                       [](const Bound& a, const Bound& b) { return a.upper < b.upper; });
    }
    return histograms;
  }

  std::size_t size() const { return bounds_.size(); }
  /// Without the name, so that two histograms may be alike.
  Labels LabelsOf(std::size_t histogram) const { return DropName(groups_.Shared(histogram)); }

  /// The buckets of a histogram at a step, by rising bound, equal bounds added up.
  void BucketsAt(std::size_t histogram, std::size_t step, std::vector<Bucket>& buckets) const {
    buckets.clear();
    for (const Bound& bound : bounds_[histogram]) {
      const double count = table_.series[bound.series].values[step];
      if (IsAbsent(count)) continue;
      if (!buckets.empty() && buckets.back().upper == bound.upper) {
        buckets.back().count += count;
      } else {
        buckets.push_back({bound.upper, count});
      }
    }
  }

 private:
  struct Bound {
    double upper;
    std::size_t series;
  };

  explicit Histograms(Evaluator& evaluator)
      : table_(evaluator.context()), groups_(LabelPart::AllBut({std::string(kBucketLabel)})) {}

  Status Add(StepSeries& series, const Expr& expr, QueryContext& context) {
    const Labels labels = series.labels;
    const std::string_view le = labels.Get(kBucketLabel);
    const auto upper = ParseDouble(le);
    if (!upper || std::isnan(*upper)) {
      if (!context.v2() && !series.Empty()) {
        context.Warn("PromQL warning: bucket label \"le\" is missing or has a malformed value of " +
                         GoQuoted(le) + " for metric name " + GoQuoted(labels.MetricName()),
                     expr.pos);
      }
      return Unit{};
    }
    const std::size_t at = table_.series.size();
    TRY(table_.Add(series, context.options()));
    if (table_.series.size() == at) return Unit{};  // it was empty
    const std::size_t group = groups_.Put(labels);
    if (group == bounds_.size()) bounds_.emplace_back();
    bounds_[group].push_back({*upper, at});
    return Unit{};
  }

  SeriesTable table_;
  LabelGroups groups_;
  std::vector<std::vector<Bound>> bounds_;  // by histogram
};

/// Makes counts rise with the bounds, as they must: differences of float error are levelled, real
/// decreases are raised to what stood before. True if there were any of the latter.
bool ForceMonotonic(std::vector<Bucket>& buckets) {
  constexpr double kTolerance = 1e-12;
  double before = buckets.front().count;
  for (Bucket& bucket : buckets) {
    if (std::fabs(bucket.count - before) / bucket.count <= kTolerance) bucket.count = before;
    before = bucket.count;
  }
  bool forced = false;
  double most = buckets.front().count;
  for (Bucket& bucket : buckets) {
    if (bucket.count < most) {
      bucket.count = most;
      forced = true;
    } else if (bucket.count > most) {
      most = bucket.count;
    }
  }
  return forced;
}

struct QuantileResult {
  double value;
  bool forced_monotonic = false;
};

/// Linear within the bucket that the quantile falls into (Prometheus, promql/quantile.go).
QuantileResult BucketQuantile(double phi, std::vector<Bucket>& buckets) {
  if (std::isnan(phi)) return {std::nan("")};
  if (phi < 0) return {-HUGE_VAL};
  if (phi > 1) return {HUGE_VAL};
  if (buckets.back().upper != HUGE_VAL) return {std::nan("")};
  const bool forced = ForceMonotonic(buckets);
  const double observations = buckets.back().count;
  if (buckets.size() < 2 || observations == 0) return {std::nan("")};
  double rank = phi * observations;
  const auto last = buckets.end() - 1;
  // Not a lower_bound by <: counts may be NaN, and then none is ≥ the rank.
  const auto found = std::partition_point(buckets.begin(), last,
                                          [&](const Bucket& b) { return !(b.count >= rank); });
  if (found == last) return {(last - 1)->upper, forced};
  if (found == buckets.begin() && found->upper <= 0) return {found->upper, forced};
  double start = 0;
  double count = found->count;
  if (found != buckets.begin()) {
    start = (found - 1)->upper;
    count -= (found - 1)->count;
    rank -= (found - 1)->count;
  }
  return {start + (found->upper - start) * (rank / count), forced};
}

/// How many observations lie below `value`, linear within buckets; those of a bucket without a
/// finite bound on the other side count as beyond it.
double RankOf(double value, const std::vector<Bucket>& buckets) {
  double lower = -HUGE_VAL;
  double below = 0;
  for (const Bucket& bucket : buckets) {
    if (lower >= value) return below;
    if (bucket.upper > value) {
      if (lower == -HUGE_VAL) return value == -HUGE_VAL ? 0 : bucket.count;
      return below + (bucket.count - below) * (value - lower) / (bucket.upper - lower);
    }
    below = bucket.count;
    lower = bucket.upper;
  }
  return buckets.back().count;
}

/// The share of observations between two values.
double BucketFraction(double from, double to, std::vector<Bucket>& buckets) {
  if (buckets.back().upper != HUGE_VAL) return std::nan("");
  const double observations = buckets.back().count;
  if (observations == 0 || std::isnan(from) || std::isnan(to)) return std::nan("");
  if (from >= to) return 0;
  const auto rank = [&](double value) {
    const double r = RankOf(value, buckets);
    return r > observations ? observations : r;
  };
  return (rank(to) - rank(from)) / observations;
}

/// Pushes one series a histogram of `from`: `f(buckets, step)` at each step at which it has any
/// bucket.
template <class F>
Status ForEachHistogram(const Histograms& histograms, const Expr& from, Evaluator& evaluator,
                        SeriesSink sink, F f) {
  return evaluator.WithoutCollisions(from, kMergeApart, sink, [&](SeriesSink out) -> Status {
    StepSeries series;
    std::vector<Bucket> buckets;
    for (std::size_t h = 0; h < histograms.size(); ++h) {
      TRY(evaluator.context().Poll());
      series.labels = histograms.LabelsOf(h);
      series.values.assign(evaluator.steps().count, Absent());
      for (std::size_t step = 0; step < series.values.size(); ++step) {
        TRY(evaluator.context().PollAt(step));
        histograms.BucketsAt(h, step, buckets);
        if (!buckets.empty()) series.values[step] = f(buckets, step);
      }
      TRY(out(series));
    }
    return Unit{};
  });
}

/// A float as a label value: 1 is "1.0".
std::string OpenMetricsFloat(double value) {
  std::string text = FormatGoFloat(value);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

/// One quantile of each histogram at each step, remarks included.
Status EmitQuantiles(const Histograms& histograms, const Expr& vector, const ScalarSteps& phi,
                     const Expr& phi_expr, Evaluator& evaluator, SeriesSink sink) {
  QueryContext& context = evaluator.context();
  for (std::size_t step = 0; step < evaluator.steps().count; ++step) {
    CheckQuantile(phi.At(step), phi_expr.pos, context);
  }
  return ForEachHistogram(
      histograms, vector, evaluator, sink, [&](std::vector<Bucket>& buckets, std::size_t step) {
        const QuantileResult result = BucketQuantile(phi.At(step), buckets);
        if (result.forced_monotonic && !context.v2()) {
          context.Inform(
              "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see "
              "https://prometheus.io/docs/prometheus/latest/querying/functions/"
              "#histogram_quantile) for metric name \"\"",
              vector.pos);
        }
        return result.value;
      });
}

}  // namespace

Status QuantileOf(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  TRY_ASSIGN(const ScalarSteps phi, evaluator.Scalar(*call.args[0]));
  TRY_ASSIGN(const Histograms histograms, Histograms::Of(*call.args[1], evaluator));
  return EmitQuantiles(histograms, *call.args[1], phi, *call.args[0], evaluator, sink);
}

Status Quantiles(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  const std::string& label = As<StringLiteral>(Unparenthesized(*call.args[1])).value;
  TRY_ASSIGN(const Histograms histograms, Histograms::Of(*call.args[0], evaluator));
  return evaluator.Merged(kMergeApart, sink, [&](SeriesSink out) -> Status {
    for (std::size_t i = 2; i < call.args.size(); ++i) {
      TRY_ASSIGN(const ScalarSteps phi, evaluator.Scalar(*call.args[i]));
      // Each step's φ is a label: a series for each φ, with samples at its steps.
      std::map<std::string, std::vector<std::size_t>> steps_of;
      for (std::size_t step = 0; step < evaluator.steps().count; ++step) {
        steps_of[OpenMetricsFloat(phi.At(step))].push_back(step);
      }
      TRY(EmitQuantiles(histograms, *call.args[0], phi, *call.args[i], evaluator,
                        [&](StepSeries& all) -> Status {
                          for (const auto& [text, steps] : steps_of) {
                            StepSeries some{all.labels.With(label, text).WithoutEmpty(), {}};
                            some.values.assign(all.values.size(), Absent());
                            for (const std::size_t s : steps) some.values[s] = all.values[s];
                            TRY(out(some));
                          }
                          return Unit{};
                        }));
    }
    return Unit{};
  });
}

Status Fraction(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  TRY_ASSIGN(const ScalarSteps from, evaluator.Scalar(*call.args[0]));
  TRY_ASSIGN(const ScalarSteps to, evaluator.Scalar(*call.args[1]));
  TRY_ASSIGN(const Histograms histograms, Histograms::Of(*call.args[2], evaluator));
  return ForEachHistogram(histograms, *call.args[2], evaluator, sink,
                          [&](std::vector<Bucket>& buckets, std::size_t step) {
                            return BucketFraction(from.At(step), to.At(step), buckets);
                          });
}

}  // namespace tocsin::promql::histogram
