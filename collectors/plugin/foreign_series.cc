#include "collectors/plugin/foreign_series.h"

#include <algorithm>

namespace tocsin::plugin {
namespace {

constexpr std::size_t kMaxFamilies = 10'000;
constexpr std::size_t kMaxLine = 64 << 10;
constexpr std::size_t kMaxLabels = 64;

void Sort(std::vector<LabelView>& labels) {
  std::sort(labels.begin(), labels.end(),
            [](const LabelView& a, const LabelView& b) { return a.name < b.name; });
}

}  // namespace

ForeignSeries::ForeignSeries(ForeignOptions options) : options_(std::move(options)) {}

Result<ForeignCounts> ForeignSeries::Add(std::string_view text, exposition::Format format,
                                         FamilySink& out) {
  exposition::ParseOptions parse;
  parse.format = format;
  parse.budget = {options_.max_bytes, kMaxLine, options_.max_samples, kMaxFamilies, kMaxLabels};
  TRY(document_.Parse(text, parse));
  std::swap(before_, now_);
  now_.Clear();
  ForeignCounts counts;
  for (const exposition::ParsedSample& sample : document_.samples()) {
    ++counts.scraped;
    const FamilySpec family = document_.Spec(sample);
    JoinLabels(sample.labels);
    if (!Relabel(family, sample.suffix)) continue;
    ++counts.kept;
    if (!IsFirst()) {
      ++counts.duplicates;
      continue;
    }
    if (before_.Insert(identity_)) ++counts.added;
    out.AddSample(family, sample.suffix, labels_, sample.value);
  }
  return counts;
}

void ForeignSeries::AddAgain(FamilySink& out) {
  now_.Clear();
  for (const exposition::ParsedSample& sample : document_.samples()) {
    const FamilySpec family = document_.Spec(sample);
    JoinLabels(sample.labels);
    if (Relabel(family, sample.suffix) && IsFirst()) {
      out.AddSample(family, sample.suffix, labels_, sample.value);
    }
  }
}

/// The labels of a series as Prometheus makes them: without empty ones, the target's joined.
void ForeignSeries::JoinLabels(std::span<const LabelView> own) {
  labels_.clear();
  for (const LabelView& label : own) {
    if (!label.value.empty()) labels_.push_back(label);
  }
  for (const auto& [name, value] : options_.labels) {
    const auto same = std::find_if(labels_.begin(), labels_.end(),
                                   [&n = name](const LabelView& label) { return label.name == n; });
    if (same == labels_.end()) {
      if (!value.empty()) labels_.push_back({name, value});
      continue;
    }
    if (options_.honor == ForeignOptions::Honor::kTheirs) continue;
    const std::string_view theirs = same->value;
    same->value = value;
    labels_.push_back({ExportedName(name), theirs});
  }
  Sort(labels_);
}

bool ForeignSeries::Relabel(const FamilySpec& family, Suffix suffix) {
  name_.clear();
  AppendSampleName(family.name, family.type, suffix, name_);
  return options_.relabel.empty() || options_.relabel.Apply(name_, labels_);
}

/// "exported_" before the name, as often as it takes for it to be free.
std::string_view ForeignSeries::ExportedName(std::string_view name) {
  while (true) {
    auto found = exported_.find(name);
    if (found == exported_.end()) {
      found = exported_.emplace(name, "exported_" + std::string(name)).first;
    }
    name = found->second;
    if (std::none_of(labels_.begin(), labels_.end(),
                     [&](const LabelView& label) { return label.name == name; })) {
      return name;
    }
  }
}

bool ForeignSeries::IsFirst() {
  identity_ = name_;
  for (const LabelView& label : labels_) {
    identity_.append(1, '\xff').append(label.name).append(1, '\xff').append(label.value);
  }
  return now_.Insert(identity_);
}

}  // namespace tocsin::plugin
