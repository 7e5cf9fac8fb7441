// info(v, {selector}): adds the data labels of info metrics with the same instance and job.

#include <algorithm>
#include <map>
#include <set>

#include "rules/promql/evaluator.h"
#include "rules/promql/functions/families.h"
#include "rules/promql/labelset.h"

#include <re2/re2.h>

namespace tocsin::promql::info {
namespace {

constexpr std::string_view kTargetInfo = "target_info";
constexpr std::array<std::string_view, 2> kIdentifying{"instance", "job"};

/// What info() is asked for: which info metrics, and which of their labels.
struct Wanted {
  std::vector<Matcher> names;                                       // of __name__
  std::map<std::string, std::vector<Matcher>, std::less<>> labels;  // empty: all

  explicit Wanted(const CallExpr& call) {
    if (call.args.size() > 1) {
      for (const Matcher& m : As<VectorSelector>(*call.args[1]).matchers) {
        if (m.name() == kMetricName) {
          names.push_back(m);
        } else {
          labels[m.name()].push_back(m);
        }
      }
    }
    if (names.empty()) {
      names.push_back(Matcher::Equal(std::string(kMetricName), std::string(kTargetInfo)));
    }
  }

  bool IsInfoMetric(std::string_view name) const {
    return std::all_of(names.begin(), names.end(),
                       [&](const Matcher& m) { return m.Matches(name); });
  }
  bool TakesLabel(std::string_view name) const {
    return name != kMetricName && (labels.empty() || labels.find(name) != labels.end());
  }
  /// True if a series that no info metric matches is to be kept.
  bool AllMatchEmpty() const {
    for (const auto& [name, matchers] : labels) {
      for (const Matcher& m : matchers) {
        if (!m.MatchesEmpty()) return false;
      }
    }
    return true;
  }
};

class Enrichment {
 public:
  Enrichment(const CallExpr& call, Evaluator& evaluator)
      : call_(call), evaluator_(evaluator), wanted_(call), infos_(evaluator.context()) {}

  Status Run(SeriesSink sink) {
    TRY_ASSIGN(SeriesTable base, evaluator_.Table(*call_.args[0]));
    TRY(SelectInfos(base));
    return evaluator_.Merged(kMergeApart, sink, [&](SeriesSink out) -> Status {
      for (StepSeries& series : base.series) {
        TRY(evaluator_.context().Poll());
        if (wanted_.IsInfoMetric(series.labels.MetricName())) {
          TRY(out(series));
        } else {
          TRY(Enrich(series, out));
        }
      }
      return Unit{};
    });
  }

 private:
  /// The info series whose identifying labels occur among `base`, with their samples' times as
  /// values, since of two the newer counts.
  Status SelectInfos(const SeriesTable& base) {
    std::vector<Matcher> matchers = wanted_.names;
    for (const std::string_view label : kIdentifying) {
      std::set<std::string> values;
      for (const StepSeries& series : base.series) {
        const std::string_view value = series.labels.Get(label);
        if (!value.empty() && !wanted_.IsInfoMetric(series.labels.MetricName())) {
          values.insert(re2::RE2::QuoteMeta(re2::StringPiece(value.data(), value.size())));
        }
      }
      std::string pattern;
      for (const std::string& value : values) pattern += (pattern.empty() ? "" : "|") + value;
      if (pattern.empty()) continue;
      TRY_ASSIGN(Matcher matcher,
                 Matcher::Make(MatchOp::kRegex, std::string(label), std::move(pattern)));
      matchers.push_back(std::move(matcher));
    }
    if (matchers.size() == wanted_.names.size()) return Unit{};  // nothing to identify by
    for (const auto& [name, of_label] : wanted_.labels) {
      matchers.insert(matchers.end(), of_label.begin(), of_label.end());
    }
    const VectorSelector selector({}, std::move(matchers), call_.pos);
    TRY(evaluator_.Select(selector, Evaluator::Take::kTimestamps, [&](StepSeries& series) {
      return infos_.Add(series, evaluator_.context().options());
    }));
    for (std::size_t i = 0; i < infos_.series.size(); ++i) {
      by_identity_[IdentityOf(infos_.series[i].labels)].push_back(i);
    }
    return Unit{};
  }

  using Identity = std::array<std::string, kIdentifying.size()>;
  static Identity IdentityOf(const Labels& labels) {
    Identity identity;
    for (std::size_t i = 0; i < kIdentifying.size(); ++i) identity[i] = labels.Get(kIdentifying[i]);
    return identity;
  }

  /// One output series for each set of info series that apply at some of the steps.
  Status Enrich(const StepSeries& series, SeriesSink out) {
    const auto found = by_identity_.find(IdentityOf(series.labels));
    static const std::vector<std::size_t> kNothing;
    const std::vector<std::size_t>& candidates =
        found == by_identity_.end() ? kNothing : found->second;
    std::map<std::vector<std::size_t>, std::vector<std::size_t>> steps_of;
    for (std::size_t step = 0; step < series.values.size(); ++step) {
      if (IsAbsent(series.values[step])) continue;
      TRY_ASSIGN(auto infos, InfosAt(candidates, step));
      steps_of[std::move(infos)].push_back(step);
    }
    StepSeries enriched;
    for (const auto& [infos, steps] : steps_of) {
      if (infos.empty() && !wanted_.AllMatchEmpty()) continue;
      TRY_ASSIGN(enriched.labels, LabelsWith(series.labels, infos));
      enriched.values.assign(series.values.size(), Absent());
      for (const std::size_t step : steps) enriched.values[step] = series.values[step];
      TRY(out(enriched));
    }
    return Unit{};
  }

  /// The newest series of each info metric at a step.
  Result<std::vector<std::size_t>> InfosAt(const std::vector<std::size_t>& candidates,
                                           std::size_t step) const {
    std::map<std::string_view, std::size_t> newest;
    for (const std::size_t i : candidates) {
      const double taken = infos_.series[i].values[step];
      if (IsAbsent(taken)) continue;
      const auto [at, inserted] = newest.try_emplace(infos_.series[i].labels.MetricName(), i);
      if (inserted) continue;
      const double other = infos_.series[at->second].values[step];
      if (other == taken) {
        return ExecutionError("found duplicate series for info metric: existing " +
                              DescribeLabels(infos_.series[at->second].labels) + ", new " +
                              DescribeLabels(infos_.series[i].labels));
      }
      if (taken > other) at->second = i;
    }
    std::vector<std::size_t> out;
    out.reserve(newest.size());
    for (const auto& [name, i] : newest) out.push_back(i);
    return out;
  }

  Result<Labels> LabelsWith(const Labels& base, const std::vector<std::size_t>& infos) const {
    LabelsBuilder added;
    for (const std::size_t i : infos) {
      for (const LabelView label : infos_.series[i].labels) {
        if (!wanted_.TakesLabel(label.name)) continue;
        const std::string_view known = added.Get(label.name);
        if (!known.empty() && known != label.value) {
          return ExecutionError("conflicting label: " + std::string(label.name));
        }
        if (!base.Has(label.name)) added.Set(label.name, label.value);
      }
    }
    LabelsBuilder all(base);
    for (const LabelView label : added.Build()) all.Set(label.name, label.value);
    return all.Build();
  }

  const CallExpr& call_;
  Evaluator& evaluator_;
  const Wanted wanted_;
  SeriesTable infos_;
  std::map<Identity, std::vector<std::size_t>> by_identity_;
};

}  // namespace

Status Info(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  return Enrichment(call, evaluator).Run(sink);
}

}  // namespace tocsin::promql::info
