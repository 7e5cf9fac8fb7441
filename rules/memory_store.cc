#include "rules/memory_store.h"

#include <algorithm>
#include <numeric>

namespace tocsin {
namespace {

struct Selected {
  const Labels* labels;
  std::span<const Sample> samples;
};

class SelectedSet final : public promql::SeriesSet {
 public:
  explicit SelectedSet(std::vector<Selected> selected) : selected_(std::move(selected)) {}

  bool Next(promql::SeriesView& out) override {
    if (next_ == selected_.size()) return false;
    out = {selected_[next_].labels, selected_[next_].samples};
    ++next_;
    return true;
  }

 private:
  std::vector<Selected> selected_;
  std::size_t next_ = 0;
};

}  // namespace

void MemoryStore::Append(const Labels& labels, std::int64_t t_ms, double value) {
  const Labels name = labels.WithoutEmpty();
  const auto [found, added] = by_labels_.try_emplace(name, series_.size());
  if (added) {
    by_name_[std::string(name.MetricName())].push_back(series_.size());
    series_.push_back({name, {}});
  }
  std::vector<Sample>& samples = series_[found->second].samples;
  if (!samples.empty() && samples.back().t_ms >= t_ms) return;
  samples.push_back({t_ms, value});
  ++samples_;
}

Result<std::unique_ptr<promql::SeriesSet>> MemoryStore::Select(
    const promql::SelectHints& hints, std::span<const Matcher> matchers) const {
  std::vector<Selected> selected;
  const auto consider = [&](const Series& series) {
    for (const Matcher& matcher : matchers) {
      if (!matcher.Matches(series.labels)) return;
    }
    const auto earlier = [](const Sample& sample, std::int64_t t) { return sample.t_ms < t; };
    const auto begin =
        std::lower_bound(series.samples.begin(), series.samples.end(), hints.min_ms, earlier);
    const auto end =
        std::upper_bound(begin, series.samples.end(), hints.max_ms,
                         [](std::int64_t t, const Sample& sample) { return t < sample.t_ms; });
    if (begin != end) selected.push_back({&series.labels, {begin, end}});
  };
  const auto named = std::find_if(matchers.begin(), matchers.end(), [](const Matcher& matcher) {
    return matcher.op() == MatchOp::kEqual && matcher.name() == kMetricName;
  });
  if (named == matchers.end()) {
    for (const Series& series : series_) consider(series);
  } else if (const auto found = by_name_.find(named->value()); found != by_name_.end()) {
    for (const std::size_t i : found->second) consider(series_[i]);
  }
  return std::unique_ptr<promql::SeriesSet>(new SelectedSet(std::move(selected)));
}

}  // namespace tocsin
