#include "metrics/writer.h"

#include <array>
#include <cmath>
#include <unordered_set>

#include "base/format.h"

namespace tocsin {
namespace {

/// At most this many snapshots are kept for use again: one being written, one current, one with a
/// reader that is still rendering.
constexpr std::size_t kPoolSize = 3;

void AddWithBound(FamilySink& sink, const FamilySpec& family, Suffix suffix,
                  std::vector<LabelView>& labels, double bound, double value) {
  std::array<char, kGoFloatMax> buffer;
  char* const end = WriteGoFloat(bound, buffer.data());
  labels.back().value = {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
  sink.AddSample(family, suffix, labels, value);
}

}  // namespace

Labels Layout::FullLabels(std::size_t i) const {
  const SeriesMeta& meta = series[i];
  const Family& family = families[meta.family];
  std::string name;
  AppendSampleName(family.name, family.type, meta.suffix, name);
  return meta.labels.WithoutEmpty().With(kMetricName, name);
}

void FamilySink::AddHistogram(const FamilySpec& family, std::span<const LabelView> labels,
                              const HistogramValue& histogram) {
  std::vector<LabelView> with_bound(labels.begin(), labels.end());
  with_bound.push_back({"le", {}});
  for (std::size_t i = 0; i < histogram.bounds.size(); ++i) {
    AddWithBound(*this, family, Suffix::kBucket, with_bound, histogram.bounds[i],
                 histogram.cumulative[i]);
  }
  AddWithBound(*this, family, Suffix::kBucket, with_bound, INFINITY, histogram.count);
  AddSample(family, Suffix::kSum, labels, histogram.sum);
  AddSample(family, Suffix::kCount, labels, histogram.count);
}

void FamilySink::AddSummary(const FamilySpec& family, std::span<const LabelView> labels,
                            const SummaryValue& summary) {
  std::vector<LabelView> with_bound(labels.begin(), labels.end());
  with_bound.push_back({"quantile", {}});
  for (std::size_t i = 0; i < summary.quantiles.size(); ++i) {
    AddWithBound(*this, family, Suffix::kNone, with_bound, summary.quantiles[i], summary.values[i]);
  }
  AddSample(family, Suffix::kSum, labels, summary.sum);
  AddSample(family, Suffix::kCount, labels, summary.count);
}

void RoundWriter::Begin(WallTime at) {
  next_ = nullptr;
  conflict_.clear();
  current_ = nullptr;
  current_ = FreeSnapshot();
  current_->at = at;
  current_->layout = nullptr;
  current_->values.clear();
}

void RoundWriter::AddSample(const FamilySpec& family, Suffix suffix,
                            std::span<const LabelView> labels, double value) {
  if (!next_ && !SameAsLast(family, suffix, labels)) StartNewLayout();
  if (next_) AddToNewLayout(family, suffix, labels);
  current_->values.push_back(value);
}

Result<Ref<const Snapshot>> RoundWriter::Finish() {
  Ref<Snapshot> done = std::exchange(current_, nullptr);
  if (!next_ && (!last_ || done->values.size() < last_->series.size())) {
    current_ = done;
    StartNewLayout();
    current_ = nullptr;
  }
  if (next_) {
    Ref<Layout> layout = std::exchange(next_, nullptr);
    family_index_.clear();
    if (conflict_.empty()) {
      std::unordered_set<Labels, LabelsHash> seen;
      seen.reserve(layout->series.size());
      for (std::size_t i = 0; i < layout->series.size(); ++i) {
        if (Labels full = layout->FullLabels(i); !seen.insert(full).second) {
          conflict_ = "the series " + full.ToString() + " stands twice";
          break;
        }
      }
    }
    if (!conflict_.empty()) return Error{Errc::kMalformed, conflict_};
    layout->families.shrink_to_fit();
    layout->series.shrink_to_fit();
    last_ = layout;
  }
  done->layout = last_;
  return Ref<const Snapshot>(done);
}

bool RoundWriter::SameAsLast(const FamilySpec& family, Suffix suffix,
                             std::span<const LabelView> labels) const {
  const std::size_t i = current_->values.size();
  if (!last_ || i >= last_->series.size()) return false;
  const SeriesMeta& series = last_->series[i];
  const Family& known = last_->families[series.family];
  if (suffix != series.suffix || labels.size() != series.labels.size() ||
      family.name != known.name || family.type != known.type || family.help != known.help) {
    return false;
  }
  for (std::size_t k = 0; k < labels.size(); ++k) {
    // Collectors mostly give labels in order of name, as they are kept.
    const LabelView at_k = series.labels[k];
    if (at_k == labels[k]) continue;
    if (at_k.name == labels[k].name || series.labels.Get(labels[k].name) != labels[k].value ||
        !series.labels.Has(labels[k].name)) {
      return false;
    }
  }
  return true;
}

void RoundWriter::StartNewLayout() {
  next_ = MakeRef<Layout>();
  family_index_.clear();
  if (!last_) return;
  // Everything added so far stood where it stood last round.
  next_->series.reserve(last_->series.size() + 16);
  for (std::size_t i = 0; i < current_->values.size(); ++i) {
    const SeriesMeta& series = last_->series[i];
    const Family& family = last_->families[series.family];
    const std::uint32_t index = FamilyIndex({family.name, family.type, family.help, family.unit});
    next_->series.push_back({index, series.suffix, series.labels});
  }
}

void RoundWriter::AddToNewLayout(const FamilySpec& family, Suffix suffix,
                                 std::span<const LabelView> labels) {
  next_->series.push_back({FamilyIndex(family), suffix, Labels(labels)});
}

std::uint32_t RoundWriter::FamilyIndex(const FamilySpec& family) {
  const auto [found, added] = family_index_.try_emplace(
      std::string(family.name), static_cast<std::uint32_t>(next_->families.size()));
  if (added) {
    next_->families.push_back({std::string(family.name), family.type, std::string(family.help),
                               std::string(family.unit)});
  } else if (next_->families[found->second].type != family.type && conflict_.empty()) {
    conflict_ = "the metric " + std::string(family.name) + " has two types, " +
                std::string(TypeText(next_->families[found->second].type)) + " and " +
                std::string(TypeText(family.type));
  }
  return found->second;
}

Ref<Snapshot> RoundWriter::FreeSnapshot() {
  for (const Ref<Snapshot>& snapshot : pool_) {
    if (snapshot->Unique()) return snapshot;
  }
  auto snapshot = MakeRef<Snapshot>();
  if (pool_.size() < kPoolSize) pool_.push_back(snapshot);
  return snapshot;
}

}  // namespace tocsin
