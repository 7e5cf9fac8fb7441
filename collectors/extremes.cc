#include "collectors/extremes.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/parse.h"
#include "base/window_extremes.h"
#include "collectors/catalog.h"
#include "metrics/writer.h"

namespace tocsin {
namespace {

constexpr milliseconds kDefaultWindow = std::chrono::minutes(1);

/// What one entry of the configuration asks of one metric.
struct Watch {
  explicit Watch(const ExtremesOf& of)
      : metric(of.metric),
        max(of.metric + "_max"),
        min(of.metric + "_min"),
        window(of.window),
        window_text(FormatDuration(of.window)),
        max_help("Largest value of " + of.metric + " in the window, at the collector's own rate."),
        min_help("Smallest value of " + of.metric +
                 " in the window, at the collector's own rate.") {}

  std::string metric;
  std::string max;
  std::string min;
  milliseconds window;
  std::string window_text;
  std::string max_help;
  std::string min_help;
};

/// A watched series.
struct Series {
  std::string key;  // of its watch and labels
  WindowExtremes extremes;
  std::uint64_t round;  // the last one that had it
};

/// Hands everything on and puts the extremes of watched gauges beside them.
class Tap final : public FamilySink {
 public:
  explicit Tap(std::vector<Watch> watches) : watches_(std::move(watches)) {}

  void Begin(MonoTime now, FamilySink& out) {
    now_ = now;
    out_ = &out;
    place_ = 0;
    ++round_;
  }
  /// Forgets the series that were not there in this round.
  void End() {
    if (place_ == order_.size() && !reordered_) return;
    order_.resize(place_);
    std::erase_if(series_, [&](const auto& one) { return one.second->round != round_; });
    reordered_ = false;
  }

  void AddSample(const FamilySpec& family, Suffix suffix, std::span<const LabelView> labels,
                 double value) override {
    out_->AddSample(family, suffix, labels, value);
    if (family.type != MetricType::kGauge || suffix != Suffix::kNone) return;
    // Sorted by metric; a metric may have several windows.
    auto watch =
        std::lower_bound(watches_.begin(), watches_.end(), family.name,
                         [](const Watch& one, std::string_view name) { return one.metric < name; });
    for (; watch != watches_.end() && watch->metric == family.name; ++watch) {
      if (Series* series = Find(*watch, labels)) AddExtremes(*watch, *series, labels, value);
    }
  }

 private:
  void AddExtremes(const Watch& watch, Series& series, std::span<const LabelView> labels,
                   double value) {
    series.extremes.Add(now_, value);
    if (series.extremes.empty()) return;
    labels_.assign(labels.begin(), labels.end());
    labels_.push_back({"window", watch.window_text});
    out_->Add({watch.max, MetricType::kGauge, watch.max_help}, std::span<const LabelView>(labels_),
              series.extremes.max());
    out_->Add({watch.min, MetricType::kGauge, watch.min_help}, std::span<const LabelView>(labels_),
              series.extremes.min());
  }

  /// The series, most likely where it was in the last round. Null past kMaxExtremes.
  Series* Find(const Watch& watch, std::span<const LabelView> labels) {
    key_.assign(watch.metric).append("\xff").append(watch.window_text);
    for (const LabelView& label : labels) {
      key_.append("\xff").append(label.name).append("\xff").append(label.value);
    }
    if (place_ < order_.size() && order_[place_]->key == key_) {
      Series* const series = order_[place_++];
      series->round = round_;
      return series;
    }
    reordered_ = true;
    auto found = series_.find(key_);
    if (found == series_.end()) {
      if (series_.size() >= kMaxExtremes) return nullptr;
      auto made = std::make_unique<Series>(Series{key_, WindowExtremes(watch.window), round_});
      found = series_.emplace(made->key, std::move(made)).first;
    }
    Series* const series = found->second.get();
    series->round = round_;
    if (place_ < order_.size()) {
      order_[place_] = series;
    } else {
      order_.push_back(series);
    }
    ++place_;
    return series;
  }

  const std::vector<Watch> watches_;
  std::unordered_map<std::string_view, std::unique_ptr<Series>> series_;  // by their own keys
  std::vector<Series*> order_;  // as they came in the last round
  std::size_t place_ = 0;
  bool reordered_ = false;
  std::uint64_t round_ = 0;
  MonoTime now_{};
  FamilySink* out_ = nullptr;
  std::string key_;
  std::vector<LabelView> labels_;
};

class ExtremesCollector final : public Collector {
 public:
  ExtremesCollector(std::unique_ptr<Collector> inner, std::vector<Watch> watches)
      : inner_(std::move(inner)), tap_(std::move(watches)) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    tap_.Begin(round.deadline, out);  // as Every tells time
    const Status collected = inner_->Collect(round, tap_);
    tap_.End();
    return collected;
  }

  OnDemand* on_demand() override { return inner_->on_demand(); }

 private:
  const std::unique_ptr<Collector> inner_;
  Tap tap_;
};

bool MayExport(const CatalogEntry& entry, std::string_view metric) {
  // Only the host knows the families of some.
  return entry.families.empty() ||
         std::any_of(entry.families.begin(), entry.families.end(),
                     [&](const FamilySpec& family) { return family.name == metric; });
}

/// The type that the catalog knows a metric to have, unless it is a gauge or unknown.
const FamilySpec* KnownAsNoGauge(std::string_view metric) {
  for (const CatalogEntry& entry : CollectorCatalog()) {
    for (const FamilySpec& family : entry.families) {
      if (family.name == metric && family.type != MetricType::kGauge) return &family;
    }
  }
  return nullptr;
}

Status ReadEntry(const YamlFile& file, const YamlNode& node, std::vector<ExtremesOf>& wanted) {
  YamlFields fields(file, node, "extremes entry");
  TRY_ASSIGN(const milliseconds window, fields.Read("window", YamlDuration, kDefaultWindow));
  TRY_ASSIGN(const YamlNode* metrics, fields.Require("metrics"));
  TRY_ASSIGN(const std::vector<std::string> names, YamlStrings(file, *metrics));
  TRY(fields.Finish());
  if (window < seconds(1)) return file.At(*fields.Find("window"), "a window is at least 1s");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const YamlNode& at = *metrics->items[i];
    if (const FamilySpec* family = KnownAsNoGauge(names[i])) {
      TRY(file.Keep(file.At(at, names[i] + " is a " + std::string(TypeText(family->type)) +
                                    ": extremes are of gauges")));
      continue;
    }
    const ExtremesOf of{names[i], window};
    if (std::find(wanted.begin(), wanted.end(), of) != wanted.end()) {
      return file.At(at, names[i] + " stands twice with a window of " + FormatDuration(window));
    }
    wanted.push_back(of);
  }
  return Unit{};
}

}  // namespace

Result<std::vector<ExtremesOf>> ReadExtremes(const YamlFile& file, const YamlNode& node) {
  std::vector<ExtremesOf> wanted;
  if (node.IsNull()) return wanted;
  if (!node.IsSequence()) return file.At(node, "extremes: expected a list of {metrics, window}");
  TRY(ReadItems(file, node, [&](const YamlNode& item) { return ReadEntry(file, item, wanted); }));
  return wanted;
}

std::unique_ptr<Collector> WithExtremes(const CatalogEntry& entry,
                                        std::unique_ptr<Collector> collector,
                                        std::span<const ExtremesOf> wanted) {
  std::vector<Watch> watches;
  for (const ExtremesOf& of : wanted) {
    if (MayExport(entry, of.metric)) watches.emplace_back(of);
  }
  if (watches.empty()) return collector;
  std::stable_sort(watches.begin(), watches.end(),
                   [](const Watch& a, const Watch& b) { return a.metric < b.metric; });
  return std::make_unique<ExtremesCollector>(std::move(collector), std::move(watches));
}

}  // namespace tocsin
