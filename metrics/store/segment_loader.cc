#include "metrics/store/segment_loader.h"

#include <algorithm>
#include <array>

namespace tocsin::store {
namespace {

/// The end of the year 9999; times before 1970 or after are damage.
constexpr std::int64_t kMaxTimeMs = 253'402'300'799'999;

bool TimesAreAsFiled(const BlockReader& reader, const Block::Shape& shape) {
  if (shape.min_ms < 0 || shape.max_ms > kMaxTimeMs) return false;
  std::array<std::int64_t, kMaxRows> buffer;
  const std::span<std::int64_t> times(buffer.data(), shape.rows);
  return reader.Times(times) && times.front() == shape.min_ms && times.back() == shape.max_ms;
}

}  // namespace

void SegmentLoader::OnSeries(SegmentId id, Labels labels) {
  series_.insert_or_assign(id, std::move(labels));
}

void SegmentLoader::OnColumns(SegmentId set, std::string_view source,
                              std::vector<SegmentId> series) {
  sets_.insert_or_assign(set, Set{std::string(source), std::move(series), nullptr, {}});
}

void SegmentLoader::OnBlock(SegmentId id, const Block::Shape& filed,
                            std::span<const std::uint8_t> bytes) {
  if (filed.max_ms < oldest_ms_) return;
  const auto found = sets_.find(id);
  if (found == sets_.end()) {
    ++lost_blocks_;
    return;
  }
  Set& set = found->second;
  Block::Shape shape = filed;
  shape.columns = static_cast<std::uint32_t>(set.series.size());
  if (!TimesAreAsFiled(BlockReader(bytes, shape.rows, shape.columns), shape)) {
    ++lost_blocks_;
    return;
  }
  Resolve(set, shape);
  if (set.columns->refs().empty()) {
    ++lost_blocks_;
    return;
  }
  store_.LoadBlock(*set.state, shape, set.columns, bytes, segment_);
  ++blocks_;
}

/// Finds or makes the series of the set's columns; those whose record is lost, or for which there
/// is no room, have no series.
void SegmentLoader::Resolve(Set& set, const Block::Shape& shape) {
  if (!set.state) set.state = store_.LoadSource(set.source);
  struct Column {
    SeriesRef ref;
    std::uint32_t column;
  };
  std::vector<Column> columns;
  columns.reserve(set.series.size());
  for (std::size_t i = 0; i < set.series.size(); ++i) {
    const auto labels = series_.find(set.series[i]);
    if (labels == series_.end()) continue;
    if (const auto ref = store_.LoadSeries(labels->second, shape, set.state->id())) {
      columns.push_back({*ref, static_cast<std::uint32_t>(i)});
    }
  }
  if (set.columns) return;  // they were made for an earlier block
  std::stable_sort(columns.begin(), columns.end(),
                   [](const Column& a, const Column& b) { return a.ref < b.ref; });
  columns.erase(std::unique(columns.begin(), columns.end(),
                            [](const Column& a, const Column& b) { return a.ref == b.ref; }),
                columns.end());
  std::vector<SeriesRef> refs;
  std::vector<std::uint32_t> places;
  refs.reserve(columns.size());
  bool in_order = true;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    refs.push_back(columns[i].ref);
    in_order &= columns[i].column == i;
  }
  if (!in_order) {
    places.reserve(columns.size());
    for (const Column& column : columns) places.push_back(column.column);
  }
  set.columns = MakeRef<ColumnSet>(std::move(refs), std::move(places), store_.budget());
}

}  // namespace tocsin::store
