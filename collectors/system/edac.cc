#include <array>
#include <string>
#include <vector>

#include "base/parse.h"
#include "collectors/device_dir.h"
#include "collectors/folder_metrics.h"
#include "collectors/host_fs.h"
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

class EdacCollector final : public Collector {
 public:
  explicit EdacCollector(const HostFs& fs)
      : fs_(fs), files_(fs), controllers_(fs, fs.SysPath("devices/system/edac/mc")) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    bool any = false;
    const auto add = [&](std::string_view name, const Controller& controller) {
      for (const Folder& folder : controller.folders) {
        const std::string_view number = NumberAfter("mc", name);
        if (folder.row.empty()) {
          any |= folder.metrics.Add(files_, {{{"controller", number}}}, out);
        } else {
          any |= folder.metrics.Add(files_, {{{"controller", number}, {"csrow", folder.row}}}, out);
        }
      }
      return Status(Unit{});
    };
    const Status status = controllers_.ForEach(
        [this](std::string_view name, const std::string&) { return MakeController(name); }, add);
    if (!status) return AbsentIsUnsupported(status.error());
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
  DeviceDir<Controller> controllers_;
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
