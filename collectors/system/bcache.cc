#include <array>
#include <string>

#include "base/parse.h"
#include "collectors/folder_metrics.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/bcache_number.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FileMetric, 10> kSetFiles{{
    {"average_key_size",
     {"node_bcache_average_key_size_sectors", MetricType::kGauge,
      "Average data per key in the btree (sectors)."}},
    {"btree_cache_size",
     {"node_bcache_btree_cache_size_bytes", MetricType::kGauge,
      "Amount of memory currently used by the btree cache."}},
    {"cache_available_percent",
     {"node_bcache_cache_available_percent", MetricType::kGauge,
      "Percentage of cache device without dirty data, usable for writeback (may contain clean "
      "cached data)."}},
    {"congested", {"node_bcache_congested", MetricType::kGauge, "Congestion."}},
    {"root_usage_percent",
     {"node_bcache_root_usage_percent", MetricType::kGauge,
      "Percentage of the root btree node in use (tree depth increases if too high)."}},
    {"tree_depth", {"node_bcache_tree_depth", MetricType::kGauge, "Depth of the btree."}},
    {"internal/active_journal_entries",
     {"node_bcache_active_journal_entries", MetricType::kGauge,
      "Number of journal entries that are newer than the index."}},
    {"internal/btree_nodes",
     {"node_bcache_btree_nodes", MetricType::kGauge, "Total nodes in the btree."}},
    // The file says microseconds in its name and holds nanoseconds.
    {"internal/btree_read_average_duration_us",
     {"node_bcache_btree_read_average_duration_seconds", MetricType::kGauge,
      "Average btree read duration."},
     1e-9},
    {"internal/cache_read_races",
     {"node_bcache_cache_read_races_total", MetricType::kCounter,
      "Counts instances where while data was being read from the cache, the bucket was reused and "
      "invalidated - i.e. where the pointer was stale after the read completed."}},
}};

constexpr std::array<FileMetric, 8> kBackingFiles{{
    {"dirty_data",
     {"node_bcache_dirty_data_bytes", MetricType::kGauge,
      "Amount of dirty data for this backing device in the cache."}},
    {"stats_total/bypassed",
     {"node_bcache_bypassed_bytes_total", MetricType::kCounter,
      "Amount of IO (both reads and writes) that has bypassed the cache."}},
    {"stats_total/cache_bypass_hits",
     {"node_bcache_cache_bypass_hits_total", MetricType::kCounter,
      "Hits for IO intended to skip the cache."}},
    {"stats_total/cache_bypass_misses",
     {"node_bcache_cache_bypass_misses_total", MetricType::kCounter,
      "Misses for IO intended to skip the cache."}},
    {"stats_total/cache_hits",
     {"node_bcache_cache_hits_total", MetricType::kCounter,
      "Hits counted per individual IO as bcache sees them."}},
    {"stats_total/cache_miss_collisions",
     {"node_bcache_cache_miss_collisions_total", MetricType::kCounter,
      "Instances where data insertion from cache miss raced with write (data already present)."}},
    {"stats_total/cache_misses",
     {"node_bcache_cache_misses_total", MetricType::kCounter,
      "Misses counted per individual IO as bcache sees them."}},
    {"stats_total/cache_readaheads",
     {"node_bcache_cache_readaheads_total", MetricType::kCounter,
      "Count of times readahead occurred."}},
}};

constexpr std::array<FileMetric, 3> kCacheFiles{{
    {"io_errors",
     {"node_bcache_io_errors", MetricType::kGauge,
      "Number of errors that have occurred, decayed by io_error_halflife."}},
    {"metadata_written",
     {"node_bcache_metadata_written_bytes_total", MetricType::kCounter,
      "Sum of all non data writes (btree writes and all other metadata)."}},
    {"written",
     {"node_bcache_written_bytes_total", MetricType::kCounter,
      "Sum of all data that has been written to the cache."}},
}};

/// A line "key: value" of a file with several.
struct LineMetric {
  std::string_view key;
  std::string_view suffix;  // after the number
  FamilySpec family;
};
constexpr std::array<LineMetric, 5> kWriteback{{
    {"target:",
     "",
     {"node_bcache_dirty_target_bytes", MetricType::kGauge,
      "Current dirty data target threshold for this backing device in bytes."}},
    {"rate:",
     "/sec",
     {"node_bcache_writeback_rate", MetricType::kGauge,
      "Current writeback rate for this backing device in bytes."}},
    {"proportional:",
     "",
     {"node_bcache_writeback_rate_proportional_term", MetricType::kGauge,
      "Current result of proportional controller, part of writeback rate"}},
    {"integral:",
     "",
     {"node_bcache_writeback_rate_integral_term", MetricType::kGauge,
      "Current result of integral controller, part of writeback rate"}},
    {"change:",
     "/sec",
     {"node_bcache_writeback_change", MetricType::kGauge,
      "Last writeback rate change step for this backing device."}},
}};
constexpr std::array<LineMetric, 2> kPriority{{
    {"Unused:",
     "%",
     {"node_bcache_priority_stats_unused_percent", MetricType::kGauge,
      "The percentage of the cache that doesn't contain any data."}},
    {"Metadata:",
     "%",
     {"node_bcache_priority_stats_metadata_percent", MetricType::kGauge,
      "Bcache's metadata overhead."}},
}};

constexpr auto kFamilies = [] {
  constexpr auto kFiles = FamiliesOf(kSetFiles, kBackingFiles, kCacheFiles);
  std::array<FamilySpec, kFiles.size() + kWriteback.size() + kPriority.size()> families{};
  std::size_t i = 0;
  for (const FamilySpec& family : kFiles) families[i++] = family;
  for (const LineMetric& line : kWriteback) families[i++] = line.family;
  for (const LineMetric& line : kPriority) families[i++] = line.family;
  return families;
}();

constexpr std::array<CollectorFlag, 1> kFlags{{
    {"bcache.priorityStats", "priority_stats", "Expose expensive priority stats.", "false"},
}};

void AddLines(std::string_view text, std::span<const LineMetric> metrics,
              std::span<const LabelView> labels, FamilySink& out) {
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    const std::string_view key = TakeField(line);
    for (const LineMetric& metric : metrics) {
      if (metric.key != key) continue;
      std::string_view number = Trim(line);
      if (number.ends_with(metric.suffix)) number.remove_suffix(metric.suffix.size());
      if (const auto value = ParseBcacheNumber(number)) out.Add(metric.family, labels, *value);
    }
  }
}

class BcacheCollector final : public Collector {
 public:
  BcacheCollector(const HostFs& fs, bool priority_stats)
      : fs_(fs),
        priority_stats_(priority_stats),
        files_(fs),
        dir_(fs.Dir(fs.SysPath("fs/bcache"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto names = dir_->List();
    if (!names) return AbsentIsUnsupported(names.error());
    std::size_t row = 0;
    for (const std::string_view name : *names) {
      if (name.find('-') == std::string_view::npos) continue;  // "register"
      Set& set = sets_.At(row++, name, [this](std::string_view n) { return MakeSet(n); });
      AddSet(name, set, out);
    }
    sets_.Truncate(row);
    if (row == 0) return Error{Errc::kUnsupported, "no bcache"};
    return Unit{};
  }

 private:
  struct Device {
    FolderMetrics files;
    std::string details_path;
  };
  struct Set {
    std::string path;
    FolderMetrics files;
    std::unique_ptr<HostDir> dir;
    RowCache<Device> devices;
  };

  Set MakeSet(std::string_view name) const {
    const std::string path = fs_.SysPath("fs/bcache/") + std::string(name);
    return {path, FolderMetrics(path, kSetFiles), fs_.Dir(path), {}};
  }

  void AddSet(std::string_view uuid, Set& set, FamilySink& out) {
    const std::array<LabelView, 1> labels{{{"uuid", uuid}}};
    set.files.Add(files_, labels, out, &ParseBcacheNumber);
    const auto names = set.dir->List();
    if (!names) return;  // stopped just now
    std::size_t row = 0;
    for (const std::string_view name : *names) {
      const bool is_backing = name.starts_with("bdev");
      if (!is_backing && !(name.starts_with("cache") && ParseInt<std::uint32_t>(name.substr(5)))) {
        continue;
      }
      const Device& device = set.devices.At(row++, name, [&](std::string_view n) {
        const std::string path = set.path + "/" + std::string(n);
        return is_backing ? Device{{path, kBackingFiles}, path + "/writeback_rate_debug"}
                          : Device{{path, kCacheFiles}, path + "/priority_stats"};
      });
      const std::array<LabelView, 2> device_labels{
          {{is_backing ? "backing_device" : "cache_device", name}, {"uuid", uuid}}};
      device.files.Add(files_, device_labels, out, &ParseBcacheNumber);
      if (is_backing) {
        AddLines(files_.Read(device.details_path).text, kWriteback, device_labels, out);
      } else if (priority_stats_) {
        AddLines(files_.Read(device.details_path).text, kPriority, device_labels, out);
      }
    }
    set.devices.Truncate(row);
  }

  const HostFs& fs_;
  const bool priority_stats_;
  SmallFiles files_;
  std::unique_ptr<HostDir> dir_;
  RowCache<Set> sets_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector bcache");
  TRY_ASSIGN(const bool priority_stats, settings.Read<bool>("priority_stats", YamlBool, false));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(std::make_unique<BcacheCollector>(deps.fs, priority_stats));
}

}  // namespace

extern const CatalogEntry kBcacheCollector{
    .name = "bcache",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(10),
    .help = "Hits, dirty data and writeback of bcache devices, from /sys/fs/bcache.",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
