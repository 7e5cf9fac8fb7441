// Selectors and subqueries: from stored samples to values at steps and to windows.

#include <algorithm>

#include "rules/promql/evaluator.h"

namespace tocsin::promql {
namespace {

bool IsRegex(const Matcher& matcher) {
  return matcher.op() == MatchOp::kRegex || matcher.op() == MatchOp::kNotRegex;
}

Result<std::unique_ptr<SeriesSet>> SelectFrom(const QueryContext& context, const SelectHints& hints,
                                              std::span<const Matcher> matchers) {
  if (!context.v2() || std::none_of(matchers.begin(), matchers.end(), IsRegex)) {
    return context.storage().Select(hints, matchers);
  }
  std::vector<Matcher> plain;
  plain.reserve(matchers.size());
  for (const Matcher& matcher : matchers) plain.push_back(matcher.WithoutDotNewline());
  return context.storage().Select(hints, plain);
}

/// What finding and decoding a series costs, in samples.
constexpr std::size_t kWorkPerSeries = 100;

/// Runs `take` for each series of a selection, its samples counted while it is in hand.
Status ForEachSeries(QueryContext& context, const SelectHints& hints,
                     std::span<const Matcher> matchers,
                     FunctionRef<Status(const SeriesView&)> take) {
  TRY_ASSIGN(const auto set, SelectFrom(context, hints, matchers));
  SeriesView view{};
  while (set->Next(view)) {
    TRY(context.PollAfter(kWorkPerSeries + view.samples.size()));
    if (view.samples.empty()) continue;
    Holding in_hand(context);
    TRY(in_hand.Add(view.samples.size()));
    TRY(take(view));
  }
  return Unit{};
}

/// How many of the samples were taken before a time that only ever moves forward.
class Before {
 public:
  /// `guess` is what the first count will probably be.
  Before(std::span<const Sample> samples, std::size_t guess)
      : samples_(samples), stride_(static_cast<std::uint32_t>(guess)) {}

  std::uint32_t Count(std::int64_t t_ms) {
    // Mostly as many more as the last time, since samples and steps are evenly spaced.
    const std::uint32_t usual = count_ + stride_;
    if (usual <= samples_.size() && (usual == 0 || samples_[usual - 1].t_ms < t_ms) &&
        (usual == samples_.size() || samples_[usual].t_ms >= t_ms)) {
      return count_ = usual;
    }
    const std::uint32_t last = count_;
    while (count_ < samples_.size() && samples_[count_].t_ms < t_ms) ++count_;
    stride_ = count_ - last;
    return count_;
  }

 private:
  std::span<const Sample> samples_;
  std::uint32_t count_ = 0;
  std::uint32_t stride_;
};

/// The samples that fall into (or at, if `closed`) the range that ends at each step.
void FindWindows(std::span<const Sample> samples, const Steps& ends, std::int64_t range_ms,
                 bool closed, std::vector<Window>& windows) {
  windows.resize(ends.count);
  Before starts(samples, 0);
  Before after(samples, ends.count == 1 ? samples.size() : 0);
  for (std::size_t i = 0; i < ends.count; ++i) {
    const std::int64_t end = ends.At(i);
    windows[i] = {starts.Count(end - range_ms + (closed ? 0 : 1)), after.Count(end + 1)};
  }
}

bool AnyWindow(std::span<const Window> windows) {
  return std::any_of(windows.begin(), windows.end(), [](const Window& w) { return w.lo != w.hi; });
}

/// The samples without stale markers; copied to `scratch` only where there are some.
std::span<const Sample> WithoutStale(std::span<const Sample> samples,
                                     std::vector<Sample>& scratch) {
  const auto is_stale = [](const Sample& s) { return IsStaleNan(s.value); };
  if (std::none_of(samples.begin(), samples.end(), is_stale)) return samples;
  scratch.clear();
  std::remove_copy_if(samples.begin(), samples.end(), std::back_inserter(scratch), is_stale);
  return scratch;
}

}  // namespace

Steps Evaluator::Shifted(const TimeShift& shift) const {
  Steps shifted = steps_;
  if (shift.at) {
    shifted.step_ms = 0;
    switch (shift.at->kind) {
      case AtModifier::Kind::kTime:
        shifted.start_ms = shift.at->t_ms;
        break;
      case AtModifier::Kind::kStart:
        shifted.start_ms = context_.start_ms();
        break;
      case AtModifier::Kind::kEnd:
        shifted.start_ms = context_.end_ms();
        break;
    }
  }
  return shifted.ShiftedBy(-shift.offset_ms);
}

Status Evaluator::Select(const VectorSelector& selector, Take take, SeriesSink sink) {
  const Steps at = Shifted(selector.shift);
  // The oldest sample that still counts at `t` was taken at t - back_ms.
  const std::int64_t back_ms = context_.options().lookback_ms - (context_.v2() ? 0 : 1);
  const SelectHints hints{.min_ms = at.start_ms - back_ms,
                          .max_ms = at.Last(),
                          .newest_only = at.start_ms == at.Last()};
  StepSeries out;
  return ForEachSeries(context_, hints, selector.matchers, [&](const SeriesView& view) -> Status {
    const std::span<const Sample> samples = view.samples;
    out.labels = *view.labels;
    out.values.assign(steps_.count, Absent());
    std::size_t next = 0;  // the first sample after the step
    for (std::size_t i = 0; i < steps_.count; ++i) {
      const std::int64_t t = at.At(i);
      while (next < samples.size() && samples[next].t_ms <= t) ++next;
      if (next == 0) continue;
      const Sample& last = samples[next - 1];
      if (last.t_ms < t - back_ms || IsStaleNan(last.value)) continue;
      out.values[i] = take == Take::kValues ? last.value : static_cast<double>(last.t_ms) / 1000;
    }
    return sink(out);
  });
}

Status Evaluator::Range(const Expr& expr, RangeSink sink) {
  const Expr& inner = Unparenthesized(expr);
  if (inner.kind == NodeKind::kSubquery) return Subquery(As<SubqueryExpr>(inner), sink);
  return SelectRange(As<MatrixSelector>(inner), sink);
}

Status Evaluator::SelectRange(const MatrixSelector& matrix, RangeSink sink) {
  const Steps ends = Shifted(matrix.vector->shift);
  const SelectHints hints{ends.start_ms - matrix.range_ms + (context_.v2() ? 0 : 1), ends.Last()};
  std::vector<Sample> unstale;
  std::vector<Window> windows;
  std::vector<double> scratch;
  return ForEachSeries(
      context_, hints, matrix.vector->matchers, [&](const SeriesView& view) -> Status {
        const std::span<const Sample> samples = WithoutStale(view.samples, unstale);
        FindWindows(samples, ends, matrix.range_ms, context_.v2(), windows);
        if (!AnyWindow(windows)) return Unit{};
        return sink({*view.labels,
                     {samples, windows, steps_, ends, matrix.range_ms, {}, context_, scratch}});
      });
}

Status Evaluator::Subquery(const SubqueryExpr& subquery, RangeSink sink) {
  const Steps ends = Shifted(subquery.shift);
  const std::int64_t step_ms =
      subquery.step_ms != 0 ? subquery.step_ms : context_.options().default_subquery_step_ms;
  // The first multiple of the step within the first range.
  const std::int64_t after = ends.start_ms - subquery.range_ms;
  Steps inner{step_ms * (after / step_ms), step_ms, 0};
  if (inner.start_ms < after || (inner.start_ms == after && !context_.v2())) {
    inner.start_ms += step_ms;
  }
  if (inner.start_ms > ends.Last()) return Unit{};
  inner.count = static_cast<std::size_t>((ends.Last() - inner.start_ms) / step_ms) + 1;
  if (inner.count > context_.options().max_subquery_steps) {
    return Error{Errc::kLimit, "subquery needs " + std::to_string(inner.count) +
                                   " steps: the limit is " +
                                   std::to_string(context_.options().max_subquery_steps)};
  }
  std::vector<Sample> samples;
  std::vector<Window> windows;
  std::vector<double> scratch;
  Evaluator evaluator(context_, inner);
  return evaluator.Vector(*subquery.expr, [&](StepSeries& series) -> Status {
    samples.clear();
    for (std::size_t i = 0; i < inner.count; ++i) {
      if (!IsAbsent(series.values[i])) samples.push_back({inner.At(i), series.values[i]});
    }
    FindWindows(samples, ends, subquery.range_ms, context_.v2(), windows);
    if (!AnyWindow(windows)) return Unit{};
    return sink({series.labels,
                 {samples, windows, steps_, ends, subquery.range_ms, {}, context_, scratch}});
  });
}

}  // namespace tocsin::promql
