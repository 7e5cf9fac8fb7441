#include <array>
#include <vector>

#include "base/parse.h"
#include "collectors/device_dir.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 3> kFamilies{{
    {"node_thermal_zone_temp", MetricType::kGauge, "Zone temperature in Celsius"},
    {"node_cooling_device_cur_state", MetricType::kGauge,
     "Current throttle state of the cooling device"},
    {"node_cooling_device_max_state", MetricType::kGauge,
     "Maximum throttle state of the cooling device"},
}};

constexpr std::string_view kZone = "thermal_zone";
constexpr std::string_view kCooling = "cooling_device";

/// The files of one zone or cooling device.
struct Device {
  std::unique_ptr<HostFile> type;
  std::unique_ptr<HostFile> first;   // temp, or cur_state
  std::unique_ptr<HostFile> second;  // max_state of a cooling device
};

class ThermalZoneCollector final : public Collector {
 public:
  explicit ThermalZoneCollector(const HostFs& fs)
      : fs_(fs), devices_(fs, fs.SysPath("class/thermal")) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    bool any = false;
    const Status status = devices_.ForEach(
        [this](std::string_view name, const std::string& path) { return Open(name, path); },
        [&](std::string_view name, Device& device) -> Status {
          if (const auto zone = NumberAfter(kZone, name); !zone.empty()) {
            any |= AddZone(device, zone, out);
          } else if (const auto cooling = NumberAfter(kCooling, name); !cooling.empty()) {
            any |= AddCooling(device, cooling, out);
          }
          return Unit{};
        });
    if (!status) return AbsentIsUnsupported(status.error());
    if (!any) return Error{Errc::kUnsupported, "no thermal zone or cooling device answers"};
    return Unit{};
  }

 private:
  Device Open(std::string_view name, const std::string& path) const {
    if (!NumberAfter(kZone, name).empty()) {
      return {fs_.File(path + "type"), fs_.File(path + "temp"), nullptr};
    }
    if (!NumberAfter(kCooling, name).empty()) {
      return {fs_.File(path + "type"), fs_.File(path + "cur_state"), fs_.File(path + "max_state")};
    }
    return {};
  }

  /// A number, or nothing: a sensor that is asleep (ENODATA) or unplugged costs only its own data.
  static std::optional<std::int64_t> ReadNumber(HostFile& file) {
    const auto text = file.Read();
    return text ? ParseInt<std::int64_t>(Trim(*text)) : std::nullopt;
  }

  static bool AddZone(Device& device, std::string_view zone, FamilySink& out) {
    const auto millidegrees = ReadNumber(*device.first);
    const auto type = device.type->Read();
    if (!millidegrees || !type) return false;
    out.Add(kFamilies[0], {{"type", Trim(*type)}, {"zone", zone}},
            static_cast<double>(*millidegrees) / 1000.0);
    return true;
  }

  static bool AddCooling(Device& device, std::string_view name, FamilySink& out) {
    const auto current = ReadNumber(*device.first);
    const auto max = ReadNumber(*device.second);
    const auto type = device.type->Read();
    if (!current || !max || !type) return false;
    const std::array<LabelView, 2> labels{{{"name", name}, {"type", Trim(*type)}}};
    out.Add(kFamilies[1], labels, static_cast<double>(*current));
    out.Add(kFamilies[2], labels, static_cast<double>(*max));
    return true;
  }

  const HostFs& fs_;
  DeviceDir<Device> devices_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<ThermalZoneCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kThermalZoneCollector{
    .name = "thermal_zone",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "Temperatures and states of cooling devices, from /sys/class/thermal.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
