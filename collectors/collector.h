#pragma once
// The contract between a collector and whoever runs it.

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"
#include "metrics/writer.h"

namespace tocsin {

class HostFs;
class OnDemand;

namespace net {
class Network;
}

/// What a round may know besides the host: never read a clock in a collector.
struct RoundContext {
  WallTime now;          // when the round began
  MonoTime deadline;     // by when it should have ended
  std::stop_token stop;  // requested when the agent stops or gives the round up
};

/// One source of metrics, created once per configuration.
/// Threading: the scheduler calls Collect() on one thread at a time, not always the same one;
/// different collectors run concurrently and share nothing that changes.
class Collector {
 public:
  virtual ~Collector() = default;

  /// Adds this round's values to `out`, in Prometheus base units (seconds, bytes, ratios 0..1).
  /// May block (a dead mount, a FIFO): that costs only this collector's data.
  /// Errors: kUnsupported if this kernel or host lacks the source (not a failure); kIo or
  /// kMalformed if it exists but is unreadable. On any error the caller discards everything added
  /// to `out` in this round.
  virtual Status Collect(const RoundContext& round, FamilySink& out) = 0;

  /// What answers requests for single targets (/probe, /scrape), or null. Lives as long as this.
  virtual OnDemand* on_demand() { return nullptr; }
};

/// What a collector is made from. All of it outlives the collector.
struct CollectorDeps {
  const HostFs& fs;
  /// The collector's own settings: the map under `collectors: NAME:` of the configuration, without
  /// the keys that all collectors have (enabled, interval, timeout), with command-line flags of
  /// this collector written over it. `file` names it in errors. kNull when nothing was set.
  const YamlFile& file;
  const YamlNode& settings;
  /// What networked collectors share (collectors/net/target_pool.h says how one is written).
  net::Network& network;
  /// A folder for what is to outlive the process, this one's alone: a collector writes files that
  /// begin with its name there, and only in its rounds. Empty: nothing is to be kept.
  std::string_view state_folder{};
};

/// A setting of a collector that is also a flag: `--collector.NAME.FLAG=value`, as node_exporter
/// spells it. `key` is its name in the configuration.
struct CollectorFlag {
  std::string_view flag;  // "filesystem.mount-points-exclude", after "--collector."
  std::string_view key;   // "mount_points_exclude"
  std::string_view help;
  std::string_view fallback;  // the default, as documentation shows it
};

struct CatalogEntry {
  std::string_view name;  // "loadavg"; also the value of the `collector` label
  std::string_view room;  // "system", "process" …: the folder
  bool on_by_default;
  seconds interval;                      // default interval
  std::string_view help;                 // one sentence: what it reads and from where
  std::span<const FamilySpec> families;  // all it can export, for documentation and checks;
                                         // empty if only the host decides (textfile)
  std::span<const CollectorFlag> flags;
  /// Errors: kInvalid with position, for bad settings.
  Result<std::unique_ptr<Collector>> (*make)(const CollectorDeps& deps);
  /// Files that the settings name and that are settings themselves: a reload makes the collector
  /// anew when one of them has changed. Null: none.
  std::vector<std::string> (*settings_files)(const YamlFile& file, const YamlNode& own) = nullptr;
};

}  // namespace tocsin
