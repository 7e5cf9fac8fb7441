#include "metrics/store/store_impl.h"

#include <algorithm>

namespace tocsin::store {
namespace {

/// Room that is made when a buffer is refused: a slab of them.
constexpr std::size_t kRoomBytes = 64 * 1024;
/// Sources without series, such as an alert that fired once, close their block after this time.
constexpr std::int64_t kIdleMs = 5 * 60 * 1000;

}  // namespace

StoreImpl::Entry& StoreImpl::EntryFor(std::string_view name) {
  auto id = source_ids_.find(name);
  if (id == source_ids_.end()) {
    auto free = std::find_if(sources_.begin(), sources_.end(),
                             [](const Entry& entry) { return !entry.state; });
    if (free == sources_.end()) free = sources_.emplace(free);
    const auto new_id = static_cast<SourceId>(free - sources_.begin());
    free->state = std::make_shared<SourceState>(new_id, std::string(name), shared_);
    id = source_ids_.emplace(std::string(name), new_id).first;
  }
  return sources_[id->second];
}

std::shared_ptr<SourceState> StoreImpl::OpenSource(std::string_view name, SourceLimits limits) {
  const MutexLock lock(mutex_);
  Entry& entry = EntryFor(name);
  ++entry.handles;
  entry.state->SetLimits(std::move(limits));
  return entry.state;
}

void StoreImpl::CloseSource(const std::shared_ptr<SourceState>& state) {
  const MutexLock lock(mutex_);
  if (--sources_[state->id()].handles == 0) state->Abandon(index_);
}

void StoreImpl::Append(SourceState& source, const Round& round) {
  using Outcome = SourceState::Outcome;
  while (true) {
    Outcome outcome = source.Append(round);
    if (outcome == Outcome::kNeedsMapping) {
      const MutexLock lock(mutex_);
      outcome = source.AppendMapped(round, index_);
    }
    if (outcome == Outcome::kDone) break;
    if (MakeRoom(kRoomBytes) || source.CloseEarly()) continue;
    source.DropRound(round, DropReason::kByteBudget);
    break;
  }
  if (shared_.budget.Exceeded()) MakeRoom(0);
}

void StoreImpl::MarkStale(SourceState& source, std::int64_t t_ms) {
  const MutexLock lock(mutex_);
  source.MarkStale(t_ms, index_);
}

/// Evicts the oldest blocks until so many bytes fit. False if they do not with none left.
bool StoreImpl::MakeRoom(std::size_t bytes) {
  const MutexLock lock(mutex_);
  while (!shared_.budget.Fits(bytes)) {
    SourceState* oldest = nullptr;
    std::int64_t oldest_ms = INT64_MAX;
    for (const Entry& entry : sources_) {
      if (!entry.state) continue;
      if (const std::int64_t end = entry.state->OldestBlockEnd(); end < oldest_ms) {
        oldest = entry.state.get();
        oldest_ms = end;
      }
    }
    if (!oldest) return false;
    oldest->EvictOldest();
  }
  return true;
}

std::vector<SeriesRef> StoreImpl::SelectIn(TimeRange range,
                                           std::span<const Matcher> matchers) const {
  std::vector<SeriesRef> refs = index_.Select(matchers);
  std::erase_if(refs, [&](SeriesRef ref) REQUIRES(mutex_) {
    const Series& series = index_[ref];
    return series.first_ms > range.max_ms || (!series.active && series.last_ms < range.min_ms);
  });
  return refs;
}

std::unique_ptr<Cursor> StoreImpl::Select(TimeRange range, std::span<const Matcher> matchers,
                                          Want want) const {
  std::vector<Cursor::Selected> selected;
  std::vector<Cursor::CapturedSource> captured;
  const MutexLock lock(mutex_);
  const std::vector<SeriesRef> refs = SelectIn(range, matchers);
  selected.reserve(refs.size());
  std::vector<std::uint32_t> capture_of(sources_.size(), Cursor::kEverySource);
  const auto capture = [&](SourceId id) REQUIRES(mutex_) {
    if (capture_of[id] == Cursor::kEverySource) {
      capture_of[id] = static_cast<std::uint32_t>(captured.size());
      captured.push_back({sources_[id].state, sources_[id].state->Capture(range)});
    }
    return capture_of[id];
  };
  bool any_moved = false;
  for (const SeriesRef ref : refs) {
    const Series& series = index_[ref];
    any_moved |= series.moved;
    selected.push_back(
        {series.labels, ref, series.moved ? Cursor::kEverySource : capture(series.source)});
  }
  if (any_moved) {
    for (const Entry& entry : sources_) {
      if (entry.state) capture(entry.state->id());
    }
  }
  return std::make_unique<Cursor>(range, want, std::move(selected), std::move(captured),
                                  shared_.counters);
}

std::vector<std::string> StoreImpl::LabelNames(TimeRange range,
                                               std::span<const Matcher> matchers) const {
  const MutexLock lock(mutex_);
  return index_.LabelNames(SelectIn(range, matchers));
}

std::vector<std::string> StoreImpl::LabelValues(std::string_view name, TimeRange range,
                                                std::span<const Matcher> matchers) const {
  const MutexLock lock(mutex_);
  return index_.LabelValues(name, SelectIn(range, matchers));
}

std::vector<Labels> StoreImpl::SeriesLabels(TimeRange range,
                                            std::span<const Matcher> matchers) const {
  std::vector<Labels> found;
  {
    const MutexLock lock(mutex_);
    const std::vector<SeriesRef> refs = SelectIn(range, matchers);
    found.reserve(refs.size());
    for (const SeriesRef ref : refs) found.push_back(index_[ref].labels);
  }
  std::sort(found.begin(), found.end());
  return found;
}

void StoreImpl::Tidy(WallTime now) {
  const std::int64_t oldest_kept = ToMillis(now) - shared_.options.retention.count();
  const std::int64_t idle = ToMillis(now) - kIdleMs;
  MakeRoom(0);
  const MutexLock lock(mutex_);
  for (const Entry& entry : sources_) {
    if (entry.state) entry.state->Expire(oldest_kept, idle);
  }
  RemoveDeadSeries();
  RemoveDeadSources();
}

void StoreImpl::RemoveDeadSeries() {
  std::vector<std::int64_t> oldest_of(sources_.size(), INT64_MAX);
  std::int64_t oldest = INT64_MAX;
  for (std::size_t id = 0; id < sources_.size(); ++id) {
    if (!sources_[id].state) continue;
    oldest_of[id] = sources_[id].state->OldestSample();
    oldest = std::min(oldest, oldest_of[id]);
  }
  for (SeriesRef ref = 0; ref < index_.RefEnd(); ++ref) {
    const Series& series = index_[ref];
    if (series.labels.empty() || series.active) continue;
    if (series.last_ms >= (series.moved ? oldest : oldest_of[series.source])) continue;
    index_.Remove(ref);
    Counters::Add(shared_.counters.series_removed, 1);
  }
}

void StoreImpl::RemoveDeadSources() {
  std::vector<bool> used(sources_.size());
  for (SeriesRef ref = 0; ref < index_.RefEnd(); ++ref) {
    if (!index_[ref].labels.empty()) used[index_[ref].source] = true;
  }
  for (Entry& entry : sources_) {
    if (!entry.state || entry.handles > 0 || used[entry.state->id()] ||
        entry.state->OldestSample() != INT64_MAX) {
      continue;
    }
    source_ids_.erase(entry.state->name());
    entry.state = nullptr;
  }
}

std::vector<std::shared_ptr<SourceState>> StoreImpl::Sources() const {
  std::vector<std::shared_ptr<SourceState>> sources;
  const MutexLock lock(mutex_);
  for (const Entry& entry : sources_) {
    if (entry.state) sources.push_back(entry.state);
  }
  return sources;
}

std::vector<Labels> StoreImpl::LabelsOf(std::span<const SeriesRef> refs) const {
  std::vector<Labels> labels;
  labels.reserve(refs.size());
  const MutexLock lock(mutex_);
  for (const SeriesRef ref : refs) labels.push_back(index_[ref].labels);
  return labels;
}

std::shared_ptr<SourceState> StoreImpl::LoadSource(std::string_view name) {
  const MutexLock lock(mutex_);
  return EntryFor(name).state;
}

std::optional<SeriesRef> StoreImpl::LoadSeries(const Labels& labels, const Block::Shape& shape,
                                               SourceId source) {
  const MutexLock lock(mutex_);
  std::optional<SeriesRef> ref = index_.Find(labels);
  if (!ref) {
    if (index_.Refusal(labels, shared_.options)) return std::nullopt;
    ref = index_.Add(labels);
    index_[*ref].first_ms = shape.min_ms;
    index_[*ref].last_ms = shape.max_ms;
    index_[*ref].source = source;
  }
  Series& series = index_[*ref];
  series.moved |= series.source != source;
  series.source = source;
  series.first_ms = std::min(series.first_ms, shape.min_ms);
  series.last_ms = std::max(series.last_ms, shape.max_ms);
  return ref;
}

void StoreImpl::LoadBlock(SourceState& source, const Block::Shape& shape, Ref<const ColumnSet> set,
                          std::span<const std::uint8_t> bytes, std::uint64_t segment) {
  Ref<Block> block = Block::Make(shared_.arena, shape, std::move(set), bytes);
  block->segment = segment;
  source.AddLoaded(std::move(block));
  if (shared_.budget.Exceeded()) MakeRoom(0);
}

StoreStats StoreImpl::Stats() const {
  const auto get = [](const Counters::Count& count) {
    return count.load(std::memory_order_relaxed);
  };
  StoreStats stats;
  stats.bytes = shared_.budget.used();
  stats.appended = get(shared_.counters.appended);
  stats.rounds = get(shared_.counters.rounds);
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    stats.dropped[i] = get(shared_.counters.dropped[i]);
  }
  stats.blocks_expired = get(shared_.counters.blocks_expired);
  stats.blocks_evicted = get(shared_.counters.blocks_evicted);
  stats.series_created = get(shared_.counters.series_created);
  stats.series_removed = get(shared_.counters.series_removed);
  stats.corruptions = get(shared_.counters.corruptions);

  const MutexLock lock(mutex_);
  stats.series = index_.size();
  stats.label_pairs = index_.LabelPairs();
  stats.series_bytes = index_.bytes();
  std::int64_t min_ms = INT64_MAX;
  std::int64_t max_ms = INT64_MIN;
  for (const Entry& entry : sources_) {
    if (!entry.state) continue;
    const SourceState::Extent extent = entry.state->GetExtent();
    ++stats.sources;
    stats.active_series += extent.series;
    stats.blocks += extent.blocks;
    stats.chunks += extent.columns + extent.series;
    stats.block_bytes += extent.block_bytes;
    min_ms = std::min(min_ms, extent.min_ms);
    max_ms = std::max(max_ms, extent.max_ms);
  }
  if (min_ms <= max_ms) {
    stats.min_ms = min_ms;
    stats.max_ms = max_ms;
  }
  const std::size_t known = stats.block_bytes + stats.series_bytes;
  stats.open_bytes = stats.bytes > known ? stats.bytes - known : 0;
  return stats;
}

Cardinality StoreImpl::TopCardinality(std::size_t limit) const {
  const MutexLock lock(mutex_);
  return index_.Top(limit);
}

}  // namespace tocsin::store
