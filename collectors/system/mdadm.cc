#include <array>
#include <vector>

#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/mdstat.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 5> kFamilies{{
    {"node_md_state", MetricType::kGauge, "Indicates the state of md-device."},
    {"node_md_disks", MetricType::kGauge, "Number of active/failed/spare disks of device."},
    {"node_md_disks_required", MetricType::kGauge, "Total number of disks of device."},
    {"node_md_blocks", MetricType::kGauge, "Total number of blocks on device."},
    {"node_md_blocks_synced", MetricType::kGauge, "Number of blocks synced on device."},
}};

struct StateLabel {
  MdArray::State state;
  std::string_view label;
};
constexpr std::array<StateLabel, 5> kStates{{{MdArray::State::kActive, "active"},
                                             {MdArray::State::kInactive, "inactive"},
                                             {MdArray::State::kRecovering, "recovering"},
                                             {MdArray::State::kResyncing, "resync"},
                                             {MdArray::State::kChecking, "check"}}};

class MdadmCollector final : public Collector {
 public:
  explicit MdadmCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("mdstat"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    TRY(ParseMdstat(*read, arrays_));
    for (const MdArray& array : arrays_) AddArray(array, out);
    return Unit{};
  }

 private:
  static void AddArray(const MdArray& array, FamilySink& out) {
    for (const StateLabel& state : kStates) {
      out.Add(kFamilies[0], {{"device", array.name}, {"state", state.label}},
              array.state == state.state ? 1 : 0);
    }
    const auto disks = [&](std::string_view state, std::uint64_t count) {
      out.Add(kFamilies[1], {{"device", array.name}, {"state", state}}, static_cast<double>(count));
    };
    disks("active", array.disks_active);
    disks("failed", array.disks_failed);
    disks("spare", array.disks_spare);
    const std::array<LabelView, 1> labels{{{"device", array.name}}};
    out.Add(kFamilies[2], labels, static_cast<double>(array.disks_required));
    out.Add(kFamilies[3], labels, static_cast<double>(array.blocks));
    out.Add(kFamilies[4], labels, static_cast<double>(array.blocks_synced));
  }

  std::unique_ptr<HostFile> file_;
  std::vector<MdArray> arrays_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<MdadmCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kMdadmCollector{
    .name = "mdadm",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "State of software RAID arrays, from /proc/mdstat.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
