// Arithmetic and comparison between two vectors. The side that may have only one sample a match
// group and step (the right one unless group_right says otherwise) is kept; the other streams by.

#include "rules/promql/evaluator.h"
#include "rules/promql/labelset.h"

namespace tocsin::promql {
namespace {

class VectorMatch {
 public:
  VectorMatch(const BinaryExpr& binary, Evaluator& evaluator)
      : binary_(binary),
        matching_(*binary.matching),
        evaluator_(evaluator),
        part_(matching_.on ? LabelPart::Only(matching_.labels)
                           : LabelPart::AllButNameAnd(matching_.labels)),
        swapped_(matching_.cardinality == Cardinality::kOneToMany),
        one_to_one_(matching_.cardinality == Cardinality::kOneToOne),
        filters_(IsComparison(binary.op) && !binary.return_bool),
        keeps_name_(KeepsName(binary, evaluator.context())),
        groups_(part_),
        one_(evaluator.context()) {}

  Status Run(SeriesSink sink) {
    TRY(evaluator_.Vector(OneSide(), [&](StepSeries& series) {
      return one_.Add(series, evaluator_.context().options());
    }));
    TRY(GroupOneSide());
    const auto produce = [&](SeriesSink out) -> Status {
      return evaluator_.Vector(ManySide(), [&](StepSeries& many) -> Status {
        TRY(RefuseDuplicates(many));
        const std::size_t group = groups_.Find(many.labels);
        return group == LabelGroups::kNone ? Status(Unit{}) : Combine(many, group, out);
      });
    };
    if (ResultsAreDistinct()) return produce(sink);
    OnCollision policy = kMergeApart;
    if (!one_to_one_) {
      policy.error = "multiple matches for labels: grouping labels must ensure unique matches";
    }
    return evaluator_.Merged(policy, sink, produce);
  }

 private:
  struct Group {
    std::vector<std::size_t> members;  // of one_
    std::vector<bool> taken;           // one-to-one: the steps that have a result already
  };
  /// A step at which two series of the kept side stand in one group.
  struct Duplicate {
    std::size_t step;
    std::size_t first;
    std::size_t second;
  };

  const Expr& OneSide() const { return swapped_ ? *binary_.lhs : *binary_.rhs; }
  const Expr& ManySide() const { return swapped_ ? *binary_.rhs : *binary_.lhs; }

  /// True if every pair of series gives labels of its own, so that results need no merging.
  bool ResultsAreDistinct() const {
    return matching_.labels.empty() && !matching_.on && matching_.include.empty() &&
           overlaps_none_ && DistinctWithoutName(ManySide());
  }

  Status GroupOneSide() {
    for (std::size_t i = 0; i < one_.series.size(); ++i) {
      const std::size_t group = groups_.Put(one_.series[i].labels);
      if (group == members_.size()) members_.emplace_back();
      members_[group].members.push_back(i);
    }
    for (const Group& group : members_) {
      if (group.members.size() < 2) continue;
      overlaps_none_ = false;
      TRY(FindDuplicates(group));
    }
    return Unit{};
  }

  Status FindDuplicates(const Group& group) {
    duplicate_at_.resize(evaluator_.steps().count);
    for (std::size_t step = 0; step < evaluator_.steps().count; ++step) {
      TRY(evaluator_.context().PollAt(step));
      if (duplicate_at_[step]) continue;
      std::size_t first = LabelGroups::kNone;
      for (const std::size_t i : group.members) {
        if (IsAbsent(one_.series[i].values[step])) continue;
        if (first != LabelGroups::kNone) {
          duplicates_.push_back({step, first, i});
          duplicate_at_[step] = true;
          break;
        }
        first = i;
      }
    }
    return Unit{};
  }

  /// Duplicates on the kept side matter only at steps at which the other side has anything.
  Status RefuseDuplicates(const StepSeries& many) const {
    for (const Duplicate& duplicate : duplicates_) {
      if (IsAbsent(many.values[duplicate.step])) continue;
      const Labels& first = one_.series[duplicate.first].labels;
      const Labels& second = one_.series[duplicate.second].labels;
      return ExecutionError("found duplicate series for the match group " +
                            DescribeLabels(part_.Of(second)) + " on the " +
                            (swapped_ ? "left" : "right") + " hand-side of the operation: [" +
                            DescribeLabels(second) + ", " + DescribeLabels(first) +
                            "];many-to-many matching not allowed: matching labels must be unique "
                            "on one side");
    }
    return Unit{};
  }

  Status Combine(const StepSeries& many, std::size_t group, SeriesSink out) {
    for (const std::size_t member : members_[group].members) {
      TRY(CombinePair(many, one_.series[member], members_[group], out));
    }
    return Unit{};
  }

  Status CombinePair(const StepSeries& many, const StepSeries& one, Group& group, SeriesSink out) {
    const std::size_t steps = evaluator_.steps().count;
    result_.values.assign(steps, Absent());
    bool any = false;
    for (std::size_t i = 0; i < steps; ++i) {
      if (IsAbsent(many.values[i]) || IsAbsent(one.values[i])) continue;
      const double left = swapped_ ? one.values[i] : many.values[i];
      const double right = swapped_ ? many.values[i] : one.values[i];
      const double value = Operate(binary_.op, left, right);
      if (filters_ && value == 0) continue;
      result_.values[i] = filters_ ? left : value;
      any = true;
    }
    if (!any) return Unit{};
    if (one_to_one_) TRY(TakeSteps(group));
    result_.labels = ResultLabels(many.labels, one.labels);
    return out(result_);
  }

  Status TakeSteps(Group& group) const {
    group.taken.resize(evaluator_.steps().count);
    for (std::size_t i = 0; i < group.taken.size(); ++i) {
      if (IsAbsent(result_.values[i])) continue;
      if (group.taken[i]) {
        return ExecutionError(
            "multiple matches for labels: many-to-one matching must be explicit "
            "(group_left/group_right)");
      }
      group.taken[i] = true;
    }
    return Unit{};
  }

  Labels ResultLabels(const Labels& many, const Labels& one) const {
    Labels labels = many;
    if (!keeps_name_) labels = DropName(labels);
    if (one_to_one_) {
      if (matching_.on) return LabelPart::Only(matching_.labels).Of(labels);
      for (const std::string& name : matching_.labels) labels = labels.Without(name);
    }
    for (const std::string& name : matching_.include) {
      const std::string_view value = one.Get(name);
      labels = value.empty() ? labels.Without(name) : labels.With(name, value);
    }
    return labels;
  }

  const BinaryExpr& binary_;
  const VectorMatching& matching_;
  Evaluator& evaluator_;
  const LabelPart part_;
  const bool swapped_;
  const bool one_to_one_;
  const bool filters_;
  const bool keeps_name_;
  LabelGroups groups_;
  SeriesTable one_;
  std::vector<Group> members_;         // by group
  std::vector<Duplicate> duplicates_;  // at most one a step
  std::vector<bool> duplicate_at_;
  bool overlaps_none_ = true;
  StepSeries result_;
};

}  // namespace

Status MatchVectors(const BinaryExpr& binary, Evaluator& evaluator, SeriesSink sink) {
  return VectorMatch(binary, evaluator).Run(sink);
}

}  // namespace tocsin::promql
