#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 34> kFamilies{{
    {"node_zoneinfo_nr_free_pages", MetricType::kGauge, "Total number of free pages in the zone"},
    {"node_zoneinfo_min_pages", MetricType::kGauge, "Zone watermark pages_min"},
    {"node_zoneinfo_low_pages", MetricType::kGauge, "Zone watermark pages_low"},
    {"node_zoneinfo_high_pages", MetricType::kGauge, "Zone watermark pages_high"},
    {"node_zoneinfo_scanned_pages", MetricType::kGauge, "Pages scanned since last reclaim"},
    {"node_zoneinfo_spanned_pages", MetricType::kGauge,
     "Total pages spanned by the zone, including holes"},
    {"node_zoneinfo_present_pages", MetricType::kGauge, "Physical pages existing within the zone"},
    {"node_zoneinfo_managed_pages", MetricType::kGauge,
     "Present pages managed by the buddy system"},
    {"node_zoneinfo_nr_active_anon_pages", MetricType::kGauge,
     "Number of anonymous pages recently more used"},
    {"node_zoneinfo_nr_inactive_anon_pages", MetricType::kGauge,
     "Number of anonymous pages recently less used"},
    {"node_zoneinfo_nr_isolated_anon_pages", MetricType::kGauge,
     "Temporary isolated pages from anon lru"},
    {"node_zoneinfo_nr_anon_pages", MetricType::kGauge,
     "Number of anonymous pages currently used by the system"},
    {"node_zoneinfo_nr_anon_transparent_hugepages", MetricType::kGauge,
     "Number of anonymous transparent huge pages currently used by the system"},
    {"node_zoneinfo_nr_active_file_pages", MetricType::kGauge,
     "Number of active pages with file-backing"},
    {"node_zoneinfo_nr_inactive_file_pages", MetricType::kGauge,
     "Number of inactive pages with file-backing"},
    {"node_zoneinfo_nr_isolated_file_pages", MetricType::kGauge,
     "Temporary isolated pages from file lru"},
    {"node_zoneinfo_nr_file_pages", MetricType::kGauge, "Number of file pages"},
    {"node_zoneinfo_nr_slab_reclaimable_pages", MetricType::kGauge,
     "Number of reclaimable slab pages"},
    {"node_zoneinfo_nr_slab_unreclaimable_pages", MetricType::kGauge,
     "Number of unreclaimable slab pages"},
    {"node_zoneinfo_nr_mlock_stack_pages", MetricType::kGauge,
     "mlock()ed pages found and moved off LRU"},
    {"node_zoneinfo_nr_kernel_stacks", MetricType::kGauge, "Number of kernel stacks"},
    {"node_zoneinfo_nr_mapped_pages", MetricType::kGauge, "Number of mapped pages"},
    {"node_zoneinfo_nr_dirty_pages", MetricType::kGauge, "Number of dirty pages"},
    {"node_zoneinfo_nr_writeback_pages", MetricType::kGauge, "Number of writeback pages"},
    {"node_zoneinfo_nr_unevictable_pages", MetricType::kGauge, "Number of unevictable pages"},
    {"node_zoneinfo_nr_shmem_pages", MetricType::kGauge,
     "Number of shmem pages (included tmpfs/GEM pages)"},
    {"node_zoneinfo_nr_dirtied_total", MetricType::kCounter, "Page dirtyings since bootup"},
    {"node_zoneinfo_nr_written_total", MetricType::kCounter, "Page writings since bootup"},
    {"node_zoneinfo_numa_hit_total", MetricType::kCounter, "Allocated in intended node"},
    {"node_zoneinfo_numa_miss_total", MetricType::kCounter, "Allocated in non intended node"},
    {"node_zoneinfo_numa_foreign_total", MetricType::kCounter, "Was intended here, hit elsewhere"},
    {"node_zoneinfo_numa_interleave_total", MetricType::kCounter,
     "Interleaver preferred this zone"},
    {"node_zoneinfo_numa_local_total", MetricType::kCounter, "Allocation from local node"},
    {"node_zoneinfo_numa_other_total", MetricType::kCounter, "Allocation from other node"},
}};

/// The field of the file that is kFamilies[i].
constexpr std::array<std::string_view, kFamilies.size()> kFields{
    "nr_free_pages",
    "min",
    "low",
    "high",
    "scanned",
    "spanned",
    "present",
    "managed",
    "nr_active_anon",
    "nr_inactive_anon",
    "nr_isolated_anon",
    "nr_anon_pages",
    "nr_anon_transparent_hugepages",
    "nr_active_file",
    "nr_inactive_file",
    "nr_isolated_file",
    "nr_file_pages",
    "nr_slab_reclaimable",
    "nr_slab_unreclaimable",
    "nr_mlock_stack",
    "nr_kernel_stack",
    "nr_mapped",
    "nr_dirty",
    "nr_writeback",
    "nr_unevictable",
    "nr_shmem",
    "nr_dirtied",
    "nr_written",
    "numa_hit",
    "numa_miss",
    "numa_foreign",
    "numa_interleave",
    "numa_local",
    "numa_other",
};

/// A zone's values. Of a field that stands twice (per node, then per zone) the last one counts.
using ZoneValues = std::array<std::optional<std::int64_t>, kFamilies.size()>;

class ZoneinfoCollector final : public Collector {
 public:
  explicit ZoneinfoCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("zoneinfo"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    std::string_view text = *read;
    Zone zone;
    for (std::size_t row = 0; !text.empty();) {
      const std::string_view whole_line = TakeLine(text);
      std::string_view line = whole_line;
      const std::string_view key = TakeField(line);
      if (key == "Node") {
        AddZone(zone, out);
        TRY_ASSIGN(zone, ParseHeading(whole_line));
      } else if (key == "protection:") {
        zone.protection = line;
      } else {
        // Which field a line has does not change: the search is done once.
        const std::size_t field = fields_.At(row++, key, &FieldOf);
        if (field < kFields.size()) zone.values[field] = ParseInt<std::int64_t>(TakeField(line));
      }
    }
    AddZone(zone, out);
    return Unit{};
  }

 private:
  struct Zone {
    std::string_view node;
    std::string_view name;
    ZoneValues values{};
    std::string_view protection;  // "(0, 2039, 31932)"
  };

  static std::size_t FieldOf(std::string_view key) {
    return static_cast<std::size_t>(std::find(kFields.begin(), kFields.end(), key) -
                                    kFields.begin());
  }

  /// "Node 0, zone      DMA".
  static Result<Zone> ParseHeading(std::string_view line) {
    Zone zone;
    std::string_view rest = line;
    TakeField(rest);
    zone.node = TakeField(rest);
    if (TakeField(rest) != "zone" || !zone.node.ends_with(',')) {
      return MalformedText("zoneinfo", "\"Node N, zone NAME\"", line);
    }
    zone.node.remove_suffix(1);
    zone.name = TakeField(rest);
    return zone;
  }

  void AddZone(const Zone& zone, FamilySink& out) {
    if (zone.name.empty()) return;
    const std::array<LabelView, 2> labels{{{"node", zone.node}, {"zone", zone.name}}};
    for (std::size_t i = 0; i < kFamilies.size(); ++i) {
      if (zone.values[i]) out.Add(kFamilies[i], labels, static_cast<double>(*zone.values[i]));
    }
    std::string_view rest = zone.protection;
    for (std::size_t i = 0;; ++i) {
      const auto start = rest.find_first_of("0123456789");
      if (start == std::string_view::npos) return;
      rest.remove_prefix(start);
      const auto end = std::min(rest.find_first_not_of("0123456789"), rest.size());
      const auto value = ParseInt<std::int64_t>(rest.substr(0, end));
      rest.remove_prefix(end);
      if (value) out.Add(Protection(i).spec(), labels, static_cast<double>(*value));
    }
  }

  const HostFamily& Protection(std::size_t i) {
    while (protections_.size() <= i) {
      const std::string number = std::to_string(protections_.size());
      protections_.push_back({"node_zoneinfo_protection_" + number,
                              "Protection array " + number + ". field", MetricType::kGauge});
    }
    return protections_[i];
  }

  std::unique_ptr<HostFile> file_;
  RowCache<std::size_t> fields_;
  std::vector<HostFamily> protections_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<ZoneinfoCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kZoneinfoCollector{
    .name = "zoneinfo",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "Pages of each memory zone by use, from /proc/zoneinfo.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
