#include "collectors/response/otlp/store.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/utf8.h"
#include "collectors/response/family_conflict.h"
#include "collectors/response/otlp/histogram.h"
#include "collectors/response/otlp/naming.h"

namespace tocsin::otlp {
namespace {

constexpr std::size_t kSeriesBytes = 400;  // of a series besides its texts and values
constexpr std::size_t kMaxQuantiles = 50;
constexpr std::string_view kHelp = "Pushed by OTLP.";

MetricType TypeOf(const Metric& metric) {
  switch (metric.type) {
    case DataType::kSum:
      return metric.monotonic ? MetricType::kCounter : MetricType::kGauge;
    case DataType::kHistogram:
    case DataType::kExponential:
      return MetricType::kHistogram;
    case DataType::kSummary:
      return MetricType::kSummary;
    case DataType::kGauge:
    case DataType::kNone:
      break;
  }
  return MetricType::kGauge;
}

std::string_view Find(const Attributes& attributes, std::string_view key) {
  for (const auto& [name, value] : attributes) {
    if (name == key) return value;
  }
  return {};
}

/// Attributes whose names become the same are joined.
void SetAttribute(LabelsBuilder& labels, const std::string& key, const std::string& value) {
  const std::string name = LabelName(ToValidUtf8(key));
  if (name.empty()) return;
  const std::string before(labels.Get(name));
  labels.Set(name, before.empty() ? ToValidUtf8(value) : before + ";" + ToValidUtf8(value));
}

}  // namespace

std::string_view RejectText(Reject reason) {
  constexpr std::array<std::string_view, kRejects> kTexts{"name", "type", "value", "conflict",
                                                          "limit"};
  return kTexts[static_cast<std::size_t>(reason)];
}

/// Puts one request into a store.
class Store::Reader final : public Sink {
 public:
  explicit Reader(Store& store) : store_(store) {}

  void TakeResource(const Attributes& attributes) override {
    const std::string_view space = otlp::Find(attributes, "service.namespace");
    const std::string_view name = otlp::Find(attributes, "service.name");
    const std::string_view instance = otlp::Find(attributes, "service.instance.id");
    LabelsBuilder identity;
    if (!name.empty()) {
      identity.Set("job",
                   ToValidUtf8(space.empty() ? std::string(name)
                                             : std::string(space) + "/" + std::string(name)));
    }
    if (!instance.empty()) identity.Set("instance", ToValidUtf8(instance));
    identity_ = identity.Build();
    if (identity_.empty()) return;
    LabelsBuilder info(identity_);
    bool any = false;
    for (const auto& [key, value] : attributes) {
      if (key == "service.namespace" || key == "service.name" || key == "service.instance.id") {
        continue;
      }
      SetAttribute(info, key, value);
      any = true;
    }
    if (!any) return;
    for (const LabelView label : identity_) info.Set(label.name, label.value);
    Reject why{};
    if (Series* series = store_.Find("target_info", MetricType::kGauge, "Target metadata",
                                     info.Build().WithoutEmpty(), 0, why)) {
      series->value = 1;
    }
  }

  void TakePoint(const Metric& metric, const Point& point) override {
    ++store_.counters_.points;
    Reject why{};
    if (Take(metric, point, why)) return;
    ++store_.counters_.rejected[static_cast<std::size_t>(why)];
    if (result_.rejected++ == 0) {
      result_.message =
          ToValidUtf8(metric.name) + ": rejected because of its " + std::string(RejectText(why));
    }
  }

  PushResult result_;

 private:
  bool Take(const Metric& metric, const Point& point, Reject& why) {
    why = Reject::kType;
    if (metric.type == DataType::kNone) return false;
    const bool adds = metric.type == DataType::kSum || metric.type == DataType::kHistogram ||
                      metric.type == DataType::kExponential;
    if (adds && metric.temporality == Temporality::kUnspecified) return false;
    why = Reject::kName;
    const std::string name = MetricName(metric);
    if (name.empty()) return false;
    LabelsBuilder builder;
    for (const auto& [key, value] : point.attributes) SetAttribute(builder, key, value);
    for (const LabelView label : identity_) builder.Set(label.name, label.value);
    const MetricType type = TypeOf(metric);
    builder.Del(kMetricName);
    if (type == MetricType::kHistogram) builder.Del("le");
    if (type == MetricType::kSummary) builder.Del("quantile");
    Labels labels = builder.Build().WithoutEmpty();
    if (point.no_value()) {
      store_.Remove(name + labels.ToString());
      return true;
    }
    why = Reject::kValue;
    std::optional<Classic> classic = Classic{};
    if (metric.type == DataType::kHistogram) classic = ClassicOf(point);
    if (metric.type == DataType::kExponential) classic = ClassicOfExponential(point);
    if (metric.type == DataType::kSummary) classic = QuantilesOf(point);
    if (!classic) return false;
    if (type == MetricType::kCounter && !(point.value >= 0)) return false;
    Series* const series = store_.Find(name, type, ToValidUtf8(metric.description),
                                       std::move(labels), classic->bounds.size(), why);
    if (!series) return false;
    Update(*series, point, *std::move(classic), adds && metric.temporality == Temporality::kDelta);
    return true;
  }

  static std::optional<Classic> QuantilesOf(const Point& point) {
    Classic quantiles;
    if (point.quantiles.size() > kMaxQuantiles) return std::nullopt;
    auto sorted = point.quantiles;
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [quantile, value] : sorted) {
      if (!(quantile >= 0 && quantile <= 1)) return std::nullopt;
      if (!quantiles.bounds.empty() && quantiles.bounds.back() == quantile) return std::nullopt;
      quantiles.bounds.push_back(quantile);
      quantiles.counts.push_back(value);
    }
    return quantiles;
  }

  static void Update(Series& series, const Point& point, Classic classic, bool delta) {
    const bool goes_on = delta && series.bounds == classic.bounds;
    if (goes_on) {
      for (std::size_t i = 0; i < classic.counts.size(); ++i) {
        series.counts[i] += classic.counts[i];
      }
    } else {
      series.bounds = std::move(classic.bounds);
      series.counts = std::move(classic.counts);
    }
    const auto set = [&](double& value, double by) { value = goes_on ? value + by : by; };
    set(series.value, point.value);
    set(series.sum, point.sum);
    set(series.count, static_cast<double>(point.count));
  }

  Store& store_;
  Labels identity_;  // job and instance
};

Store::Store(const StoreLimits& limits, std::function<bool(std::string_view)> reserved)
    : limits_(limits), reserved_(std::move(reserved)) {}

Store::~Store() = default;

Result<PushResult> Store::Push(std::string_view body, Encoding encoding) {
  ++counters_.requests;
  Reader reader(*this);
  const Status read =
      encoding == Encoding::kJson ? ReadJson(body, reader) : ReadProtobuf(body, reader);
  if (!read) {
    ++counters_.failed;
    return read.error();
  }
  return std::move(reader.result_);
}

Store::Series* Store::Find(const std::string& name, MetricType type, const std::string& help,
                           Labels labels, std::size_t values, Reject& why) {
  why = Reject::kConflict;
  if (reserved_(name)) return nullptr;
  if (ConflictsWith(families_, name, type)) return nullptr;
  std::string key = name + labels.ToString();
  const std::size_t bytes = kSeriesBytes + 2 * key.size() + labels.HeapBytes() + values * 32;
  const auto known = by_key_.find(key);
  const std::size_t before = known == by_key_.end() ? 0 : known->second.bytes;
  why = Reject::kLimit;
  if (bytes_ - before + bytes > limits_.max_bytes) return nullptr;
  if (known == by_key_.end() && by_key_.size() >= limits_.max_series) return nullptr;
  bytes_ = bytes_ - before + bytes;
  Series& series = known == by_key_.end() ? by_key_[std::move(key)] : known->second;
  series.bytes = bytes;
  series.last = now_;
  if (known != by_key_.end()) return &series;
  const auto family =
      families_.try_emplace(name, Family{type, help.empty() ? std::string(kHelp) : help}).first;
  ++family->second.series;
  series.family = &*family;
  series.labels = std::move(labels);
  return &series;
}

void Store::Remove(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  bytes_ -= found->second.bytes;
  const auto family = families_.find(found->second.family->first);
  by_key_.erase(found);
  if (--family->second.series == 0) families_.erase(family);
}

void Store::MoveTo(MonoTime now) {
  now_ = now;
  std::vector<std::string> stale;
  for (const auto& [key, series] : by_key_) {
    if (now - series.last > limits_.stale_after) stale.push_back(key);
  }
  for (const std::string& key : stale) Remove(key);
}

void Store::AddTo(FamilySink& out) const {
  std::vector<LabelView> labels;
  std::vector<double> cumulative;
  for (const auto& [key, series] : by_key_) {
    const FamilySpec family{series.family->first, series.family->second.type,
                            series.family->second.help};
    labels.clear();
    for (const LabelView label : series.labels) labels.push_back(label);
    if (family.type == MetricType::kSummary) {
      out.AddSummary(family, labels, {series.bounds, series.counts, series.sum, series.count});
    } else if (family.type == MetricType::kHistogram) {
      cumulative.clear();
      double sum = 0;
      for (const double count : series.counts) cumulative.push_back(sum += count);
      out.AddHistogram(family, labels, {series.bounds, cumulative, series.sum, series.count});
    } else {
      out.Add(family, labels, series.value);
    }
  }
}

}  // namespace tocsin::otlp
