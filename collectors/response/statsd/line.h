#pragma once
// Lines of StatsD and its dialects, as statsd_exporter reads them:
//
//   name:1|c   name:-2|g   name:320|ms|@0.1   name:1|c:2|c   name:user7|s
//   name:1|c|#tag:value,other:value    DogStatsD   name:1:2:3|h|#tag:value    packed (1.1)
//   name#tag=value:1|c   name,tag=value:1|c   name[tag=value]:1|c   Librato, InfluxDB, SignalFX
//   _e{…}:…   _sc|…                    events and service checks, which are no metrics

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::statsd {

enum class Kind : std::uint8_t { kCounter, kGauge, kTimer, kHistogram, kSet };

struct Sample {
  std::string_view name;       // with the tags that are part of it
  std::string_view tags;       // DogStatsD's, after '#'
  std::string_view container;  // DogStatsD 1.2: the id of the sender's container
  Kind kind;
  bool relative;            // a gauge's change, not its value
  double value;             // finite; of timers in seconds; nothing for sets
  double weight;            // how many observations a timer or histogram stands for
  std::string_view member;  // of sets
};

/// Why a sample counts for nothing; statsd_exporter's words.
enum class SampleError : std::uint8_t {
  kMalformedLine,
  kNotEnoughParts,
  kMalformedComponent,
  kMalformedValue,
  kInvalidSampleFactor,
  kInvalidPackedType,
  kMixedTagging,
  kMalformedContainer,
  kMalformedTimestamp,
  kIllegalEvent,
};
inline constexpr std::size_t kSampleErrors = 10;
std::string_view SampleErrorText(SampleError error);

/// What one line was.
enum class LineKind : std::uint8_t { kSamples, kEvent, kServiceCheck };

/// Takes what a line holds, one call a sample or error, in their order.
class LineSink {
 public:
  virtual ~LineSink() = default;
  virtual void Take(const Sample& sample) = 0;
  virtual void TakeError(SampleError error) = 0;
};

/// Reads one line (no newline, not empty). Names and tags are not yet checked: see ReadTags.
LineKind ReadLine(std::string_view line, LineSink& sink);

/// The name and the tags of a sample, taken apart.
struct Identity {
  std::string name;
  std::vector<std::pair<std::string, std::string>> tags;  // names fit for labels; may repeat
  std::uint32_t tag_errors = 0;
};

/// Of a sample whose name and tags are valid UTF-8.
Identity ReadIdentity(const Sample& sample);

/// A name fit for a metric or a label: what may not stand in one is '_', '-' after '-' vanishes,
/// and a digit at the start gets '_' before it (as statsd_exporter has it).
std::string EscapeName(std::string_view name);

}  // namespace tocsin::statsd
