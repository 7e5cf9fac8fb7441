#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/parse.h"
#include "collectors/btrfs_devices.h"
#include "collectors/every.h"
#include "collectors/host_fs.h"
#include "collectors/small_file.h"
#include "collectors/source.h"
#include "collectors/system/mounts.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr FamilySpec kInfo{"node_btrfs_info", MetricType::kGauge, "Filesystem information"};
constexpr FamilySpec kReserve{"node_btrfs_global_rsv_size_bytes", MetricType::kGauge,
                              "Size of global reserve."};
constexpr FamilySpec kReserved{"node_btrfs_reserved_bytes", MetricType::kGauge,
                               "Amount of space reserved for a data type"};
constexpr FamilySpec kUsed{"node_btrfs_used_bytes", MetricType::kGauge,
                           "Amount of used space by a layout/data type"};
constexpr FamilySpec kSize{"node_btrfs_size_bytes", MetricType::kGauge,
                           "Amount of space allocated for a layout/data type"};
constexpr FamilySpec kRatio{"node_btrfs_allocation_ratio", MetricType::kGauge,
                            "Data allocation ratio for a layout/data type"};
constexpr FamilySpec kDeviceSize{"node_btrfs_device_size_bytes", MetricType::kGauge,
                                 "Size of a device that is part of the filesystem."};
constexpr FamilySpec kDeviceUnused{"node_btrfs_device_unused_bytes", MetricType::kGauge,
                                   "Unused bytes unused on a device that is part of the "
                                   "filesystem."};
constexpr FamilySpec kDeviceErrors{"node_btrfs_device_errors_total", MetricType::kCounter,
                                   "Errors reported for the device"};
constexpr std::array<FamilySpec, 9> kFamilies{
    kInfo, kReserve, kReserved, kUsed, kSize, kRatio, kDeviceSize, kDeviceUnused, kDeviceErrors};

/// The order of BtrfsDevice::errors.
constexpr std::array<std::string_view, 5> kErrorTypes{"write", "read", "flush", "corruption",
                                                      "generation"};
constexpr std::array<std::string_view, 3> kGroups{"data", "metadata", "system"};
constexpr double kSectorBytes = 512;

/// How many bytes of disk a byte of data takes.
double RatioOf(std::string_view layout, std::size_t devices) {
  const auto n = static_cast<double>(devices);
  if (layout == "single" || layout == "raid0") return 1;
  if (layout == "dup" || layout == "raid1" || layout == "raid10") return 2;
  if (layout == "raid5") return n / (n - 1);
  if (layout == "raid6") return n / (n - 2);
  return 0;
}

/// A new layout (while data is being converted) or device is found by this.
constexpr seconds kScanPeriod(60);

class BtrfsCollector final : public Collector {
 public:
  explicit BtrfsCollector(const HostFs& fs)
      : fs_(fs),
        files_(fs),
        dir_(fs.Dir(fs.SysPath("fs/btrfs"))),
        scan_due_(kScanPeriod),
        mounts_files_{fs.File(fs.ProcPath("1/mounts")), fs.File(fs.ProcPath("mounts"))} {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    const auto names = dir_->List();
    if (!names) return AbsentIsUnsupported(names.error());
    if (!std::equal(names->begin(), names->end(), names_.begin(), names_.end())) {
      names_.assign(names->begin(), names->end());
      scan_due_.Reset();
    }
    if (scan_due_.Due(round)) Scan();
    if (filesystems_.empty()) return Error{Errc::kUnsupported, "no btrfs is mounted"};
    for (Filesystem& filesystem : filesystems_) AddFilesystem(filesystem, out);
    return Unit{};
  }

 private:
  struct Layout {
    std::string name;
    std::string used_path;
    std::string size_path;
  };
  struct Group {
    std::string_view name;
    std::string reserved_path;
    std::vector<Layout> layouts;
  };
  struct Device {
    std::string name;
    std::string size_path;
  };
  struct Filesystem {
    std::string uuid;
    std::string label_path;
    std::string label;
    std::string reserve_path;
    std::vector<Group> groups;
    std::vector<Device> devices;
    std::string mount;  // where ioctls may ask, empty if nowhere
    BtrfsFilesystem told;
  };

  void Scan() {
    filesystems_.clear();
    for (const std::string& name : names_) {
      if (name.find('-') == std::string::npos) continue;  // "features"
      filesystems_.push_back(ScanFilesystem(name));
    }
    FindMounts();
  }

  Filesystem ScanFilesystem(const std::string& name) {
    const std::string path = fs_.SysPath("fs/btrfs/") + name;
    Filesystem filesystem;
    filesystem.uuid = files_.Text(path + "/metadata_uuid").value_or("");
    if (filesystem.uuid.empty()) filesystem.uuid = name;
    filesystem.label_path = path + "/label";
    filesystem.reserve_path = path + "/allocation/global_rsv_size";
    if (const auto devices = fs_.List(path + "/devices")) {
      for (const std::string& device : *devices) {
        filesystem.devices.push_back({device, path + "/devices/" + device + "/size"});
      }
    }
    for (const std::string_view group : kGroups) {
      filesystem.groups.push_back(ScanGroup(path + "/allocation/" + std::string(group), group));
    }
    return filesystem;
  }

  Group ScanGroup(const std::string& path, std::string_view name) const {
    Group group{name, path + "/bytes_reserved", {}};
    const auto layouts = fs_.List(path);
    if (!layouts) return group;
    for (const std::string& layout : *layouts) {
      const std::string folder = path + "/" + layout;
      if (!fs_.Exists(folder + "/total_bytes")) continue;  // not a layout but a number
      group.layouts.push_back({layout, folder + "/used_bytes", folder + "/total_bytes"});
    }
    return group;
  }

  void FindMounts() {
    auto text = mounts_files_[0]->Read();
    if (!text) text = mounts_files_[1]->Read();
    const auto mounts = text ? ParseMounts(*text) : Result<std::vector<Mount>>(text.error());
    if (!mounts) return;
    for (const Mount& mount : *mounts) {
      if (mount.type != "btrfs") continue;
      const std::string path = fs_.RootPath(mount.point);
      BtrfsFilesystem told;
      if (!fs_.BtrfsDevices(path, told)) continue;  // another mount of it may be allowed
      for (Filesystem& filesystem : filesystems_) {
        if (filesystem.uuid == told.uuid) filesystem.mount = path;
      }
    }
  }

  void AddFilesystem(Filesystem& filesystem, FamilySink& out) {
    const std::string& uuid = filesystem.uuid;
    filesystem.label = files_.Text(filesystem.label_path).value_or("");
    out.Add(kInfo, {{"label", filesystem.label}, {"uuid", uuid}}, 1);
    AddNumber(filesystem.reserve_path, kReserve, {{{"uuid", uuid}}}, out);
    for (const Group& group : filesystem.groups) {
      AddNumber(group.reserved_path, kReserved,
                {{{"block_group_type", group.name}, {"uuid", uuid}}}, out);
      for (const Layout& layout : group.layouts) {
        const std::array<LabelView, 3> labels{
            {{"block_group_type", group.name}, {"mode", layout.name}, {"uuid", uuid}}};
        AddNumber(layout.used_path, kUsed, labels, out);
        AddNumber(layout.size_path, kSize, labels, out);
        out.Add(kRatio, labels, RatioOf(layout.name, filesystem.devices.size()));
      }
    }
    if (!filesystem.mount.empty() && fs_.BtrfsDevices(filesystem.mount, filesystem.told) &&
        filesystem.told.uuid == uuid) {
      for (const BtrfsDevice& device : filesystem.told.devices) AddDevice(device, uuid, out);
      return;
    }
    for (const Device& device : filesystem.devices) {
      const auto sectors = files_.Int(device.size_path);
      out.Add(kDeviceSize, {{"device", device.name}, {"uuid", uuid}},
              static_cast<double>(sectors.value_or(0)) * kSectorBytes);
    }
  }

  static void AddDevice(const BtrfsDevice& device, const std::string& uuid, FamilySink& out) {
    const std::string_view name = std::string_view(device.path).substr(device.path.rfind('/') + 1);
    const std::array<LabelView, 3> labels{
        {{"btrfs_dev_uuid", device.uuid}, {"device", name}, {"uuid", uuid}}};
    out.Add(kDeviceSize, labels, static_cast<double>(device.bytes));
    out.Add(kDeviceUnused, labels, static_cast<double>(device.bytes - device.used_bytes));
    for (std::size_t i = 0; i < kErrorTypes.size(); ++i) {
      out.Add(kDeviceErrors,
              {{"btrfs_dev_uuid", device.uuid},
               {"device", name},
               {"type", kErrorTypes[i]},
               {"uuid", uuid}},
              static_cast<double>(device.errors[i]));
    }
  }

  void AddNumber(const std::string& path, const FamilySpec& family,
                 std::span<const LabelView> labels, FamilySink& out) {
    const auto value = files_.Int(path);
    if (value) out.Add(family, labels, static_cast<double>(*value));
  }

  const HostFs& fs_;
  SmallFiles files_;
  std::unique_ptr<HostDir> dir_;
  Every scan_due_;
  std::array<std::unique_ptr<HostFile>, 2> mounts_files_;
  std::vector<std::string> names_;
  std::vector<Filesystem> filesystems_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<BtrfsCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kBtrfsCollector{
    .name = "btrfs",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(30),
    .help = "Space by kind of data and errors by device of btrfs, from /sys/fs/btrfs and ioctl(2).",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
