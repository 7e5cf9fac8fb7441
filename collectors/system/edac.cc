#include <array>
#include <string>
#include <vector>

#include "base/parse.h"
#include "collectors/folder_metrics.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FileMetric, 2> kController{{
    {"ce_count",
     {"node_edac_correctable_errors_total", MetricType::kCounter,
      "Total correctable memory errors."}},
    {"ue_count",
     {"node_edac_uncorrectable_errors_total", MetricType::kCounter,
      "Total uncorrectable memory errors."}},
}};
constexpr FamilySpec kRowCorrectable{"node_edac_csrow_correctable_errors_total",
                                     MetricType::kCounter,
                                     "Total correctable memory errors for this csrow."};
constexpr FamilySpec kRowUncorrectable{"node_edac_csrow_uncorrectable_errors_total",
                                       MetricType::kCounter,
                                       "Total uncorrectable memory errors for this csrow."};
constexpr std::array<FileMetric, 2> kRow{
    {{"ce_count", kRowCorrectable}, {"ue_count", kRowUncorrectable}}};
/// Errors of a controller that it cannot tell the row of.
constexpr std::array<FileMetric, 2> kNoRow{
    {{"ce_noinfo_count", kRowCorrectable}, {"ue_noinfo_count", kRowUncorrectable}}};

constexpr auto kFamilies = FamiliesOf(kController, kRow);

/// The number after `prefix` in `name`, or empty.
std::string_view NumberAfter(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return {};
  name.remove_prefix(prefix.size());
  return ParseInt<std::uint32_t>(name) ? name : std::string_view{};
}

class EdacCollector final : public Collector {
 public:
  explicit EdacCollector(const HostFs& fs)
      : fs_(fs), files_(fs), dir_(fs.Dir(fs.SysPath("devices/system/edac/mc"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto names = dir_->List();
    if (!names) return AbsentIsUnsupported(names.error());
    bool any = false;
    for (std::size_t i = 0; i < names->size(); ++i) {
      const std::string_view name = (*names)[i];
      const Controller& controller =
          controllers_.At(i, name, [this](std::string_view n) { return MakeController(n); });
      for (const Folder& folder : controller.folders) {
        const std::string_view number = NumberAfter("mc", name);
        if (folder.row.empty()) {
          any |= folder.metrics.Add(files_, {{{"controller", number}}}, out);
        } else {
          any |= folder.metrics.Add(files_, {{{"controller", number}, {"csrow", folder.row}}}, out);
        }
      }
    }
    controllers_.Truncate(names->size());
    if (!any) return Error{Errc::kUnsupported, "no memory controller counts errors"};
    return Unit{};
  }

 private:
  struct Folder {
    std::string row;  // empty: the controller's own
    FolderMetrics metrics;
  };
  struct Controller {
    std::vector<Folder> folders;
  };

  Controller MakeController(std::string_view name) const {
    Controller controller;
    if (NumberAfter("mc", name).empty()) return controller;
    const std::string path = fs_.SysPath("devices/system/edac/mc/") + std::string(name);
    controller.folders.push_back({{}, FolderMetrics(path, kController)});
    controller.folders.push_back({"unknown", FolderMetrics(path, kNoRow)});
    const auto entries = fs_.List(path);
    if (!entries) return controller;
    for (const std::string& entry : *entries) {
      const std::string_view row = NumberAfter("csrow", entry);
      if (row.empty()) continue;
      controller.folders.push_back({std::string(row), FolderMetrics(path + "/" + entry, kRow)});
    }
    return controller;
  }

  const HostFs& fs_;
  SmallFiles files_;
  std::unique_ptr<HostDir> dir_;
  RowCache<Controller> controllers_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<EdacCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kEdacCollector{
    .name = "edac",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(30),
    .help = "Memory errors that controllers detected, from /sys/devices/system/edac.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
