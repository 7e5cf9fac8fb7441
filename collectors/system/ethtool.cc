#include "collectors/ethtool.h"

#include <array>
#include <span>
#include <string>
#include <vector>

#include "collectors/device_dir.h"
#include "collectors/every.h"
#include "collectors/filter.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/ethtool_name.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr FamilySpec kInfo{"node_ethtool_info", MetricType::kGauge,
                           "A metric with a constant '1' value labeled by bus_info, device, "
                           "driver, expansion_rom_version, firmware_version, version."};
constexpr FamilySpec kPortInfo{"node_network_supported_port_info", MetricType::kGauge,
                               "Type of ports or PHYs supported by network device"};
constexpr FamilySpec kAutonegotiate{"node_network_autonegotiate", MetricType::kGauge,
                                    "If this port is using autonegotiate"};

/// What a port can do, and what it offers to its peer.
struct Capabilities {
  FamilySpec speed;
  FamilySpec autonegotiate;
  FamilySpec pause;
  FamilySpec asymmetric_pause;
};
constexpr Capabilities kSupported{
    {"node_network_supported_speed_bytes", MetricType::kGauge,
     "Combination of speeds and features supported by network device"},
    {"node_network_autonegotiate_supported", MetricType::kGauge,
     "If this port device supports autonegotiate"},
    {"node_network_pause_supported", MetricType::kGauge,
     "If this port device supports pause frames"},
    {"node_network_asymmetricpause_supported", MetricType::kGauge,
     "If this port device supports asymmetric pause frames"}};
constexpr Capabilities kAdvertised{{"node_network_advertised_speed_bytes", MetricType::kGauge,
                                    "Combination of speeds and features offered by network device"},
                                   {"node_network_autonegotiate_advertised", MetricType::kGauge,
                                    "If this port device offers autonegotiate"},
                                   {"node_network_pause_advertised", MetricType::kGauge,
                                    "If this port device offers pause capability"},
                                   {"node_network_asymmetricpause_advertised", MetricType::kGauge,
                                    "If this port device offers asymmetric pause capability"}};

/// Bits of enum ethtool_link_mode_bit_indices.
struct Speed {
  int bit;
  double megabits;
  std::string_view duplex;
  std::string_view mode;
};
constexpr std::array<Speed, 23> kSpeeds{{
    {0, 10, "half", "10baseT"},           {1, 10, "full", "10baseT"},
    {2, 100, "half", "100baseT"},         {3, 100, "full", "100baseT"},
    {4, 1000, "half", "1000baseT"},       {5, 1000, "full", "1000baseT"},
    {12, 10000, "full", "10000baseT"},    {15, 2500, "full", "2500baseX"},
    {17, 1000, "full", "1000baseKX"},     {18, 10000, "full", "10000baseKX4"},
    {19, 10000, "full", "10000baseKR"},   {20, 10000, "full", "10000baseR_FEC"},
    {21, 20000, "full", "20000baseMLD2"}, {22, 20000, "full", "20000baseKR2"},
    {23, 40000, "full", "40000baseKR4"},  {24, 40000, "full", "40000baseCR4"},
    {25, 40000, "full", "40000baseSR4"},  {26, 40000, "full", "40000baseLR4"},
    {27, 56000, "full", "56000baseKR4"},  {28, 56000, "full", "56000baseCR4"},
    {29, 56000, "full", "56000baseSR4"},  {30, 56000, "full", "56000baseLR4"},
    {31, 25000, "full", "25000baseCR"},
}};
struct PortType {
  int bit;
  std::string_view type;
};
constexpr std::array<PortType, 6> kPortTypes{
    {{7, "TP"}, {8, "AUI"}, {9, "MII"}, {10, "FIBRE"}, {11, "BNC"}, {16, "Backplane"}}};
constexpr int kAutonegotiateBit = 6;
constexpr int kPauseBit = 13;
constexpr int kAsymmetricPauseBit = 14;
constexpr double kBytesPerMegabit = 1000 * 1000 / 8;

bool Has(std::uint32_t modes, int bit) { return (modes >> bit & 1) != 0; }

constexpr std::array<CollectorFlag, 3> kFlags{{
    {"ethtool.device-include", "device_include",
     "Regexp of ethtool devices to include (mutually exclusive to device-exclude).", ""},
    {"ethtool.device-exclude", "device_exclude",
     "Regexp of ethtool devices to exclude (mutually exclusive to device-include).", ""},
    {"ethtool.metrics-include", "metrics_include", "Regexp of ethtool stats to include.", ".*"},
}};

struct Filters {
  NameFilter devices;
  NameFilter metrics;
};

/// A driver may rename its statistics without changing their number.
constexpr seconds kNamesPeriod(60);

/// A text of the kernel's, which need not end with a NUL.
template <std::size_t N>
std::string_view TextOf(const char (&text)[N]) {
  return std::string_view(text, N).substr(0, std::string_view(text, N).find('\0'));
}

class EthtoolCollector final : public Collector {
 public:
  EthtoolCollector(const HostFs& fs, Filters filters)
      : fs_(fs),
        filters_(std::move(filters)),
        ethtool_(fs.Ethtool()),
        names_due_(kNamesPeriod),
        devices_(fs, fs.SysPath("class/net")) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    const bool names_due = names_due_.Due(round);
    const Status status = devices_.ForEach(
        [this](std::string_view name, const std::string& path) { return MakeDevice(name, path); },
        [&](std::string_view, Device& device) {
          if (!device.kept) return Status(Unit{});
          if (names_due) device.families.clear();
          AddLink(device, out);
          AddStatistics(device, AddDriver(device, out), out);
          return Status(Unit{});
        });
    return status ? status : AbsentIsUnsupported(status.error());
  }

 private:
  struct Device {
    std::string name;
    bool kept;
    std::vector<HostFamily> families;  // of the statistics; an empty name: left out
  };

  Device MakeDevice(std::string_view name, const std::string& path) const {
    const auto status = fs_.Stat(path);
    // bonding_masters is a file among the devices.
    const bool kept = status && !status->regular && filters_.devices.Keeps(name);
    return {std::string(name), kept, {}};
  }

  void AddLink(const Device& device, FamilySink& out) {
    ethtool_cmd link{};
    if (ethtool_->ReadLink(device.name, link) != 0) return;
    AddCapabilities(kSupported, device, link.supported, out);
    for (const PortType& port : kPortTypes) {
      if (!Has(link.supported, port.bit)) continue;
      out.Add(kPortInfo, {{"device", device.name}, {"type", port.type}}, 1);
    }
    AddCapabilities(kAdvertised, device, link.advertising, out);
    out.Add(kAutonegotiate, {{"device", device.name}}, link.autoneg);
  }

  static void AddCapabilities(const Capabilities& families, const Device& device,
                              std::uint32_t modes, FamilySink& out) {
    for (const Speed& speed : kSpeeds) {
      if (!Has(modes, speed.bit)) continue;
      out.Add(families.speed,
              {{"device", device.name}, {"duplex", speed.duplex}, {"mode", speed.mode}},
              speed.megabits * kBytesPerMegabit);
    }
    const auto add = [&](const FamilySpec& family, int bit) {
      out.Add(family, {{"device", device.name}}, Has(modes, bit) ? 1 : 0);
    };
    add(families.autonegotiate, kAutonegotiateBit);
    add(families.pause, kPauseBit);
    add(families.asymmetric_pause, kAsymmetricPauseBit);
  }

  /// How many statistics the driver has.
  std::uint32_t AddDriver(const Device& device, FamilySink& out) {
    ethtool_drvinfo driver{};
    if (ethtool_->ReadDriver(device.name, driver) != 0) return 0;
    out.Add(kInfo,
            {{"bus_info", TextOf(driver.bus_info)},
             {"device", device.name},
             {"driver", TextOf(driver.driver)},
             {"expansion_rom_version", TextOf(driver.erom_version)},
             {"firmware_version", TextOf(driver.fw_version)},
             {"version", TextOf(driver.version)}},
            1);
    return driver.n_stats;
  }

  void AddStatistics(Device& device, std::uint32_t count, FamilySink& out) {
    if (count == 0) return;
    if (device.families.size() != count) {
      device.families.clear();
      if (ethtool_->ReadStatisticNames(device.name, count, names_) != 0) return;
      device.families = EthtoolFamilies(
          names_, [this](std::string_view name) { return filters_.metrics.Keeps(name); });
    }
    if (ethtool_->ReadStatistics(device.name, count, values_) != 0) return;
    for (std::size_t i = 0; i < device.families.size() && i < values_.size(); ++i) {
      const HostFamily& family = device.families[i];
      if (family.name.empty()) continue;
      out.Add(family.spec(), {{"device", device.name}}, static_cast<double>(values_[i]));
    }
  }

  const HostFs& fs_;
  const Filters filters_;
  std::unique_ptr<EthtoolSource> ethtool_;
  Every names_due_;
  DeviceDir<Device> devices_;
  std::vector<std::string> names_;
  std::vector<std::uint64_t> values_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector ethtool");
  Filters filters;
  TRY_ASSIGN(filters.devices,
             ReadNameFilter(settings, {.include = "device_include", .exclude = "device_exclude"}));
  TRY_ASSIGN(filters.metrics,
             ReadNameFilter(settings, {.include = "metrics_include", .default_include = ".*"}));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(
      std::make_unique<EthtoolCollector>(deps.fs, std::move(filters)));
}

}  // namespace

extern const CatalogEntry kEthtoolCollector{
    .name = "ethtool",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(10),  // some drivers ask their card's firmware for each statistic
    .help = "Driver, link modes and driver's statistics of network devices, from ethtool ioctls.",
    .families = {},
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
