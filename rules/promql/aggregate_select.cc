// topk, bottomk, limitk, limit_ratio: aggregations that let some samples through as they are.

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "rules/promql/aggregate.h"

namespace tocsin::promql {
namespace {

constexpr double kInt64Limit = 9223372036854775808.0;  // 2^63

/// How many samples a group may keep at a step. Errors: kInvalid where Prometheus fails the query.
Result<std::size_t> KeepCount(double k) {
  if (std::isnan(k)) return ExecutionError("Parameter value is NaN");
  if (k >= kInt64Limit || k < -kInt64Limit) {
    return ExecutionError("Scalar value " + FormatGoFloat(k) + " overflows int64");
  }
  return k < 1 ? 0 : static_cast<std::size_t>(k);
}

/// A number in [0, 1) that depends on the labels alone.
double SamplingPoint(const Labels& labels) {
  std::uint64_t h = labels.hash();
  h = (h ^ (h >> 33)) * 0xFF51AFD7ED558CCDULL;  // the hash's high bits alone are not even enough
  h = (h ^ (h >> 33)) * 0xC4CEB9FE1A85EC53ULL;
  return static_cast<double>((h ^ (h >> 33)) >> 11) * 0x1p-53;
}

/// A ratio below 0 takes what the ratio 1 + it leaves.
bool InRatio(double ratio, double point) { return ratio >= 0 ? point < ratio : point >= 1 + ratio; }

class Selection {
 public:
  Selection(const AggregateExpr& aggregate, Evaluator& evaluator, GroupedTable& grouped)
      : aggregate_(aggregate), evaluator_(evaluator), grouped_(grouped) {}

  Status Run(const ScalarSteps& parameter, SeriesSink sink) {
    const std::size_t steps = evaluator_.steps().count;
    for (std::vector<std::size_t>& members : grouped_.members) {
      TRY(evaluator_.context().Poll());
      if (!Ranks()) SortBySamplingPoint(members);
      for (std::size_t i = 0; i < steps; ++i) {
        TRY(evaluator_.context().PollAt(i));
        TRY(SelectAt(i, parameter.At(i), members));
      }
      // At a single step the order of the result is that of the ranks.
      const std::vector<std::size_t>& order = steps == 1 ? kept_ : members;
      for (const std::size_t member : order) TRY(sink(grouped_.table.series[member]));
    }
    return Unit{};
  }

 private:
  bool Ranks() const {
    return aggregate_.op == AggregateOp::kTopK || aggregate_.op == AggregateOp::kBottomK;
  }
  double& ValueAt(std::size_t member, std::size_t step) const {
    return grouped_.table.series[member].values[step];
  }

  void SortBySamplingPoint(std::vector<std::size_t>& members) const {
    const auto point = [&](std::size_t m) {
      return SamplingPoint(grouped_.table.series[m].labels);
    };
    std::sort(members.begin(), members.end(),
              [&](std::size_t a, std::size_t b) { return point(a) < point(b); });
  }

  Status SelectAt(std::size_t step, double parameter, const std::vector<std::size_t>& members) {
    present_.clear();
    for (const std::size_t m : members) {
      if (!IsAbsent(ValueAt(m, step))) present_.push_back({ValueAt(m, step), m});
    }
    if (aggregate_.op == AggregateOp::kLimitRatio) {
      TRY(TakeRatio(parameter));
    } else {
      TRY_ASSIGN(const std::size_t k, KeepCount(parameter));
      TakeFirst(std::min(k, present_.size()));
    }
    for (const Candidate& c : present_) ValueAt(c.member, step) = Absent();
    for (std::size_t i = 0; i < kept_.size(); ++i) ValueAt(kept_[i], step) = kept_values_[i];
    return Unit{};
  }

  void TakeFirst(std::size_t k) {
    if (Ranks()) {
      const bool top = aggregate_.op == AggregateOp::kTopK;
      // NaN ranks last, equals keep their order.
      const auto before = [&](const Candidate& a, const Candidate& b) {
        if (std::isnan(a.value) || std::isnan(b.value)) {
          if (std::isnan(a.value) != std::isnan(b.value)) return std::isnan(b.value);
        } else if (a.value != b.value) {
          return top ? a.value > b.value : a.value < b.value;
        }
        return a.member < b.member;
      };
      std::partial_sort(present_.begin(), present_.begin() + static_cast<std::ptrdiff_t>(k),
                        present_.end(), before);
    }
    Keep([&](std::size_t i) { return i < k; });
  }

  Status TakeRatio(double ratio) {
    if (std::isnan(ratio)) return ExecutionError("Ratio value is NaN");
    const double capped = std::clamp(ratio, -1.0, 1.0);
    if (capped != ratio) {
      evaluator_.context().Warn("PromQL warning: ratio value should be between -1 and 1, got " +
                                    FormatGoFloat(ratio) + ", capping to " + FormatGoFloat(capped),
                                aggregate_.parameter->pos);
    }
    Keep([&](std::size_t i) {
      const double point = SamplingPoint(grouped_.table.series[present_[i].member].labels);
      return InRatio(capped, point);
    });
    return Unit{};
  }

  template <class Wanted>
  void Keep(Wanted wanted) {
    kept_.clear();
    kept_values_.clear();
    for (std::size_t i = 0; i < present_.size(); ++i) {
      if (!wanted(i)) continue;
      kept_.push_back(present_[i].member);
      kept_values_.push_back(present_[i].value);
    }
  }

  struct Candidate {
    double value;
    std::size_t member;
  };

  const AggregateExpr& aggregate_;
  Evaluator& evaluator_;
  GroupedTable& grouped_;
  std::vector<Candidate> present_;
  std::vector<std::size_t> kept_;
  std::vector<double> kept_values_;
};

}  // namespace

Status AggregateSelecting(const AggregateExpr& aggregate, Evaluator& evaluator, SeriesSink sink) {
  TRY_ASSIGN(const ScalarSteps parameter, evaluator.Scalar(*aggregate.parameter));
  if (aggregate.op != AggregateOp::kLimitRatio) {
    for (std::size_t i = 0; i < evaluator.steps().count; ++i) TRY(KeepCount(parameter.At(i)));
  }
  TRY_ASSIGN(GroupedTable grouped, GroupedTableOf(aggregate, evaluator));
  return Selection(aggregate, evaluator, grouped).Run(parameter, sink);
}

}  // namespace tocsin::promql
