#include "metrics/exposition/merged_layout.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <unordered_set>

#include "base/parse.h"
#include "base/utf8.h"
#include "metrics/exposition/escape.h"
#include "metrics/exposition/scanner.h"
#include "metrics/names.h"

namespace tocsin::exposition {
namespace {

/// A series on its way to its place.
struct Item {
  std::uint16_t source;
  std::uint32_t index;  // into the source's series
  const SeriesMeta* meta;
  double bound;  // le or quantile; NaN for none
};

/// The label that is printed last and sorted by number, or none.
std::string_view BoundLabel(MetricType type, Suffix suffix) {
  if (type == MetricType::kHistogram && suffix == Suffix::kBucket) return "le";
  if (type == MetricType::kSummary && suffix == Suffix::kNone) return "quantile";
  return {};
}

int SuffixRank(Suffix suffix) {
  switch (suffix) {
    case Suffix::kNone:
    case Suffix::kBucket:
      return 0;
    case Suffix::kSum:
      return 1;
    case Suffix::kCount:
      return 2;
    case Suffix::kCreated:
      return 3;
  }
  return 0;
}

/// The labels of a series without its bound.
class PlainLabels {
 public:
  PlainLabels(const Labels& labels, std::string_view bound_label)
      : labels_(labels), skipped_(labels.size()) {
    if (bound_label.empty()) return;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i].name == bound_label) skipped_ = i;
    }
  }
  std::size_t size() const { return labels_.size() - (skipped_ < labels_.size() ? 1 : 0); }
  LabelView operator[](std::size_t i) const { return labels_[i < skipped_ ? i : i + 1]; }

 private:
  const Labels& labels_;
  std::size_t skipped_;
};

/// Fewer labels first, then by their values, then by their names.
std::strong_ordering ComparePlain(const PlainLabels& a, const PlainLabels& b) {
  if (const auto c = a.size() <=> b.size(); c != 0) return c;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (const auto c = a[i].value <=> b[i].value; c != 0) return c;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (const auto c = a[i].name <=> b[i].name; c != 0) return c;
  }
  return std::strong_ordering::equal;
}

bool HasGoodNames(const Labels& labels) {
  for (const LabelView label : labels) {
    if (!IsLabelName(label.name)) return false;
  }
  return true;
}

class ItemLess {
 public:
  explicit ItemLess(MetricType type) : type_(type) {}
  bool operator()(const Item& a, const Item& b) const {
    const auto plain = ComparePlain({a.meta->labels, BoundLabel(type_, a.meta->suffix)},
                                    {b.meta->labels, BoundLabel(type_, b.meta->suffix)});
    if (plain != 0) return plain < 0;
    if (const int ra = SuffixRank(a.meta->suffix), rb = SuffixRank(b.meta->suffix); ra != rb) {
      return ra < rb;
    }
    if (a.bound != b.bound && !(std::isnan(a.bound) && std::isnan(b.bound))) {
      return std::isnan(b.bound) || a.bound < b.bound;
    }
    return a.source < b.source;
  }

 private:
  MetricType type_;
};

}  // namespace

/// Builds one MergedLayout.
class LayoutMerger {
 public:
  explicit LayoutMerger(MergedLayout& out) : out_(out) {}

  void Run() {
    CollectFamilies();
    CollectSeries();
    FindNamesToCheck();
    for (std::size_t f = 0; f < out_.families_.size(); ++f) AddFamily(f);
    RemoveEmptyFamilies();
    out_.lines_.push_back({PrefixEnd(), 0, 0, false});
    SetFaces();
    out_.families_.shrink_to_fit();
    out_.lines_.shrink_to_fit();
    out_.prefixes_.shrink_to_fit();
  }

 private:
  static constexpr std::uint32_t kNowhere = 0xFFFFFFFF;

  std::uint32_t PrefixEnd() const { return static_cast<std::uint32_t>(out_.prefixes_.size()); }

  void Drop(std::uint32_t& counter, const std::string& what) {
    ++counter;
    if (out_.dropped_.first.empty()) out_.dropped_.first = ToValidUtf8(what);
  }

  /// Sorted by name; families of one name and type become one.
  void CollectFamilies() {
    struct Found {
      const Family* family;
      std::uint16_t source;
      std::uint32_t index;
    };
    std::vector<Found> found;
    place_.resize(out_.layouts_.size());
    for (std::size_t s = 0; s < out_.layouts_.size(); ++s) {
      if (!out_.layouts_[s]) continue;
      const auto& families = out_.layouts_[s]->families;
      place_[s].assign(families.size(), kNowhere);
      for (std::size_t f = 0; f < families.size(); ++f) {
        found.push_back(
            {&families[f], static_cast<std::uint16_t>(s), static_cast<std::uint32_t>(f)});
      }
    }
    std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
      if (const auto c = a.family->name <=> b.family->name; c != 0) return c < 0;
      return a.source < b.source;
    });
    for (const Found& f : found) {
      const bool same =
          !out_.families_.empty() && out_.families_.back().family->name == f.family->name;
      if (!IsMetricName(f.family->name)) {
        Drop(out_.dropped_.families, "the metric \"" + f.family->name + "\" has a bad name");
      } else if (same && out_.families_.back().family->type != f.family->type) {
        Drop(out_.dropped_.families, "the metric " + f.family->name + " is a " +
                                         std::string(TypeText(out_.families_.back().family->type)) +
                                         " of one collector and a " +
                                         std::string(TypeText(f.family->type)) + " of another");
      } else {
        if (same) {
          several_.back() = true;
        } else {
          out_.families_.push_back({f.family, {}, 0});
          several_.push_back(false);
        }
        place_[f.source][f.index] = static_cast<std::uint32_t>(out_.families_.size() - 1);
      }
    }
  }

  void CollectSeries() {
    items_.resize(out_.families_.size());
    for (std::size_t s = 0; s < out_.layouts_.size(); ++s) {
      if (!out_.layouts_[s]) continue;
      const auto& series = out_.layouts_[s]->series;
      for (std::size_t i = 0; i < series.size(); ++i) {
        const std::uint32_t place = place_[s][series[i].family];
        if (place == kNowhere) continue;
        const std::string_view label =
            BoundLabel(out_.families_[place].family->type, series[i].suffix);
        double bound = NAN;
        if (!label.empty()) bound = ParseDouble(series[i].labels.Get(label)).value_or(NAN);
        items_[place].push_back(
            {static_cast<std::uint16_t>(s), static_cast<std::uint32_t>(i), &series[i], bound});
      }
    }
  }

  /// Only where two families can have samples of one name is every series looked up.
  void FindNamesToCheck() {
    for (std::size_t f = 0; f < out_.families_.size(); ++f) {
      const Family& family = *out_.families_[f].family;
      for (const Suffix suffix :
           {Suffix::kBucket, Suffix::kSum, Suffix::kCount, Suffix::kCreated}) {
        const bool has = std::any_of(items_[f].begin(), items_[f].end(),
                                     [&](const Item& item) { return item.meta->suffix == suffix; });
        if (!has) continue;
        std::string name;
        AppendSampleName(family.name, family.type, suffix, name);
        if (const std::size_t other = FindFamily(name); other < out_.families_.size()) {
          several_[f] = several_[other] = true;
        }
      }
    }
  }

  std::size_t FindFamily(std::string_view name) const {
    const auto at = std::lower_bound(
        out_.families_.begin(), out_.families_.end(), name,
        [](const MergedFamily& family, std::string_view n) { return family.family->name < n; });
    if (at == out_.families_.end() || at->family->name != name) return out_.families_.size();
    return static_cast<std::size_t>(at - out_.families_.begin());
  }

  void AddFamily(std::size_t f) {
    MergedFamily& merged = out_.families_[f];
    merged.first_line = static_cast<std::uint32_t>(out_.lines_.size());
    std::sort(items_[f].begin(), items_[f].end(), ItemLess(merged.family->type));
    for (const Item& item : items_[f]) {
      const Layout& layout = *out_.layouts_[item.source];
      if (!HasGoodNames(item.meta->labels)) {
        Drop(out_.dropped_.series,
             "a label of " + layout.FullLabels(item.index).ToString() + " has a bad name");
        continue;
      }
      if (several_[f] && !seen_.insert(layout.FullLabels(item.index)).second) {
        Drop(out_.dropped_.series, "the series " + layout.FullLabels(item.index).ToString() +
                                       " comes from two collectors");
        continue;
      }
      out_.lines_.push_back(
          {PrefixEnd(), item.index, item.source, item.meta->suffix == Suffix::kCreated});
      AppendPrefix(*merged.family, *item.meta);
    }
  }

  void AppendPrefix(const Family& family, const SeriesMeta& series) {
    std::string& out = out_.prefixes_;
    AppendSampleName(family.name, family.type, series.suffix, out);
    char before = '{';
    const auto append = [&](const LabelView& label) {
      out += before;
      before = ',';
      out.append(label.name) += "=\"";
      AppendLabelValue(label.value, out);
      out += '"';
    };
    const std::string_view bound_label = BoundLabel(family.type, series.suffix);
    for (const LabelView label : series.labels) {
      if (label.name != bound_label) append(label);
    }
    if (!bound_label.empty() && series.labels.Has(bound_label)) {
      append({bound_label, series.labels.Get(bound_label)});
    }
    if (before == ',') out += '}';
    out += ' ';
  }

  void RemoveEmptyFamilies() {
    std::size_t kept = 0;
    for (std::size_t f = 0; f < out_.families_.size(); ++f) {
      const std::size_t end =
          f + 1 < out_.families_.size() ? out_.families_[f + 1].first_line : out_.lines_.size();
      if (out_.families_[f].first_line == end) continue;
      if (kept != f) std::swap(items_[kept], items_[f]);
      out_.families_[kept++] = out_.families_[f];
    }
    out_.families_.resize(kept);
    items_.resize(kept);
  }

  void SetFaces() {
    for (std::size_t f = 0; f < out_.families_.size(); ++f) {
      const Family& family = *out_.families_[f].family;
      OpenMetricsFace& face = out_.families_[f].open_metrics;
      face = {family.type, static_cast<std::uint32_t>(family.name.size())};
      if (family.type == MetricType::kCounter) {
        if (!Strip(family.name, "_total", face)) face.type = MetricType::kUnknown;
      } else if (family.type == MetricType::kInfo) {
        if (!Strip(family.name, "_info", face)) face.type = MetricType::kGauge;
      } else if (family.type == MetricType::kStateset) {
        const bool labelled =
            std::all_of(items_[f].begin(), items_[f].end(),
                        [&](const Item& item) { return item.meta->labels.Has(family.name); });
        if (!labelled) face.type = MetricType::kGauge;
      }
    }
  }

  /// False if the family cannot go by the shorter name, because it has none or another one has it.
  bool Strip(std::string_view name, std::string_view suffix, OpenMetricsFace& face) const {
    if (!name.ends_with(suffix) || name.size() == suffix.size()) return false;
    const std::string_view shorter = name.substr(0, name.size() - suffix.size());
    if (FindFamily(shorter) < out_.families_.size()) return false;
    // x_total and x_info would both be called x: the counter is.
    if (suffix == "_info" && FindFamily(std::string(shorter) + "_total") < out_.families_.size()) {
      return false;
    }
    face.name_bytes = static_cast<std::uint32_t>(shorter.size());
    return true;
  }

  MergedLayout& out_;
  std::vector<std::vector<std::uint32_t>> place_;  // merged index of a source's family
  std::vector<std::vector<Item>> items_;           // of each merged family
  std::vector<bool> several_;                      // families whose series may stand twice
  std::unordered_set<Labels, LabelsHash> seen_;
};

MergedLayout::MergedLayout(std::vector<Ref<const Layout>> layouts) : layouts_(std::move(layouts)) {
  LayoutMerger(*this).Run();
}

bool MergedLayout::IsOf(std::span<const Ref<const Layout>> layouts) const {
  return std::equal(layouts.begin(), layouts.end(), layouts_.begin(), layouts_.end());
}

}  // namespace tocsin::exposition
