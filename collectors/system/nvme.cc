#include <array>
#include <string>

#include "collectors/device_dir.h"
#include "collectors/host_fs.h"
#include "collectors/small_file.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 1> kFamilies{{
    {"node_nvme_info", MetricType::kGauge,
     "Non-numeric data from /sys/class/nvme/<device>, value is always 1."},
}};

/// Label and file.
constexpr std::array<LabelView, 4> kFiles{{{"firmware_revision", "firmware_rev"},
                                           {"model", "model"},
                                           {"serial", "serial"},
                                           {"state", "state"}}};

struct Controller {
  std::array<std::string, kFiles.size()> paths;
  std::array<std::string, kFiles.size()> texts;  // kept for their memory
};

class NvmeCollector final : public Collector {
 public:
  explicit NvmeCollector(const HostFs& fs)
      : files_(fs), controllers_(fs, fs.SysPath("class/nvme")) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    bool any = false;
    const Status status = controllers_.ForEach(
        [](std::string_view, const std::string& path) {
          Controller made;
          for (std::size_t i = 0; i < kFiles.size(); ++i) {
            made.paths[i] = path + std::string(kFiles[i].value);
          }
          return made;
        },
        [&](std::string_view device, Controller& controller) -> Status {
          any |= Add(device, controller, out);
          return Unit{};
        });
    if (!status) return AbsentIsUnsupported(status.error());
    if (!any) return Error{Errc::kUnsupported, "there is no NVMe controller"};
    return Unit{};
  }

 private:
  /// False if the controller does not answer: it may just be being removed.
  bool Add(std::string_view device, Controller& controller, FamilySink& out) {
    std::array<LabelView, kFiles.size() + 1> labels{{{"device", device}}};
    for (std::size_t i = 0; i < kFiles.size(); ++i) {
      const auto text = files_.Text(controller.paths[i]);
      if (!text) return false;
      controller.texts[i].assign(*text);
      labels[i + 1] = {kFiles[i].name, controller.texts[i]};
    }
    out.Add(kFamilies[0], labels, 1);
    return true;
  }

  SmallFiles files_;
  DeviceDir<Controller> controllers_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<NvmeCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kNvmeCollector{
    .name = "nvme",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(10),
    .help = "Model, firmware and state of each NVMe controller, from /sys/class/nvme.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
