#include <algorithm>
#include <string>
#include <vector>

#include "base/parse.h"
#include "collectors/filter.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 1> kFamilies{{
    {"node_arp_entries", MetricType::kGauge, "ARP entries by device"},
}};

constexpr std::array<CollectorFlag, 2> kFlags{{
    {"arp.device-include", "device_include",
     "Regexp of arp devices to include (mutually exclusive to device-exclude).", ""},
    {"arp.device-exclude", "device_exclude",
     "Regexp of arp devices to exclude (mutually exclusive to device-include).", ""},
}};

constexpr std::size_t kDeviceColumn = 5;

class ArpCollector final : public Collector {
 public:
  ArpCollector(const HostFs& fs, NameFilter filter)
      : file_(fs.File(fs.ProcPath("net/arp"))), filter_(std::move(filter)) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    std::string_view text = *read;
    for (Device& device : devices_) device.entries = 0;
    TakeLine(text);
    while (!text.empty()) TRY(Count(TakeLine(text)));
    std::erase_if(devices_, [](const Device& device) { return device.entries == 0; });
    for (const Device& device : devices_) {
      if (device.kept) out.Add(kFamilies[0], {{"device", device.name}}, device.entries);
    }
    return Unit{};
  }

 private:
  struct Device {
    std::string name;
    bool kept;
    double entries;
  };

  Status Count(std::string_view line) {
    const std::string_view whole = line;
    std::string_view name;
    for (std::size_t column = 0; column <= kDeviceColumn; ++column) {
      name = TakeField(line);
      if (name.empty()) return MalformedText("net/arp", "six columns", whole);
    }
    auto device = std::find_if(devices_.begin(), devices_.end(),
                               [&](const Device& d) { return d.name == name; });
    // The kernel lists entries in no order: a device keeps the place where it was first seen.
    if (device == devices_.end()) {
      devices_.push_back({std::string(name), filter_.Keeps(name), 0});
      device = devices_.end() - 1;
    }
    ++device->entries;
    return Unit{};
  }

  std::unique_ptr<HostFile> file_;
  const NameFilter filter_;
  std::vector<Device> devices_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector arp");
  TRY_ASSIGN(NameFilter filter,
             ReadNameFilter(settings, {.include = "device_include", .exclude = "device_exclude"}));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(std::make_unique<ArpCollector>(deps.fs, std::move(filter)));
}

}  // namespace

extern const CatalogEntry kArpCollector{
    .name = "arp",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "Entries of the ARP table by device, from /proc/net/arp.",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
