#pragma once
// The series that StatsD clients make, and what has been received.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "collectors/response/statsd/distinct.h"
#include "collectors/response/statsd/line.h"
#include "collectors/response/statsd/mapping.h"
#include "collectors/response/window_quantiles.h"
#include "metrics/family.h"
#include "metrics/labels.h"

namespace tocsin::statsd {

/// What strangers may make the table hold.
struct TableLimits {
  std::size_t max_series = 2000;      // a histogram counts as one
  std::size_t max_bytes = 8 << 20;    // of all of them, by estimate
  milliseconds set_interval{10'000};  // over which members of sets are told apart
};

/// A longer line is malformed.
inline constexpr std::size_t kMaxLine = 8192;

enum class Listener : std::uint8_t { kUdp, kUnix };

/// Why an event counts for nothing; statsd_exporter's words.
enum class EventError : std::uint8_t { kNegativeCounter, kEmptyName };
inline constexpr std::size_t kEventErrors = 2;
constexpr std::string_view EventErrorText(EventError error) {
  return error == EventError::kNegativeCounter ? "illegal_negative_counter" : "empty_metric_name";
}

struct TableCounters {
  std::array<std::uint64_t, 2> packets{};  // by Listener
  std::uint64_t lines = 0;
  std::uint64_t samples = 0;
  std::array<std::uint64_t, kSampleErrors> sample_errors{};
  std::uint64_t tags = 0;  // samples with any
  std::uint64_t tag_errors = 0;
  std::array<std::uint64_t, kEventTypes> events{};
  std::array<std::uint64_t, kEventTypes> conflicts{};  // another type has the name
  std::array<std::uint64_t, kEventErrors> event_errors{};
  std::uint64_t unmapped = 0;
  std::uint64_t mapped = 0;
  std::uint64_t dropped_by_rule = 0;
  std::uint64_t dropped_by_limit = 0;
  std::uint64_t ignored_events = 0;
  std::uint64_t ignored_checks = 0;
};

/// What a series is called; constant while the series lives.
struct SeriesSpec {
  std::string family;
  std::string help;
  MetricType type;  // counter, gauge, histogram or summary
  Labels labels;
  ObserverOptions observer;  // of histograms and summaries
};

/// One thread at a time. A sample of a known series allocates nothing.
class Table final : private LineSink {
 public:
  /// `reserved` tells names that are not the clients' to use; it and `mapping` outlive the table.
  Table(const Mapping& mapping, const TableLimits& limits,
        std::function<bool(std::string_view family)> reserved);

  /// Reads the lines of a datagram.
  void TakePacket(std::string_view packet, Listener listener);
  /// The same of lines that came in no packet.
  void TakeText(std::string_view lines);

  /// Time goes on: series past their time to live go, sets begin anew, quantiles forget.
  void MoveTo(MonoTime now);

  const TableCounters& counters() const { return counters_; }
  /// Series numbers run from 0 to here; some are vacant.
  std::size_t end() const { return series_.size(); }
  std::size_t size() const { return size_; }
  /// Appends the values of series `i` to `out` and returns what it is; null if it is vacant. The
  /// spec lives until the next MoveTo. Counters and gauges: the value. Histograms: a count a bound,
  /// cumulative, the sum, the count. Summaries: a value a quantile, the sum, the count.
  const SeriesSpec* Read(std::size_t i, std::vector<double>& out) const;

 private:
  struct Series {
    std::unique_ptr<const SeriesSpec> spec;   // null: vacant
    std::string key;                          // in by_identity_
    std::vector<double> values;               // as Read gives them, buckets not cumulative
    std::unique_ptr<WindowCounts> window;     // of a summary
    std::unique_ptr<DistinctCount> distinct;  // of a set
    MonoTime last;
    milliseconds ttl;
    std::size_t bytes;
    std::uint32_t generation = 0;
  };

  enum class Outcome : std::uint8_t { kSeries, kDrop, kConflict, kEmptyName, kMalformed, kFull };
  /// What becomes of samples with the same name, kind and tags.
  struct Target {
    Outcome outcome;
    bool mapped = false;
    bool tagged = false;
    std::uint32_t tag_errors = 0;
    std::uint32_t series = 0;
    std::uint32_t generation = 0;
    double scale = 1;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <class T>
  using TextMap = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  void Take(const Sample& sample) override;
  void TakeError(SampleError error) override;

  Target Resolve(const Sample& sample);
  Target Place(Identity identity, const Sample& sample);
  void Update(Series& series, const Sample& sample, double scale);
  void Remove(std::size_t i);

  const Mapping& mapping_;
  const TableLimits limits_;
  const std::function<bool(std::string_view)> reserved_;
  MonoTime now_{};
  MonoTime sets_began_{};
  TableCounters counters_;

  std::vector<Series> series_;
  std::vector<std::uint32_t> vacant_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
  TextMap<std::uint32_t> by_identity_;
  struct FamilyUse {
    MetricType type;
    std::string help;
    std::size_t series;
  };
  TextMap<FamilyUse> families_;
  TextMap<Target> targets_;  // by a sample's name, kind and tags as they were sent
  std::string key_;
};

}  // namespace tocsin::statsd
