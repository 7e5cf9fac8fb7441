#pragma once
// Which series there are, and which of them satisfy a selector.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "metrics/labels.h"
#include "metrics/matcher.h"
#include "metrics/store/arena.h"
#include "metrics/store/block.h"
#include "metrics/store/store.h"

namespace tocsin::store {

/// Number of a source in this process.
using SourceId = std::uint32_t;

struct Series {
  Labels labels;              // interned, without empty values; no labels: the ref is free
  std::int64_t first_ms = 0;  // of its first sample ever, or before it
  std::int64_t last_ms = 0;   // of its last sample, while it is not active
  SourceId source = 0;        // who appends to it, or last did
  bool active = false;        // `source` goes on with it
  bool moved = false;         // other sources may hold samples of it
};

/// Not thread-safe: guarded by the store's mutex.
class SeriesIndex {
 public:
  explicit SeriesIndex(Budget& budget) : budget_(budget) {}
  ~SeriesIndex() { budget_.Sub(bytes_); }
  SeriesIndex(const SeriesIndex&) = delete;
  SeriesIndex& operator=(const SeriesIndex&) = delete;

  std::size_t size() const { return count_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t LabelPairs() const;
  std::optional<SeriesRef> Find(const Labels& labels) const;
  /// What forbids one more series, if anything does.
  std::optional<DropReason> Refusal(const Labels& labels, const StoreOptions& options) const;
  /// `labels` are not there yet, and have no empty values.
  SeriesRef Add(const Labels& labels);
  void Remove(SeriesRef ref);

  Series& operator[](SeriesRef ref) { return series_[ref]; }
  const Series& operator[](SeriesRef ref) const { return series_[ref]; }
  /// One more than the highest ref ever given.
  SeriesRef RefEnd() const { return static_cast<SeriesRef>(series_.size()); }

  /// The series that satisfy all matchers, sorted.
  std::vector<SeriesRef> Select(std::span<const Matcher> matchers) const;

  /// Sorted names, and values of one name, of the given sorted series.
  std::vector<std::string> LabelNames(std::span<const SeriesRef> of) const;
  std::vector<std::string> LabelValues(std::string_view name, std::span<const SeriesRef> of) const;

  Cardinality Top(std::size_t limit) const;

 private:
  using Postings = std::vector<SeriesRef>;  // sorted
  /// The texts are those of the series' interned labels: some series in the postings has them.
  using Values = std::unordered_map<std::string_view, Postings>;
  using Bitmap = std::vector<bool>;  // by ref

  Postings All() const;
  Bitmap Marked(std::span<const SeriesRef> refs) const;
  const Values* FindName(std::string_view name) const;
  /// Postings of the value that an equality asks for; null if there is none.
  const Postings* FindEqual(const Matcher& matcher) const;
  void Keep(const Matcher& matcher, Postings& candidates) const;
  void KeepByValues(const Values& values, const Matcher& matcher, Postings& candidates) const;

  std::size_t PlaceOf(const Labels& labels) const;
  void GrowTable();
  void EraseFromTable(SeriesRef ref);
  void AddBytes(std::size_t bytes);
  void SubBytes(std::size_t bytes);

  Budget& budget_;
  std::size_t bytes_ = 0;
  std::deque<Series> series_;
  std::vector<SeriesRef> free_;
  std::size_t count_ = 0;
  std::vector<SeriesRef> table_;  // refs by hash of their labels, open addressing, linear probing
  std::map<std::string, Values, std::less<>> names_;
};

}  // namespace tocsin::store
