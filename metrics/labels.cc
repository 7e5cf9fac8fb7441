#include "metrics/labels.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <new>

#include "base/utf8.h"
#include "metrics/label_pair.h"

namespace tocsin {
namespace {

/// FNV-1a over 8 bytes at a time with a final mix; names and values are separated by their lengths.
std::uint64_t HashBytes(std::uint64_t h, std::string_view text) {
  constexpr std::uint64_t kPrime = 0x9E3779B97F4A7C15ULL;
  h = (h ^ text.size()) * kPrime;
  while (text.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data(), 8);
    h = (h ^ word) * kPrime;
    h ^= h >> 29;
    text.remove_prefix(8);
  }
  std::uint64_t tail = 0;
  if (!text.empty()) std::memcpy(&tail, text.data(), text.size());
  h = (h ^ tail) * kPrime;
  return h ^ (h >> 32);
}

constexpr std::size_t kPairRefBytes = sizeof(void*);  // a const LabelPair*

}  // namespace

Labels::Labels(std::span<const LabelView> labels) {
  const auto by_name = [](const LabelView& a, const LabelView& b) { return a.name < b.name; };
  const auto not_rising = [](const LabelView& a, const LabelView& b) { return a.name >= b.name; };
  if (std::adjacent_find(labels.begin(), labels.end(), not_rising) == labels.end()) {
    Build(labels.size(), [&](std::size_t i) { return labels[i]; });
    return;
  }
  std::vector<LabelView> sorted(labels.begin(), labels.end());
  std::stable_sort(sorted.begin(), sorted.end(), by_name);
  std::vector<LabelView> unique;
  unique.reserve(sorted.size());
  for (const LabelView& label : sorted) {
    if (!unique.empty() && unique.back().name == label.name) {
      unique.back() = label;
    } else {
      unique.push_back(label);
    }
  }
  Build(unique.size(), [&](std::size_t i) { return unique[i]; });
}

template <class LabelAt>
void Labels::Build(std::size_t count, LabelAt label_at) {
  if (count == 0) return;
  std::size_t text_size = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const LabelView label = label_at(i);
    text_size += label.name.size() + label.value.size();
  }
  void* memory = ::operator new(sizeof(Block) + count * sizeof(Entry) + text_size);
  block_ = new (memory) Block{1, static_cast<std::uint32_t>(count) * 2, 0};
  auto* entry = reinterpret_cast<Entry*>(block_ + 1);
  char* const text = reinterpret_cast<char*>(entry + count);
  std::uint32_t at = 0;
  std::uint64_t hash = 0;
  const auto append = [&](std::string_view part) {
    if (!part.empty()) std::memcpy(text + at, part.data(), part.size());
    at += static_cast<std::uint32_t>(part.size());
    hash = HashBytes(hash, part);
  };
  for (std::size_t i = 0; i < count; ++i) {
    const LabelView label = label_at(i);
    new (entry) Entry{at, 0, 0};
    append(label.name);
    entry->value_at = at;
    append(label.value);
    entry->end = at;
    ++entry;
  }
  block_->hash = hash;
}

Labels Labels::Interned() const {
  if (!block_ || IsInterned()) return *this;
  const std::size_t count = size();
  void* memory = ::operator new(sizeof(Block) + count * kPairRefBytes);
  Labels made;
  made.block_ = new (memory) Block{1, block_->shape + 1, block_->hash};
  auto* const pairs = reinterpret_cast<const LabelPair**>(made.block_ + 1);
  for (std::size_t i = 0; i < count; ++i) pairs[i] = &LabelPair::Intern((*this)[i]);
  return made;
}

void Labels::Release() {
  if (!block_ || block_->refs.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
  if (IsInterned()) {
    for (std::size_t i = 0; i < size(); ++i) pairs()[i]->Release();
  }
  block_->~Block();
  ::operator delete(block_);
}

LabelView Labels::operator[](std::size_t i) const {
  if (IsInterned()) return pairs()[i]->view();
  const Entry& e = entries()[i];
  return {{text() + e.name_at, e.value_at - e.name_at}, {text() + e.value_at, e.end - e.value_at}};
}

std::string_view Labels::Get(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (const LabelView label = (*this)[i]; label.name == name) return label.value;
  }
  return {};
}

bool Labels::Has(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if ((*this)[i].name == name) return true;
  }
  return false;
}

std::size_t Labels::HeapBytes() const {
  if (!block_) return 0;
  if (IsInterned()) return sizeof(Block) + size() * kPairRefBytes;
  return sizeof(Block) + size() * sizeof(Entry) + entries()[size() - 1].end;
}

Labels Labels::WithoutEmpty() const {
  const auto is_empty = [](const LabelView& label) { return label.value.empty(); };
  std::size_t i = 0;
  while (i < size() && !is_empty((*this)[i])) ++i;
  if (i == size()) return *this;
  std::vector<LabelView> kept;
  for (const LabelView label : *this) {
    if (!is_empty(label)) kept.push_back(label);
  }
  return Labels(kept);
}

Labels Labels::With(std::string_view name, std::string_view value) const {
  std::vector<LabelView> changed;
  changed.reserve(size() + 1);
  for (const LabelView label : *this) {
    if (label.name != name) changed.push_back(label);
  }
  const auto at = std::find_if(changed.begin(), changed.end(),
                               [&](const LabelView& label) { return label.name > name; });
  changed.insert(at, {name, value});
  return Labels(changed);
}

Labels Labels::Without(std::string_view name) const {
  std::size_t skipped = 0;
  while (skipped < size() && (*this)[skipped].name != name) ++skipped;
  if (skipped == size()) return *this;
  Labels kept;
  kept.Build(size() - 1, [&](std::size_t i) { return (*this)[i < skipped ? i : i + 1]; });
  return kept;
}

std::string Labels::ToString() const {
  std::string out(MetricName());
  std::string_view separator = "{";
  for (const LabelView label : *this) {
    if (label.name == kMetricName) continue;
    out.append(separator).append(label.name).append("=");
    AppendJsonString(label.value, out);
    separator = ", ";
  }
  if (separator != "{") {
    out += '}';
  } else if (out.empty()) {
    out = "{}";
  }
  return out;
}

bool operator==(const Labels& a, const Labels& b) {
  if (a.block_ == b.block_) return true;
  if (a.size() != b.size() || a.hash() != b.hash()) return false;
  if (a.IsInterned() && b.IsInterned()) {
    return std::equal(a.pairs(), a.pairs() + a.size(), b.pairs());
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

std::strong_ordering operator<=>(const Labels& a, const Labels& b) {
  const std::size_t shared = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < shared; ++i) {
    if (const auto order = a[i] <=> b[i]; order != 0) return order;
  }
  return a.size() <=> b.size();
}

LabelsBuilder::LabelsBuilder(const Labels& base) {
  labels_.reserve(base.size() + 2);
  for (const LabelView label : base) labels_.emplace_back(label.name, label.value);
}

LabelsBuilder& LabelsBuilder::Set(std::string_view name, std::string_view value) {
  for (auto& [n, v] : labels_) {
    if (n == name) {
      v = value;
      return *this;
    }
  }
  labels_.emplace_back(name, value);
  return *this;
}

LabelsBuilder& LabelsBuilder::Del(std::string_view name) {
  std::erase_if(labels_, [&](const auto& label) { return label.first == name; });
  return *this;
}

std::string_view LabelsBuilder::Get(std::string_view name) const {
  for (const auto& [n, v] : labels_) {
    if (n == name) return v;
  }
  return {};
}

Labels LabelsBuilder::Build() const {
  std::vector<LabelView> views;
  views.reserve(labels_.size());
  for (const auto& [n, v] : labels_) views.push_back({n, v});
  return Labels(views);
}

}  // namespace tocsin
