#include "rules/promql/labelset.h"

#include <algorithm>
#include <functional>

#include "rules/promql/quote.h"

namespace tocsin::promql {
namespace {

std::uint64_t Mix(std::uint64_t hash, std::string_view text) {
  constexpr std::uint64_t kPrime = 0x9E3779B97F4A7C15ULL;
  hash = (hash ^ std::hash<std::string_view>{}(text)) * kPrime;
  return hash ^ (hash >> 32);
}

}  // namespace

LabelPart LabelPart::AllButNameAnd(std::vector<std::string> names) {
  names.emplace_back(kMetricName);
  return {std::move(names), false};
}

LabelPart::LabelPart(std::vector<std::string> names, bool only)
    : names_(std::move(names)), only_(only) {
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

bool LabelPart::Has(std::string_view name) const {
  return std::binary_search(names_.begin(), names_.end(), name) == only_;
}

std::uint64_t LabelPart::Hash(const Labels& labels) const {
  std::uint64_t hash = 0;
  if (only_ && names_.empty()) return hash;
  auto name = names_.begin();
  for (const LabelView label : labels) {
    while (name != names_.end() && *name < label.name) ++name;
    const bool listed = name != names_.end() && *name == label.name;
    if (listed == only_) hash = Mix(Mix(hash, label.name), label.value);
  }
  return hash;
}

bool LabelPart::Equal(const Labels& a, const Labels& b) const {
  if (only_) {
    return std::all_of(names_.begin(), names_.end(),
                       [&](const std::string& name) { return a.Get(name) == b.Get(name); });
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (true) {
    while (i < a.size() && !Has(a[i].name)) ++i;
    while (j < b.size() && !Has(b[j].name)) ++j;
    if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
    if (a[i++] != b[j++]) return false;
  }
}

Labels LabelPart::Of(const Labels& labels) const {
  std::vector<LabelView> kept;
  for (const LabelView label : labels) {
    if (Has(label.name)) kept.push_back(label);
  }
  return kept.size() == labels.size() ? labels : Labels(kept);
}

std::size_t LabelGroups::Search(std::uint64_t hash, const Labels& labels) const {
  const auto found = by_hash_.find(hash);
  std::size_t group = found == by_hash_.end() ? kNone : found->second;
  while (group != kNone && !part_.Equal(members_[group].labels, labels)) {
    group = members_[group].next;
  }
  return group;
}

std::size_t LabelGroups::Find(const Labels& labels) const {
  return Search(part_.Hash(labels), labels);
}

std::size_t LabelGroups::Put(const Labels& labels) {
  const std::uint64_t hash = part_.Hash(labels);
  const std::size_t known = Search(hash, labels);
  if (known != kNone) return known;
  const std::size_t group = members_.size();
  const auto [at, inserted] = by_hash_.try_emplace(hash, group);
  members_.push_back({labels, inserted ? kNone : at->second});
  at->second = group;
  return group;
}

std::string DescribeLabels(const Labels& labels) {
  std::string out = "{";
  std::string_view separator;
  for (const LabelView label : labels) {
    out.append(separator).append(label.name).append("=");
    AppendGoQuoted(label.value, out);
    separator = ", ";
  }
  return out + "}";
}

}  // namespace tocsin::promql
