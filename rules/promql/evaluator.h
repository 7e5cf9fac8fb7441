#pragma once
// Evaluates a syntax tree over a grid of steps, series by series: a node pushes its series into its
// parent's sink, each with its values at all steps, so that a chain of operators holds one series
// at a time and only what must see all of them (sorting, matching, quantiles) keeps a table.

#include <vector>

#include "rules/promql/context.h"
#include "rules/promql/functions/kinds.h"
#include "rules/promql/steps.h"

namespace tocsin::promql {

/// All series of a vector, counted against the budget. None is empty.
struct SeriesTable {
  explicit SeriesTable(QueryContext& context) : holding(context) {}
  std::vector<StepSeries> series;
  Holding holding;

  /// Takes the series, unless it is empty. Errors: kLimit.
  Status Add(StepSeries& taken, const EngineOptions& options);
};

/// What to do with series that have become alike, as when their metric names go: an error, unless
/// they never have samples at the same step and may therefore be `merged`.
struct OnCollision {
  bool merged;
  std::string_view error = "vector cannot contain metrics with the same labelset";
};
inline constexpr OnCollision kMergeApart{true};
inline constexpr OnCollision kRefuseAlike{false};

/// Whether who takes the series looks at their metric names: if not, a name that should go may
/// stay, which saves making labels without it.
enum class MetricNames : std::uint8_t { kMatter, kIgnored };

class Evaluator {
 public:
  Evaluator(QueryContext& context, const Steps& steps, MetricNames names = MetricNames::kMatter)
      : context_(context), steps_(steps), names_(names) {}

  QueryContext& context() const { return context_; }
  const Steps& steps() const { return steps_; }

  /// Pushes the series of an instant vector.
  Status Vector(const Expr& expr, SeriesSink sink);
  Result<SeriesTable> Table(const Expr& expr);
  Result<ScalarSteps> Scalar(const Expr& expr);

  /// The series of a vector selector; with `timestamps` the samples' own times in seconds instead
  /// of their values.
  enum class Take : std::uint8_t { kValues, kTimestamps };
  Status Select(const VectorSelector& selector, Take take, SeriesSink sink);

  /// A series of a range vector: its samples, without stale markers, and the windows.
  struct RangeSeries {
    const Labels& labels;
    RangeBatch batch;
  };
  using RangeSink = FunctionRef<Status(const RangeSeries&)>;
  /// Pushes the series of a range vector that have samples in any window.
  Status Range(const Expr& expr, RangeSink sink);

  /// Runs `produce` with a sink that passes on series whose labels may collide because `from` had
  /// its metric names dropped; where they cannot, they go straight through.
  Status WithoutCollisions(const Expr& from, const OnCollision& policy, SeriesSink sink,
                           FunctionRef<Status(SeriesSink)> produce);
  /// The same where nothing is known of the labels.
  Status Merged(const OnCollision& policy, SeriesSink sink,
                FunctionRef<Status(SeriesSink)> produce);

 private:
  /// Whether an operator on `from` that drops names must do so.
  bool DropsNamesOf(const Expr& from) const;
  Status VectorAtAllSteps(const Expr& expr, SeriesSink sink);
  Status Call(const CallExpr& call, SeriesSink sink);
  Status CallElement(const CallExpr& call, const ElementFunction& function, SeriesSink sink);
  Status CallWindow(const CallExpr& call, const WindowFunction& function, SeriesSink sink);
  Status Unary(const UnaryExpr& unary, SeriesSink sink);
  Status Binary(const BinaryExpr& binary, SeriesSink sink);
  Status VectorScalar(const BinaryExpr& binary, SeriesSink sink);
  Status Aggregate(const AggregateExpr& aggregate, SeriesSink sink);
  Status SelectRange(const MatrixSelector& matrix, RangeSink sink);
  Status Subquery(const SubqueryExpr& subquery, RangeSink sink);
  Result<ScalarSteps> BinaryScalar(const BinaryExpr& binary);

  Steps Shifted(const TimeShift& shift) const;

  QueryContext& context_;
  const Steps steps_;
  const MetricNames names_;
};

/// True if evaluating `expr` at one step is as good as at all.
bool IsStepInvariant(const Expr& expr);

/// True if no two series of `expr` can differ in nothing but the metric name.
bool DistinctWithoutName(const Expr& expr);

/// `labels` without the metric name.
Labels DropName(const Labels& labels);

/// True if what an operator yields is still what the vector's metric name names: what a comparison
/// lets through, and in Prometheus 2 also the result of atan2.
bool KeepsName(const BinaryExpr& binary, const QueryContext& context);

/// One operator on two numbers. Comparisons give 1 or 0.
double Operate(BinaryOp op, double left, double right);

/// eval_match.cc: vector and vector.
Status MatchVectors(const BinaryExpr& binary, Evaluator& evaluator, SeriesSink sink);
/// eval_set.cc: and, or, unless.
Status CombineSets(const BinaryExpr& binary, Evaluator& evaluator, SeriesSink sink);
/// aggregate_*.cc
Status AggregateSelecting(const AggregateExpr& aggregate, Evaluator& evaluator, SeriesSink sink);
Status AggregateQuantile(const AggregateExpr& aggregate, Evaluator& evaluator, SeriesSink sink);
Status AggregateCountValues(const AggregateExpr& aggregate, Evaluator& evaluator, SeriesSink sink);

/// Errors Prometheus raises while it evaluates.
Error ExecutionError(std::string message);

}  // namespace tocsin::promql
