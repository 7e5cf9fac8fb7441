#include "metrics/writer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>

#include "base/format.h"

namespace tocsin {
namespace {

/// At most this many snapshots are kept for use again: one being written, one current, one with a
/// reader that is still rendering.
constexpr std::size_t kPoolSize = 3;

/// So far ahead a series of the last round is looked for when others before it are gone; less far
/// where the one before was not found either, as that is one of many new ones.
constexpr std::size_t kLookAhead = 512;
constexpr std::size_t kShortLookAhead = 16;

/// Numbers for the names of samples: equal names have equal numbers, also of two families.
class SampleNames {
 public:
  explicit SampleNames(const Layout& layout) : layout_(layout), numbers_(layout.families.size()) {}

  std::uint32_t NumberOf(const SeriesMeta& series) {
    std::uint32_t& number = numbers_[series.family][static_cast<std::size_t>(series.suffix)];
    if (number == 0) {
      const Family& family = layout_.families[series.family];
      std::string name;
      AppendSampleName(family.name, family.type, series.suffix, name);
      number =
          by_name_.try_emplace(std::move(name), static_cast<std::uint32_t>(by_name_.size()) + 1)
              .first->second;
    }
    return number;
  }

 private:
  static constexpr std::size_t kSuffixes = 5;

  const Layout& layout_;
  std::vector<std::array<std::uint32_t, kSuffixes>> numbers_;  // by family; 0: not known yet
  std::unordered_map<std::string, std::uint32_t> by_name_;
};

/// A series whose name and labels an earlier one has.
std::optional<std::size_t> FindRepeated(const Layout& layout) {
  SampleNames names(layout);
  constexpr std::uint64_t kPrime = 0x9E3779B97F4A7C15ULL;
  std::vector<std::uint32_t> table(std::bit_ceil(layout.series.size() * 2 + 1));  // index + 1
  const std::size_t mask = table.size() - 1;
  for (std::size_t i = 0; i < layout.series.size(); ++i) {
    const std::uint32_t name = names.NumberOf(layout.series[i]);
    const Labels labels = layout.series[i].labels.WithoutEmpty();
    const std::uint64_t hash = (labels.hash() ^ name) * kPrime;
    std::size_t place = (hash >> 32) & mask;
    for (; table[place] != 0; place = (place + 1) & mask) {
      const SeriesMeta& other = layout.series[table[place] - 1];
      if (names.NumberOf(other) == name && other.labels.WithoutEmpty() == labels) return i;
    }
    table[place] = static_cast<std::uint32_t>(i + 1);
  }
  return std::nullopt;
}

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
  known_labels_.Clear();
  conflict_.clear();
  current_ = nullptr;
  current_ = FreeSnapshot();
  current_->at = at;
  current_->layout = nullptr;
  current_->values.clear();
}

void RoundWriter::AddSample(const FamilySpec& family, Suffix suffix,
                            std::span<const LabelView> labels, double value) {
  if (!next_ && !IsLast(current_->values.size(), family, suffix, labels)) StartNewLayout();
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
    known_labels_.Clear();
    if (conflict_.empty()) {
      if (const auto repeated = FindRepeated(*layout)) {
        conflict_ = "the series " + layout->FullLabels(*repeated).ToString() + " stands twice";
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

/// Whether that series is number `i` of the last round.
bool RoundWriter::IsLast(std::size_t i, const FamilySpec& family, Suffix suffix,
                         std::span<const LabelView> labels) const {
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
  expected_ = current_->values.size();
  missed_ = false;
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
  // Mostly a series that was there last round: it keeps its labels where they are.
  const std::size_t reach = missed_ ? kShortLookAhead : kLookAhead;
  const std::size_t end = last_ ? std::min(expected_ + reach, last_->series.size()) : 0;
  for (std::size_t i = expected_; i < end; ++i) {
    if (!IsLast(i, family, suffix, labels)) continue;
    expected_ = i + 1;
    missed_ = false;
    next_->series.push_back({FamilyIndex(family), suffix, last_->series[i].labels});
    return;
  }
  missed_ = true;
  next_->series.push_back({FamilyIndex(family), suffix, KeptLabels(labels)});
}

/// Of all series with the same labels, of the last round and this one, those of the first.
const Labels& RoundWriter::KeptLabels(std::span<const LabelView> labels) {
  if (known_labels_.empty() && last_) {
    known_labels_.Reserve(last_->series.size());
    for (const SeriesMeta& series : last_->series) known_labels_.Insert(series.labels);
  }
  return known_labels_.Get(labels);
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
