#pragma once
// Decodes the series of one selection, one after the other.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "metrics/labels.h"
#include "metrics/sample.h"
#include "metrics/store/shared.h"
#include "metrics/store/source_state.h"
#include "metrics/store/store.h"

namespace tocsin::store {

class Cursor {
 public:
  struct Selected {
    Labels labels;
    SeriesRef ref;
    std::uint32_t source;  // index of the capture that holds its samples, or kEverySource
  };
  static constexpr std::uint32_t kEverySource = ~std::uint32_t{0};

  struct CapturedSource {
    std::shared_ptr<const SourceState> state;
    SourceCapture data;
  };

  Cursor(TimeRange range, Want want, std::vector<Selected> series,
         std::vector<CapturedSource> sources, Counters& counters);

  bool Next(SeriesView& out);
  std::size_t SeriesCount() const { return series_.size(); }

 private:
  /// A captured source, and what reading it taught.
  struct Reading {
    CapturedSource source;
    std::vector<std::int64_t> times;  // of all blocks, decoded at first use
    std::vector<std::size_t> starts;  // where the times of each block begin; one more at the end
    std::vector<bool> usable;         // blocks whose times could be read
    std::size_t near = 0;             // where the last series stood in a block's set
  };

  void DecodeTimes(Reading& reading);
  void ReadAll(Reading& reading, SeriesRef ref);
  void ReadLast(Reading& reading, SeriesRef ref);
  /// The times of block `i`.
  std::span<const std::int64_t> TimesOf(const Reading& reading, std::size_t i) const {
    return {reading.times.data() + reading.starts[i], reading.source.data.blocks[i]->rows()};
  }
  /// Decodes the rows of a series in block `i` into rows_, those before `from` only if it has gaps.
  /// False if there are none.
  bool DecodeBlock(Reading& reading, std::size_t i, SeriesRef ref, std::size_t from,
                   ColumnKind& kind);
  void AppendRows(std::span<const std::int64_t> times, const std::uint64_t* rows, bool full);
  bool AppendLastRow(std::span<const std::int64_t> times, const std::uint64_t* rows);

  const TimeRange range_;
  const Want want_;
  const std::vector<Selected> series_;
  std::vector<Reading> sources_;
  Counters& counters_;
  std::size_t next_ = 0;
  std::vector<Sample> samples_;  // of the current series
  std::array<std::uint64_t, kMaxRows> rows_;
};

}  // namespace tocsin::store
