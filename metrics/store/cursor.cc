#include "metrics/store/cursor.h"

#include <algorithm>
#include <bit>

namespace tocsin::store {

Cursor::Cursor(TimeRange range, Want want, std::vector<Selected> series,
               std::vector<CapturedSource> sources, Counters& counters)
    : range_(range), want_(want), series_(std::move(series)), counters_(counters) {
  sources_.reserve(sources.size());
  for (CapturedSource& source : sources) sources_.emplace_back().source = std::move(source);
}

bool Cursor::Next(SeriesView& out) {
  while (next_ < series_.size()) {
    const Selected& selected = series_[next_++];
    samples_.clear();
    const auto read = [&](Reading& reading) {
      if (want_ == Want::kAll) {
        ReadAll(reading, selected.ref);
      } else {
        ReadLast(reading, selected.ref);
      }
    };
    if (selected.source != kEverySource) {
      read(sources_[selected.source]);
    } else {
      for (Reading& reading : sources_) read(reading);
      std::sort(samples_.begin(), samples_.end(),
                [](const Sample& a, const Sample& b) { return a.t_ms < b.t_ms; });
      const auto same_time = [](const Sample& a, const Sample& b) { return a.t_ms == b.t_ms; };
      samples_.erase(std::unique(samples_.begin(), samples_.end(), same_time), samples_.end());
      if (want_ == Want::kLast && samples_.size() > 1) samples_ = {samples_.back()};
    }
    if (samples_.empty()) continue;
    out = {&selected.labels, samples_};
    return true;
  }
  return false;
}

void Cursor::DecodeTimes(Reading& reading) {
  if (!reading.starts.empty()) return;
  const auto& blocks = reading.source.data.blocks;
  reading.starts.reserve(blocks.size() + 1);
  std::size_t total = 0;
  for (const Ref<const Block>& block : blocks) {
    reading.starts.push_back(total);
    total += block->rows();
  }
  reading.starts.push_back(total);
  reading.times.resize(total);
  reading.usable.resize(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::span<std::int64_t> times(reading.times.data() + reading.starts[i],
                                        blocks[i]->rows());
    // A block whose times are not those it was filed under came from a damaged file.
    reading.usable[i] = blocks[i]->reader().Times(times) && times.front() == blocks[i]->min_ms() &&
                        times.back() == blocks[i]->max_ms();
    if (!reading.usable[i]) Counters::Add(counters_.corruptions, 1);
  }
}

bool Cursor::DecodeBlock(Reading& reading, std::size_t i, SeriesRef ref, std::size_t from,
                         ColumnKind& kind) {
  if (!reading.usable[i]) return false;
  const Block& block = *reading.source.data.blocks[i];
  const std::optional<std::uint32_t> column = block.set().Find(ref, reading.near);
  if (!column) return false;
  kind = DecodeColumn(block.reader().Column(*column), {rows_.data(), block.rows()}, from);
  if (kind != ColumnKind::kCorrupt) return true;
  Counters::Add(counters_.corruptions, 1);
  return false;
}

void Cursor::ReadAll(Reading& reading, SeriesRef ref) {
  DecodeTimes(reading);
  const SourceCapture& data = reading.source.data;
  for (std::size_t i = 0; i < data.blocks.size(); ++i) {
    const std::span<const std::int64_t> times = TimesOf(reading, i);
    const auto from = std::lower_bound(times.begin(), times.end(), range_.min_ms) - times.begin();
    if (static_cast<std::size_t>(from) == times.size()) continue;
    ColumnKind kind;
    if (!DecodeBlock(reading, i, ref, static_cast<std::size_t>(from), kind)) continue;
    AppendRows(times, rows_.data(), kind == ColumnKind::kFull);
  }
  if (!data.open) return;
  const std::span<const std::int64_t> times(data.open_times);
  const auto from = std::lower_bound(times.begin(), times.end(), range_.min_ms) - times.begin();
  const auto to = std::upper_bound(times.begin(), times.end(), range_.max_ms) - times.begin();
  if (from < to && reading.source.state->CopyOpen(*data.open, ref, static_cast<std::size_t>(from),
                                                  static_cast<std::size_t>(to), rows_.data())) {
    AppendRows(times.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)),
               rows_.data(), false);
  }
}

void Cursor::AppendRows(std::span<const std::int64_t> times, const std::uint64_t* rows, bool full) {
  std::size_t from = 0;
  std::size_t to = times.size();
  if (times.front() < range_.min_ms) {
    from = static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), range_.min_ms) -
                                    times.begin());
  }
  if (times.back() > range_.max_ms) {
    to = static_cast<std::size_t>(std::upper_bound(times.begin(), times.end(), range_.max_ms) -
                                  times.begin());
  }
  const std::size_t before = samples_.size();
  if (to > from) samples_.resize(before + (to - from));
  Sample* out = samples_.data() + before;
  for (std::size_t i = from; i < to; ++i) {
    if (!full && rows[i] == kAbsentBits) continue;
    *out++ = {times[i], std::bit_cast<double>(rows[i])};
  }
  samples_.resize(static_cast<std::size_t>(out - samples_.data()));
}

bool Cursor::AppendLastRow(std::span<const std::int64_t> times, const std::uint64_t* rows) {
  auto end = std::upper_bound(times.begin(), times.end(), range_.max_ms) - times.begin();
  while (end > 0) {
    const auto i = static_cast<std::size_t>(--end);
    if (times[i] < range_.min_ms) return false;
    if (rows[i] == kAbsentBits) continue;
    samples_.push_back({times[i], std::bit_cast<double>(rows[i])});
    return true;
  }
  return false;
}

void Cursor::ReadLast(Reading& reading, SeriesRef ref) {
  const SourceCapture& data = reading.source.data;
  if (data.open) {
    // Mostly it is the last row that counts, and no other needs to be copied.
    const std::span<const std::int64_t> times(data.open_times);
    const auto end = static_cast<std::size_t>(
        std::upper_bound(times.begin(), times.end(), range_.max_ms) - times.begin());
    const SourceState& state = *reading.source.state;
    if (end > 0 && state.CopyOpen(*data.open, ref, end - 1, end, rows_.data()) &&
        AppendLastRow(times.subspan(end - 1, 1), rows_.data())) {
      return;
    }
    if (end > 1 && state.CopyOpen(*data.open, ref, 0, end - 1, rows_.data()) &&
        AppendLastRow(times.first(end - 1), rows_.data())) {
      return;
    }
  }
  DecodeTimes(reading);
  for (std::size_t i = data.blocks.size(); i > 0; --i) {
    const std::span<const std::int64_t> times = TimesOf(reading, i - 1);
    const auto end = std::upper_bound(times.begin(), times.end(), range_.max_ms) - times.begin();
    if (end == 0) continue;
    ColumnKind kind;
    if (!DecodeBlock(reading, i - 1, ref, static_cast<std::size_t>(end) - 1, kind)) continue;
    if (AppendLastRow(times, rows_.data())) return;
  }
}

}  // namespace tocsin::store
