#include "rules/history.h"

#include <algorithm>
#include <unordered_map>

#include "metrics/exposition/parse.h"
#include "rules/look_back.h"
#include "rules/promql/printer.h"

namespace tocsin {
namespace {

/// Gathers samples in any order and hands them on in the store's.
class Gatherer {
 public:
  Gatherer(const std::set<std::string, std::less<>>& skip, MemoryStore& store)
      : skip_(skip), store_(store) {}

  bool Skips(std::string_view name) const { return skip_.find(name) != skip_.end(); }

  std::vector<Sample>& SamplesOf(Labels labels) { return series_[std::move(labels)]; }

  HistorySpan Finish() {
    HistorySpan span;
    for (auto& [labels, samples] : series_) {
      std::stable_sort(samples.begin(), samples.end(),
                       [](const Sample& a, const Sample& b) { return a.t_ms < b.t_ms; });
      for (const Sample& sample : samples) {
        span.first_ms = span.samples == 0 ? sample.t_ms : std::min(span.first_ms, sample.t_ms);
        span.last_ms = span.samples == 0 ? sample.t_ms : std::max(span.last_ms, sample.t_ms);
        ++span.samples;
        store_.Append(labels, sample.t_ms, sample.value);
      }
    }
    return span;
  }

 private:
  const std::set<std::string, std::less<>>& skip_;
  MemoryStore& store_;
  std::unordered_map<Labels, std::vector<Sample>, LabelsHash> series_;
};

class OpenMetricsReader final : public exposition::ParseVisitor {
 public:
  OpenMetricsReader(std::string_view source, Gatherer& gatherer)
      : source_(source), gatherer_(gatherer) {}

  Status OnSample(const exposition::ParsedFamily& family,
                  const exposition::ParsedSample& sample) override {
    std::string name;
    AppendSampleName(family.name, family.type, sample.suffix, name);
    if (gatherer_.Skips(name)) return Unit{};
    if (!sample.timestamp_ms) {
      return Error{Errc::kMalformed,
                   std::string(source_) + ":" + std::to_string(sample.line) +
                       ":1: a sample without a timestamp: history needs one on every line"};
    }
    std::vector<LabelView> labels(sample.labels.begin(), sample.labels.end());
    labels.push_back({kMetricName, name});
    gatherer_.SamplesOf(Labels(labels)).push_back({*sample.timestamp_ms, sample.value});
    return Unit{};
  }

 private:
  std::string_view source_;
  Gatherer& gatherer_;
};

}  // namespace

Result<HistorySpan> LoadOpenMetrics(std::string_view text, std::string_view name,
                                    const std::set<std::string, std::less<>>& skip,
                                    MemoryStore& store) {
  Gatherer gatherer(skip, store);
  OpenMetricsReader reader(name, gatherer);
  exposition::ParseOptions options;
  options.format = exposition::Format::kOpenMetrics;
  options.source = name;
  options.budget.samples = 100'000'000;
  options.budget.bytes = std::size_t{4} << 30;
  TRY(exposition::Parse(text, options, reader));
  return gatherer.Finish();
}

HistorySpan LoadResult(const promql::QueryResult& result,
                       const std::set<std::string, std::less<>>& skip, MemoryStore& store) {
  Gatherer gatherer(skip, store);
  for (const promql::MatrixSeries& series : result.matrix) {
    if (gatherer.Skips(series.labels.MetricName())) continue;
    std::vector<Sample>& samples = gatherer.SamplesOf(series.labels);
    samples.insert(samples.end(), series.samples.begin(), series.samples.end());
  }
  for (const promql::VectorSample& sample : result.vector) {
    if (gatherer.Skips(sample.labels.MetricName())) continue;
    gatherer.SamplesOf(sample.labels).push_back({sample.t_ms, sample.value});
  }
  return gatherer.Finish();
}

HistoryNeeds NeedsOf(const std::vector<RuleGroupSpec>& groups) {
  HistoryNeeds needs;
  needs.made = {"ALERTS", "ALERTS_FOR_STATE"};
  for (const RuleGroupSpec& group : groups) {
    for (const auto& rule : group.rules) {
      if (!rule->IsAlerting()) needs.made.insert(rule->name);
    }
  }
  for (const RuleGroupSpec& group : groups) {
    for (const auto& rule : group.rules) {
      for (const promql::Expr* expr : rule->Exprs()) {
        needs.look_back = std::max(needs.look_back,
                                   LookBack(*expr) + group.query_offset.value_or(milliseconds(0)));
        for (const promql::VectorSelector* selector : promql::Selectors(*expr)) {
          if (needs.made.find(selector->name) != needs.made.end()) continue;
          const promql::VectorSelector plain(selector->name, selector->matchers, {});
          needs.selectors.insert(promql::ToString(plain));
        }
      }
    }
  }
  return needs;
}

}  // namespace tocsin
