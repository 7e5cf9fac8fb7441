// and, or, unless: which steps of a series survive depends on where its match group has samples.

#include "rules/promql/evaluator.h"
#include "rules/promql/labelset.h"

namespace tocsin::promql {
namespace {

/// For each match group the steps at which any of its series has a sample.
class Presence {
 public:
  Presence(const VectorMatching& matching, Evaluator& evaluator)
      : evaluator_(evaluator),
        groups_(matching.on ? LabelPart::Only(matching.labels)
                            : LabelPart::AllButNameAnd(matching.labels)) {}

  Status Note(const StepSeries& series) {
    const std::size_t group = groups_.Put(series.labels);
    if (group == steps_.size()) {
      if (steps_.size() >= evaluator_.context().options().max_series) {
        return Error{Errc::kLimit, "query needs too many match groups at one time"};
      }
      steps_.emplace_back(evaluator_.steps().count);
    }
    std::vector<bool>& present = steps_[group];
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      if (!IsAbsent(series.values[i])) present[i] = true;
    }
    return Unit{};
  }

  /// Takes away the samples at steps where the group's presence is not `wanted`.
  void Keep(StepSeries& series, bool wanted) const {
    const std::size_t group = groups_.Find(series.labels);
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      const bool present = group != LabelGroups::kNone && steps_[group][i];
      if (present != wanted) series.values[i] = Absent();
    }
  }

 private:
  Evaluator& evaluator_;
  LabelGroups groups_;
  std::vector<std::vector<bool>> steps_;
};

}  // namespace

Status CombineSets(const BinaryExpr& binary, Evaluator& evaluator, SeriesSink sink) {
  Presence presence(*binary.matching, evaluator);
  if (binary.op != BinaryOp::kOr) {
    const bool wanted = binary.op == BinaryOp::kAnd;
    TRY(evaluator.Vector(*binary.rhs, [&](StepSeries& s) { return presence.Note(s); }));
    return evaluator.Vector(*binary.lhs, [&](StepSeries& series) {
      presence.Keep(series, wanted);
      return sink(series);
    });
  }
  return evaluator.Merged(kMergeApart, sink, [&](SeriesSink out) -> Status {
    TRY(evaluator.Vector(*binary.lhs, [&](StepSeries& series) -> Status {
      TRY(presence.Note(series));
      return out(series);
    }));
    return evaluator.Vector(*binary.rhs, [&](StepSeries& series) {
      presence.Keep(series, false);
      return out(series);
    });
  });
}

}  // namespace tocsin::promql
