#include <array>
#include <string>

#include "base/parse.h"
#include "collectors/device_dir.h"
#include "collectors/filter.h"
#include "collectors/host_fs.h"
#include "collectors/small_file.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr FamilySpec kUp{"node_network_up", MetricType::kGauge,
                         "Value is 1 if operstate is 'up', 0 otherwise."};
constexpr FamilySpec kInfo{"node_network_info", MetricType::kGauge,
                           "Non-numeric data from /sys/class/net/<iface>, value is always 1."};
constexpr FamilySpec kSpeed{"node_network_speed_bytes", MetricType::kGauge,
                            "Network device property: speed_bytes"};

/// The files of an interface that hold a number.
struct Property {
  std::string_view file;
  FamilySpec family;
};
constexpr std::array<Property, 16> kProperties{{
    {"addr_assign_type",
     {"node_network_address_assign_type", MetricType::kGauge,
      "Network device property: address_assign_type"}},
    {"carrier", {"node_network_carrier", MetricType::kGauge, "Network device property: carrier"}},
    {"carrier_changes",
     {"node_network_carrier_changes_total", MetricType::kCounter,
      "Network device property: carrier_changes_total"}},
    {"carrier_up_count",
     {"node_network_carrier_up_changes_total", MetricType::kCounter,
      "Network device property: carrier_up_changes_total"}},
    {"carrier_down_count",
     {"node_network_carrier_down_changes_total", MetricType::kCounter,
      "Network device property: carrier_down_changes_total"}},
    {"dev_id",
     {"node_network_device_id", MetricType::kGauge, "Network device property: device_id"}},
    {"dormant", {"node_network_dormant", MetricType::kGauge, "Network device property: dormant"}},
    {"flags", {"node_network_flags", MetricType::kGauge, "Network device property: flags"}},
    {"ifindex", {"node_network_iface_id", MetricType::kGauge, "Network device property: iface_id"}},
    {"iflink",
     {"node_network_iface_link", MetricType::kGauge, "Network device property: iface_link"}},
    {"link_mode",
     {"node_network_iface_link_mode", MetricType::kGauge,
      "Network device property: iface_link_mode"}},
    {"mtu", {"node_network_mtu_bytes", MetricType::kGauge, "Network device property: mtu_bytes"}},
    {"name_assign_type",
     {"node_network_name_assign_type", MetricType::kGauge,
      "Network device property: name_assign_type"}},
    {"netdev_group",
     {"node_network_net_dev_group", MetricType::kGauge, "Network device property: net_dev_group"}},
    {"tx_queue_len",
     {"node_network_transmit_queue_length", MetricType::kGauge,
      "Network device property: transmit_queue_length"}},
    {"type",
     {"node_network_protocol_type", MetricType::kGauge, "Network device property: protocol_type"}},
}};

/// The files that become labels of node_network_info.
constexpr std::array<std::string_view, 5> kTexts{"address", "broadcast", "duplex", "ifalias",
                                                 "operstate"};
constexpr std::size_t kOperstate = 4;

constexpr auto kFamilies = [] {
  std::array<FamilySpec, kProperties.size() + 3> families{kUp, kInfo, kSpeed};
  for (std::size_t i = 0; i < kProperties.size(); ++i) families[i + 3] = kProperties[i].family;
  return families;
}();

constexpr std::array<CollectorFlag, 2> kFlags{{
    {"netclass.ignored-devices", "ignored_devices",
     "Regexp of net devices to ignore for netclass collector.", "^$"},
    {"netclass.ignore-invalid-speed", "ignore_invalid_speed",
     "Ignore devices where the speed is invalid.", "false"},
}};

constexpr std::int64_t kBytesPerMegabit = 1000 * 1000 / 8;

struct Options {
  NameFilter devices;
  bool ignore_invalid_speed;
};

class NetclassCollector final : public Collector {
 public:
  NetclassCollector(const HostFs& fs, Options options)
      : fs_(fs), options_(std::move(options)), files_(fs), devices_(fs, fs.SysPath("class/net")) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const Status status = devices_.ForEach(
        [this](std::string_view name, const std::string& path) { return MakeDevice(name, path); },
        [&](std::string_view name, Device& device) {
          if (device.kept) AddDevice(name, device, out);
          return Status(Unit{});
        });
    return status ? status : AbsentIsUnsupported(status.error());
  }

 private:
  struct Device {
    bool kept = false;
    std::array<std::string, kTexts.size()> text_paths;
    std::array<std::string, kTexts.size()> texts;
    std::array<std::string, kProperties.size()> paths;
    std::string speed_path;
  };

  Device MakeDevice(std::string_view name, const std::string& path) const {
    Device device;
    const auto status = fs_.Stat(path);
    // bonding_masters is a file among the devices.
    device.kept = status && !status->regular && options_.devices.Keeps(name);
    if (!device.kept) return device;
    const auto file = [&](std::string_view f) { return path + std::string(f); };
    for (std::size_t i = 0; i < kTexts.size(); ++i) device.text_paths[i] = file(kTexts[i]);
    for (std::size_t i = 0; i < kProperties.size(); ++i) {
      device.paths[i] = file(kProperties[i].file);
    }
    device.speed_path = file("speed");
    return device;
  }

  void AddDevice(std::string_view name, Device& device, FamilySink& out) {
    for (std::size_t i = 0; i < kTexts.size(); ++i) {
      const RawRead read = files_.Read(device.text_paths[i]);
      if (i == 0 && !read && !fs_.Exists(device.text_paths[i])) return;  // unplugged just now
      device.texts[i] = read.text;  // a file that says EINVAL counts as empty
    }
    const std::string& operstate = device.texts[kOperstate];
    out.Add(kUp, {{"device", name}}, operstate == "up" ? 1 : 0);
    out.Add(kInfo,
            {{"address", device.texts[0]},
             {"broadcast", device.texts[1]},
             {"device", name},
             {"duplex", device.texts[2]},
             {"ifalias", device.texts[3]},
             {"operstate", operstate}},
            1);
    for (std::size_t i = 0; i < kProperties.size(); ++i) {
      if (const auto value = files_.PrefixedInt<std::int64_t>(device.paths[i])) {
        out.Add(kProperties[i].family, {{"device", name}}, static_cast<double>(*value));
      }
    }
    const auto megabits = files_.PrefixedInt<std::int64_t>(device.speed_path);
    // Some devices say -1 if they do not know.
    if (megabits && (*megabits >= 0 || !options_.ignore_invalid_speed)) {
      out.Add(kSpeed, {{"device", name}}, static_cast<double>(*megabits) * kBytesPerMegabit);
    }
  }

  const HostFs& fs_;
  const Options options_;
  SmallFiles files_;
  DeviceDir<Device> devices_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector netclass");
  Options options{};
  TRY_ASSIGN(options.devices,
             ReadNameFilter(settings, {.exclude = "ignored_devices", .default_exclude = "^$"}));
  TRY_ASSIGN(options.ignore_invalid_speed,
             settings.Read<bool>("ignore_invalid_speed", YamlBool, false));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(
      std::make_unique<NetclassCollector>(deps.fs, std::move(options)));
}

}  // namespace

extern const CatalogEntry kNetclassCollector{
    .name = "netclass",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "State, speed and other properties of each network device, from /sys/class/net.",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
