#include "collectors/plugin/collectable.h"

#include <prometheus/client_metric.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cmath>
#include <utility>
#include <vector>

namespace tocsin {
namespace {

MetricType TypeOf(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return MetricType::kCounter;
    case prometheus::MetricType::Gauge:
      return MetricType::kGauge;
    case prometheus::MetricType::Summary:
      return MetricType::kSummary;
    case prometheus::MetricType::Histogram:
      return MetricType::kHistogram;
    case prometheus::MetricType::Untyped:
      return MetricType::kUnknown;
  }
  return MetricType::kUnknown;
}

void AddHistogram(const FamilySpec& family, std::span<const LabelView> labels,
                  const prometheus::ClientMetric::Histogram& histogram, FamilySink& out) {
  std::vector<double> bounds;
  std::vector<double> cumulative;
  for (const auto& bucket : histogram.bucket) {
    if (std::isinf(bucket.upper_bound)) continue;
    bounds.push_back(bucket.upper_bound);
    cumulative.push_back(static_cast<double>(bucket.cumulative_count));
  }
  out.AddHistogram(
      family, labels,
      {bounds, cumulative, histogram.sample_sum, static_cast<double>(histogram.sample_count)});
}

void AddSummary(const FamilySpec& family, std::span<const LabelView> labels,
                const prometheus::ClientMetric::Summary& summary, FamilySink& out) {
  std::vector<double> quantiles;
  std::vector<double> values;
  for (const auto& q : summary.quantile) {
    quantiles.push_back(q.quantile);
    values.push_back(q.value);
  }
  out.AddSummary(
      family, labels,
      {quantiles, values, summary.sample_sum, static_cast<double>(summary.sample_count)});
}

void AddMetric(const FamilySpec& family, std::span<const LabelView> labels,
               const prometheus::ClientMetric& metric, FamilySink& out) {
  switch (family.type) {
    case MetricType::kCounter:
      return out.Add(family, labels, metric.counter.value);
    case MetricType::kGauge:
      return out.Add(family, labels, metric.gauge.value);

    case MetricType::kHistogram:
      return AddHistogram(family, labels, metric.histogram, out);
    case MetricType::kSummary:
      return AddSummary(family, labels, metric.summary, out);
    case MetricType::kInfo:
    case MetricType::kStateset:
    case MetricType::kUnknown:
      return out.Add(family, labels, metric.untyped.value);
  }
}

class CollectableCollector final : public Collector {
 public:
  explicit CollectableCollector(std::shared_ptr<const prometheus::Collectable> collectable)
      : collectable_(std::move(collectable)) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    for (const prometheus::MetricFamily& f : collectable_->Collect()) {
      const FamilySpec family{f.name, TypeOf(f.type), f.help};
      for (const prometheus::ClientMetric& metric : f.metric) {
        labels_.clear();
        for (const auto& label : metric.label) labels_.push_back({label.name, label.value});
        AddMetric(family, labels_, metric, out);
      }
    }
    return Unit{};
  }

 private:
  const std::shared_ptr<const prometheus::Collectable> collectable_;
  std::vector<LabelView> labels_;
};

}  // namespace

std::unique_ptr<Collector> MakeCollectableCollector(
    std::shared_ptr<const prometheus::Collectable> collectable) {
  return std::make_unique<CollectableCollector>(std::move(collectable));
}

}  // namespace tocsin
