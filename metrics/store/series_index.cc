#include "metrics/store/series_index.h"

#include <algorithm>
#include <cassert>

namespace tocsin::store {
namespace {

constexpr SeriesRef kEmptyPlace = ~SeriesRef{0};
constexpr std::size_t kFirstTable = 64;
constexpr std::size_t kMallocHead = 16;

/// A series with interned labels, its share of the table, and its places in postings with their
/// room to grow.
std::size_t SeriesBytes(std::size_t labels) {
  constexpr std::size_t kBlock = 16;  // head of the labels' memory
  return sizeof(Series) + kBlock + kMallocHead + 2 * sizeof(SeriesRef) +
         labels * (sizeof(void*) + 2 * sizeof(SeriesRef));
}

std::size_t TextBytes(std::size_t size) { return size > 15 ? size + 1 + kMallocHead : 0; }

/// A value of a label: node of the hash map, its bucket, an allocation of postings, and the
/// interned label.
std::size_t PairBytes(const LabelView& label) {
  constexpr std::size_t kInterned = 40;
  return sizeof(std::string_view) + sizeof(std::vector<SeriesRef>) + 3 * sizeof(void*) +
         3 * kMallocHead + kInterned + label.name.size() + label.value.size();
}

/// A label name: node of the tree with an empty hash map in it.
std::size_t NameBytes(std::string_view name) {
  return 4 * sizeof(void*) + sizeof(std::string) + sizeof(std::unordered_map<int, int>) +
         kMallocHead + TextBytes(name.size());
}

void KeepCommon(const std::vector<SeriesRef>& postings, std::vector<SeriesRef>& candidates) {
  auto out = candidates.begin();
  auto in = postings.begin();
  for (const SeriesRef ref : candidates) {
    in = std::lower_bound(in, postings.end(), ref);
    if (in == postings.end()) break;
    if (*in == ref) *out++ = ref;
  }
  candidates.erase(out, candidates.end());
}

void Shorten(Ranking& ranking, std::size_t limit) {
  const auto more_first = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  const std::size_t kept = std::min(limit, ranking.size());
  std::partial_sort(ranking.begin(), ranking.begin() + static_cast<std::ptrdiff_t>(kept),
                    ranking.end(), more_first);
  ranking.resize(kept);
}

}  // namespace

std::optional<DropReason> SeriesIndex::Refusal(const Labels& labels,
                                               const StoreOptions& options) const {
  if (labels.empty() || count_ >= options.max_series) return DropReason::kSeriesLimit;
  std::size_t most = SeriesBytes(labels.size());
  for (const LabelView label : labels) most += PairBytes(label) + NameBytes(label.name);
  // The other half of the budget stays for samples.
  if (bytes_ + most > options.max_bytes / 2) return DropReason::kByteBudget;
  return std::nullopt;
}

void SeriesIndex::AddBytes(std::size_t bytes) {
  bytes_ += bytes;
  budget_.Add(bytes);
}

void SeriesIndex::SubBytes(std::size_t bytes) {
  bytes_ -= bytes;
  budget_.Sub(bytes);
}

std::size_t SeriesIndex::LabelPairs() const {
  std::size_t pairs = 0;
  for (const auto& [name, values] : names_) pairs += values.size();
  return pairs;
}

// --- The table of refs by labels.

/// Where the series of these labels stands, or the empty place where it would.
std::size_t SeriesIndex::PlaceOf(const Labels& labels) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t place = labels.hash() & mask;
  while (table_[place] != kEmptyPlace && !(series_[table_[place]].labels == labels)) {
    place = (place + 1) & mask;
  }
  return place;
}

std::optional<SeriesRef> SeriesIndex::Find(const Labels& labels) const {
  if (table_.empty()) return std::nullopt;
  const SeriesRef ref = table_[PlaceOf(labels)];
  return ref == kEmptyPlace ? std::nullopt : std::optional(ref);
}

void SeriesIndex::GrowTable() {
  const std::vector<SeriesRef> old = std::move(table_);
  table_.assign(std::max(kFirstTable, old.size() * 2), kEmptyPlace);
  for (const SeriesRef ref : old) {
    if (ref != kEmptyPlace) table_[PlaceOf(series_[ref].labels)] = ref;
  }
}

/// Moves what follows back over the hole, so that every probe still finds its series.
void SeriesIndex::EraseFromTable(SeriesRef ref) {
  const std::size_t mask = table_.size() - 1;
  std::size_t hole = PlaceOf(series_[ref].labels);
  for (std::size_t i = (hole + 1) & mask; table_[i] != kEmptyPlace; i = (i + 1) & mask) {
    const std::size_t home = series_[table_[i]].labels.hash() & mask;
    const bool reachable_from_hole = ((i - home) & mask) >= ((i - hole) & mask);
    if (!reachable_from_hole) continue;
    table_[hole] = table_[i];
    hole = i;
  }
  table_[hole] = kEmptyPlace;
}

// --- Series come and go.

SeriesRef SeriesIndex::Add(const Labels& labels) {
  assert(!labels.empty() && !Find(labels));
  if ((count_ + 1) * 4 > table_.size() * 3) GrowTable();
  SeriesRef ref;
  if (free_.empty()) {
    ref = RefEnd();
    series_.emplace_back();
  } else {
    ref = free_.back();
    free_.pop_back();
  }
  series_[ref] = Series{.labels = labels.Interned()};
  table_[PlaceOf(labels)] = ref;
  ++count_;

  std::size_t bytes = SeriesBytes(labels.size());
  for (const LabelView label : series_[ref].labels) {
    auto name = names_.find(label.name);
    if (name == names_.end()) {
      name = names_.emplace(std::string(label.name), Values{}).first;
      bytes += NameBytes(label.name);
    }
    auto value = name->second.find(label.value);
    if (value == name->second.end()) {
      value = name->second.emplace(label.value, Postings{}).first;
      bytes += PairBytes(label);
    }
    Postings& postings = value->second;
    postings.insert(std::upper_bound(postings.begin(), postings.end(), ref), ref);
  }
  AddBytes(bytes);
  return ref;
}

void SeriesIndex::Remove(SeriesRef ref) {
  const Labels labels = series_[ref].labels;
  assert(!labels.empty());
  EraseFromTable(ref);
  --count_;
  std::size_t bytes = SeriesBytes(labels.size());
  for (const LabelView label : labels) {
    const auto name = names_.find(label.name);
    const auto value = name->second.find(label.value);
    Postings& postings = value->second;
    postings.erase(std::lower_bound(postings.begin(), postings.end(), ref));
    if (!postings.empty()) continue;
    bytes += PairBytes(label);
    name->second.erase(value);
    if (!name->second.empty()) continue;
    bytes += NameBytes(label.name);
    names_.erase(name);
  }
  series_[ref] = Series{};
  free_.push_back(ref);
  SubBytes(bytes);
}

// --- Selection.

SeriesIndex::Postings SeriesIndex::All() const {
  Postings all;
  all.reserve(count_);
  for (SeriesRef ref = 0; ref < RefEnd(); ++ref) {
    if (!series_[ref].labels.empty()) all.push_back(ref);
  }
  return all;
}

SeriesIndex::Bitmap SeriesIndex::Marked(std::span<const SeriesRef> refs) const {
  Bitmap marked(series_.size());
  for (const SeriesRef ref : refs) marked[ref] = true;
  return marked;
}

const SeriesIndex::Values* SeriesIndex::FindName(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &found->second;
}

const SeriesIndex::Postings* SeriesIndex::FindEqual(const Matcher& matcher) const {
  const Values* const values = FindName(matcher.name());
  if (!values) return nullptr;
  const auto found = values->find(std::string_view(matcher.value()));
  return found == values->end() ? nullptr : &found->second;
}

void SeriesIndex::KeepByValues(const Values& values, const Matcher& matcher,
                               Postings& candidates) const {
  const bool empty_matches = matcher.MatchesEmpty();
  Bitmap differs(series_.size());  // from series without the label
  for (const auto& [value, postings] : values) {
    if (matcher.Matches(value) == empty_matches) continue;
    for (const SeriesRef ref : postings) differs[ref] = true;
  }
  std::erase_if(candidates, [&](SeriesRef ref) { return differs[ref] == empty_matches; });
}

void SeriesIndex::Keep(const Matcher& matcher, Postings& candidates) const {
  const Values* const values = FindName(matcher.name());
  if (!values) {
    if (!matcher.MatchesEmpty()) candidates.clear();
    return;
  }
  if (candidates.size() <= values->size()) {
    std::erase_if(candidates, [&](SeriesRef ref) { return !matcher.Matches(series_[ref].labels); });
    return;
  }
  KeepByValues(*values, matcher, candidates);
}

std::vector<SeriesRef> SeriesIndex::Select(std::span<const Matcher> matchers) const {
  const auto is_equality = [](const Matcher& matcher) {
    return matcher.op() == MatchOp::kEqual && !matcher.value().empty();
  };
  std::vector<const Postings*> equalities;
  for (const Matcher& matcher : matchers) {
    if (!is_equality(matcher)) continue;
    equalities.push_back(FindEqual(matcher));
    if (!equalities.back()) return {};
  }
  Postings candidates;
  if (equalities.empty()) {
    candidates = All();
  } else {
    std::sort(equalities.begin(), equalities.end(),
              [](const Postings* a, const Postings* b) { return a->size() < b->size(); });
    candidates = *equalities[0];
    for (std::size_t i = 1; i < equalities.size(); ++i) KeepCommon(*equalities[i], candidates);
  }
  for (const Matcher& matcher : matchers) {
    if (candidates.empty()) break;
    if (!is_equality(matcher)) Keep(matcher, candidates);
  }
  return candidates;
}

std::vector<std::string> SeriesIndex::LabelNames(std::span<const SeriesRef> of) const {
  const Bitmap marked = Marked(of);
  std::vector<std::string> found;
  for (const auto& [name, values] : names_) {
    const bool used = std::any_of(values.begin(), values.end(), [&](const auto& value) {
      return std::any_of(value.second.begin(), value.second.end(),
                         [&](SeriesRef ref) { return marked[ref]; });
    });
    if (used) found.push_back(name);
  }
  return found;
}

std::vector<std::string> SeriesIndex::LabelValues(std::string_view name,
                                                  std::span<const SeriesRef> of) const {
  std::vector<std::string> found;
  const Values* const values = FindName(name);
  if (!values) return found;
  const Bitmap marked = Marked(of);
  for (const auto& [value, postings] : *values) {
    if (std::any_of(postings.begin(), postings.end(), [&](SeriesRef ref) { return marked[ref]; })) {
      found.emplace_back(value);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

Cardinality SeriesIndex::Top(std::size_t limit) const {
  Cardinality top;
  for (const auto& [name, values] : names_) {
    top.values_by_label_name.emplace_back(name, values.size());
    std::uint64_t bytes = 0;
    for (const auto& [value, postings] : values) {
      bytes += value.size() * postings.size();
      top.series_by_label_value_pair.emplace_back((name + "=").append(value), postings.size());
      if (name == kMetricName) top.series_by_metric_name.emplace_back(value, postings.size());
    }
    top.bytes_by_label_name.emplace_back(name, bytes);
  }
  Shorten(top.series_by_metric_name, limit);
  Shorten(top.values_by_label_name, limit);
  Shorten(top.bytes_by_label_name, limit);
  Shorten(top.series_by_label_value_pair, limit);
  return top;
}

}  // namespace tocsin::store
