#include <array>
#include <string>

#include "collectors/folder_metrics.h"
#include "collectors/host_fs.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FileMetric, 9> kFiles{{
    {"full_scans", {"node_ksmd_full_scans_total", MetricType::kCounter, "ksmd 'full_scans' file."}},
    {"merge_across_nodes",
     {"node_ksmd_merge_across_nodes", MetricType::kGauge, "ksmd 'merge_across_nodes' file."}},
    {"pages_shared", {"node_ksmd_pages_shared", MetricType::kGauge, "ksmd 'pages_shared' file."}},
    {"pages_sharing",
     {"node_ksmd_pages_sharing", MetricType::kGauge, "ksmd 'pages_sharing' file."}},
    {"pages_to_scan",
     {"node_ksmd_pages_to_scan", MetricType::kGauge, "ksmd 'pages_to_scan' file."}},
    {"pages_unshared",
     {"node_ksmd_pages_unshared", MetricType::kGauge, "ksmd 'pages_unshared' file."}},
    {"pages_volatile",
     {"node_ksmd_pages_volatile", MetricType::kGauge, "ksmd 'pages_volatile' file."}},
    {"run", {"node_ksmd_run", MetricType::kGauge, "ksmd 'run' file."}},
    {"sleep_millisecs",
     {"node_ksmd_sleep_seconds", MetricType::kGauge, "ksmd 'sleep_millisecs' file."},
     0.001},
}};
constexpr auto kFamilies = FamiliesOf(kFiles);

class KsmdCollector final : public Collector {
 public:
  explicit KsmdCollector(const HostFs& fs)
      : fs_(fs), path_(fs.SysPath("kernel/mm/ksm")), files_(fs), folder_(path_, kFiles) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    if (fs_.Exists(path_) && folder_.Add(files_, {}, out)) return Unit{};
    return Error{Errc::kUnsupported, "the kernel merges no pages"};
  }

 private:
  const HostFs& fs_;
  const std::string path_;
  SmallFiles files_;
  const FolderMetrics folder_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<KsmdCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kKsmdCollector{
    .name = "ksmd",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(10),
    .help = "Merging of equal pages of memory, from /sys/kernel/mm/ksm.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
