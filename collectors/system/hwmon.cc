#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/parse.h"
#include "base/utf8.h"
#include "collectors/every.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/small_file.h"
#include "collectors/source.h"
#include "collectors/system/hwmon_name.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr FamilySpec kChipNames{"node_hwmon_chip_names", MetricType::kGauge,
                                "Annotation metric for human-readable chip names"};
constexpr FamilySpec kSensorLabel{"node_hwmon_sensor_label", MetricType::kGauge,
                                  "Label for given chip and sensor"};

/// Chips come and go by their folder, which is looked at every round; a sensor that a driver adds
/// to a chip later is found by this.
constexpr seconds kScanPeriod(60);

class HwmonCollector final : public Collector {
 public:
  explicit HwmonCollector(const HostFs& fs)
      : fs_(fs), files_(fs), dir_(fs.Dir(fs.SysPath("class/hwmon"))), scan_due_(kScanPeriod) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    const auto names = dir_->List();
    if (!names) return AbsentIsUnsupported(names.error());
    if (!std::equal(names->begin(), names->end(), chip_dirs_.begin(), chip_dirs_.end())) {
      chip_dirs_.assign(names->begin(), names->end());
      scan_due_.Reset();
    }
    if (scan_due_.Due(round)) Scan();
    for (const Chip& chip : chips_) AddChip(chip, out);
    return Unit{};
  }

 private:
  struct Reading {
    std::string path;
    std::string sensor;
    const HostFamily* family;
    double factor;
    double divisor;
    bool is_switch;  // 1 counts as 1, all else as 0
  };
  struct SensorLabel {
    std::string sensor;
    std::string label;
  };
  struct Chip {
    std::string name;
    std::string human_name;  // empty: none
    std::vector<SensorLabel> labels;
    std::vector<Reading> readings;
  };
  /// Of each sensor ("fan1"), the path of each property; sorted, so that rounds are alike.
  using Sensors = std::map<std::string, std::map<std::string, std::string, std::less<>>>;

  void AddChip(const Chip& chip, FamilySink& out) {
    if (!chip.human_name.empty()) {
      out.Add(kChipNames, {{"chip", chip.name}, {"chip_name", chip.human_name}}, 1);
    }
    for (const SensorLabel& label : chip.labels) {
      out.Add(kSensorLabel, {{"chip", chip.name}, {"label", label.label}, {"sensor", label.sensor}},
              1);
    }
    for (const Reading& reading : chip.readings) {
      // A sensor that sleeps or fails says EIO, ENODATA, EAGAIN: it costs only its own value.
      auto value = files_.Double(reading.path);
      if (!value) continue;
      if (reading.is_switch) value = *value == 1 ? 1 : 0;
      out.Add(reading.family->spec(), {{"chip", chip.name}, {"sensor", reading.sensor}},
              *value * reading.factor / reading.divisor);
    }
  }

  void Scan() {
    chips_.clear();
    for (const std::string& name : chip_dirs_) {
      const std::string dir = fs_.SysPath("class/hwmon") + "/" + name;
      Sensors sensors;
      ListSensors(dir, sensors);
      ListSensors(dir + "/device", sensors);
      Chip chip{.name = ChipName(dir), .human_name = HumanName(dir), .labels = {}, .readings = {}};
      if (chip.name.empty()) continue;
      MakeNameUnique(chip, name);
      for (const auto& [sensor, properties] : sensors) AddSensor(sensor, properties, chip);
      chips_.push_back(std::move(chip));
    }
  }

  /// A driver may have several chips of one device, as i915 has one for each of its tiles: the
  /// second one is told by the driver's name for it, or else by its folder's.
  void MakeNameUnique(Chip& chip, const std::string& folder) const {
    const auto taken = [this](const std::string& name) {
      return std::any_of(chips_.begin(), chips_.end(),
                         [&](const Chip& other) { return other.name == name; });
    };
    if (!taken(chip.name)) return;
    const std::string by_driver = chip.name + "_" + chip.human_name;
    chip.name = chip.human_name.empty() || taken(by_driver) ? chip.name + "_" + folder : by_driver;
  }

  void ListSensors(const std::string& dir, Sensors& sensors) const {
    const auto names = fs_.List(dir);
    if (!names) return;  // most chips have their sensors in one of the two places
    for (const std::string& name : *names) {
      const auto file = ParseSensorFile(name);
      if (!file) continue;
      std::string sensor(file->type);
      sensor += std::to_string(file->number);
      sensors[std::move(sensor)][std::string(file->property)] = dir + "/" + name;
    }
  }

  void AddSensor(const std::string& sensor,
                 const std::map<std::string, std::string, std::less<>>& properties, Chip& chip) {
    const std::string_view type =
        std::string_view(sensor).substr(0, sensor.find_first_of("0123456789"));
    const bool has_bare_value = properties.find(std::string_view()) != properties.end();
    for (const auto& [property, path] : properties) {
      if (property == "label") {
        AddLabel(sensor, path, chip);
        continue;
      }
      const bool only_bare = type == "beep_enable" || type == "vrm" || type == "update_interval";
      if (only_bare && !property.empty()) continue;
      SensorMetric metric = MetricOf(type, property, has_bare_value);
      chip.readings.push_back({.path = path,
                               .sensor = sensor,
                               .family = FamilyNamed(metric),
                               .factor = metric.factor,
                               .divisor = metric.divisor,
                               .is_switch = type == "beep_enable"});
    }
  }

  void AddLabel(const std::string& sensor, const std::string& path, Chip& chip) {
    const RawRead read = fs_.ReadInto(path, buffer_);
    std::string_view text = read.text;
    while (text.starts_with('\n')) text.remove_prefix(1);
    while (text.ends_with('\n')) text.remove_suffix(1);
    if (!text.empty()) chip.labels.push_back({sensor, ToValidUtf8(text)});
  }

  /// Two properties may come to one name ("temp1", "temp1_input"): the first's help stands.
  const HostFamily* FamilyNamed(SensorMetric& metric) {
    for (const HostFamily& family : families_) {
      if (family.name == metric.name) return &family;
    }
    families_.push_back({std::move(metric.name), std::move(metric.help), metric.type});
    return &families_.back();
  }

  /// The number of a chip depends on the order in which modules load; the device it belongs to
  /// does not: "platform_coretemp_0". Without one the driver's name has to do.
  std::string ChipName(const std::string& dir) const {
    if (const auto device = fs_.RealPath(dir + "/device")) {
      const auto slash = device->rfind('/');
      const std::string parent = device->substr(0, slash);
      const std::string name = CleanMetricName(device->substr(slash + 1));
      const std::string bus = CleanMetricName(parent.substr(parent.rfind('/') + 1));
      if (!name.empty()) return bus.empty() ? name : bus + "_" + name;
    }
    if (std::string name = HumanName(dir); !name.empty()) return name;
    const auto real = fs_.RealPath(dir);
    return real ? CleanMetricName(real->substr(real->rfind('/') + 1)) : std::string();
  }

  std::string HumanName(const std::string& dir) const {
    const auto name = fs_.Read(dir + "/name");
    return name ? CleanMetricName(Trim(*name)) : std::string();
  }

  const HostFs& fs_;
  SmallFiles files_;
  std::unique_ptr<HostDir> dir_;
  Every scan_due_;
  std::vector<std::string> chip_dirs_;
  std::vector<Chip> chips_;
  std::deque<HostFamily> families_;  // whose elements stay where they are
  std::string buffer_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<HwmonCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kHwmonCollector{
    .name = "hwmon",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),  // a reading may be a conversation over a slow bus
    .help = "Temperatures, fans, voltages and other sensors, from /sys/class/hwmon.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
