#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "collectors/device_dir.h"
#include "collectors/every.h"
#include "collectors/filter.h"
#include "collectors/host_fs.h"
#include "collectors/small_file.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

/// A file with a number, how many of its units make one of the family's.
struct Quantity {
  std::string_view file;
  FamilySpec family;
  double per_unit;
};

#define TOCSIN_POWER(file, metric, per_unit)                          \
  {                                                                   \
    file,                                                             \
        {"node_power_supply_" metric, MetricType::kGauge,             \
         metric " value of /sys/class/power_supply/<power_supply>."}, \
        per_unit                                                      \
  }

constexpr std::array<Quantity, 49> kQuantities{{
    TOCSIN_POWER("authentic", "authentic", 1),
    TOCSIN_POWER("calibrate", "calibrate", 1),
    TOCSIN_POWER("capacity", "capacity", 1),
    TOCSIN_POWER("capacity_alert_max", "capacity_alert_max", 1),
    TOCSIN_POWER("capacity_alert_min", "capacity_alert_min", 1),
    TOCSIN_POWER("cycle_count", "cyclecount", 1),
    TOCSIN_POWER("online", "online", 1),
    TOCSIN_POWER("present", "present", 1),
    TOCSIN_POWER("time_to_empty_now", "time_to_empty_seconds", 1),
    TOCSIN_POWER("time_to_full_now", "time_to_full_seconds", 1),
    TOCSIN_POWER("current_boot", "current_boot", 1e6),
    TOCSIN_POWER("current_max", "current_max", 1e6),
    TOCSIN_POWER("current_now", "current_ampere", 1e6),
    TOCSIN_POWER("energy_empty", "energy_empty", 1e6),
    TOCSIN_POWER("energy_empty_design", "energy_empty_design", 1e6),
    TOCSIN_POWER("energy_full", "energy_full", 1e6),
    TOCSIN_POWER("energy_full_design", "energy_full_design", 1e6),
    TOCSIN_POWER("energy_now", "energy_watthour", 1e6),
    TOCSIN_POWER("voltage_boot", "voltage_boot", 1e6),
    TOCSIN_POWER("voltage_max", "voltage_max", 1e6),
    TOCSIN_POWER("voltage_max_design", "voltage_max_design", 1e6),
    TOCSIN_POWER("voltage_min", "voltage_min", 1e6),
    TOCSIN_POWER("voltage_min_design", "voltage_min_design", 1e6),
    TOCSIN_POWER("voltage_now", "voltage_volt", 1e6),
    TOCSIN_POWER("voltage_ocv", "voltage_ocv", 1e6),
    TOCSIN_POWER("charge_control_limit", "charge_control_limit", 1e6),
    TOCSIN_POWER("charge_control_limit_max", "charge_control_limit_max", 1e6),
    TOCSIN_POWER("charge_counter", "charge_counter", 1e6),
    TOCSIN_POWER("charge_empty", "charge_empty", 1e6),
    TOCSIN_POWER("charge_empty_design", "charge_empty_design", 1e6),
    TOCSIN_POWER("charge_full", "charge_full", 1e6),
    TOCSIN_POWER("charge_full_design", "charge_full_design", 1e6),
    TOCSIN_POWER("charge_now", "charge_ampere", 1e6),
    TOCSIN_POWER("charge_term_current", "charge_term_current", 1e6),
    TOCSIN_POWER("constant_charge_current", "constant_charge_current", 1e6),
    TOCSIN_POWER("constant_charge_current_max", "constant_charge_current_max", 1e6),
    TOCSIN_POWER("constant_charge_voltage", "constant_charge_voltage", 1e6),
    TOCSIN_POWER("constant_charge_voltage_max", "constant_charge_voltage_max", 1e6),
    TOCSIN_POWER("precharge_current", "precharge_current", 1e6),
    TOCSIN_POWER("input_current_limit", "input_current_limit", 1e6),
    TOCSIN_POWER("power_now", "power_watt", 1e6),
    TOCSIN_POWER("temp", "temp_celsius", 10),
    TOCSIN_POWER("temp_alert_max", "temp_alert_max_celsius", 10),
    TOCSIN_POWER("temp_alert_min", "temp_alert_min_celsius", 10),
    TOCSIN_POWER("temp_ambient", "temp_ambient_celsius", 10),
    TOCSIN_POWER("temp_ambient_max", "temp_ambient_max_celsius", 10),
    TOCSIN_POWER("temp_ambient_min", "temp_ambient_min_celsius", 10),
    TOCSIN_POWER("temp_max", "temp_max_celsius", 10),
    TOCSIN_POWER("temp_min", "temp_min_celsius", 10),
}};

#undef TOCSIN_POWER

constexpr FamilySpec kInfo{"node_power_supply_info", MetricType::kGauge,
                           "info of /sys/class/power_supply/<power_supply>."};

constexpr auto kFamilies = [] {
  std::array<FamilySpec, kQuantities.size() + 1> families{};
  for (std::size_t i = 0; i < kQuantities.size(); ++i) families[i] = kQuantities[i].family;
  families.back() = kInfo;
  return families;
}();

/// Files whose text is a label of the same name.
constexpr std::array<std::string_view, 11> kTexts{
    "capacity_level", "charge_type", "health",     "manufacturer", "model_name", "scope",
    "serial_number",  "status",      "technology", "type",         "usb_type",
};

constexpr std::string_view kDefaultIgnored = "^$";

constexpr std::array<CollectorFlag, 1> kFlags{{
    {"powersupply.ignored-supplies", "ignored_supplies",
     "Regexp of power supplies to ignore for powersupplyclass collector.", kDefaultIgnored},
}};

/// Drivers make files for what they know, once; a battery that is plugged in later may have more.
constexpr seconds kLookAgain{60};

struct NumberFile {
  const Quantity* quantity;
  std::string path;
};

struct TextFile {
  std::string_view label;
  std::string path;
  std::string text;  // kept for its memory
};

struct Supply {
  bool ignored = false;
  std::string path;
  std::vector<NumberFile> numbers;
  std::vector<TextFile> texts;
};

/// Firmware writes what it likes: as in node_exporter, a run of bytes that are no UTF-8 becomes one
/// replacement character.
void AssignValidUtf8(std::string_view text, std::string& out) {
  if (IsValidUtf8(text)) {
    out.assign(text);
    return;
  }
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  out.clear();
  AppendValidUtf8(text, out);
  const std::string twice = std::string(kReplacement) + std::string(kReplacement);
  for (auto at = out.find(twice); at != std::string::npos; at = out.find(twice, at)) {
    out.erase(at, kReplacement.size());
  }
}

class PowersupplyclassCollector final : public Collector {
 public:
  PowersupplyclassCollector(const HostFs& fs, NameFilter supplies)
      : fs_(fs),
        filter_(std::move(supplies)),
        files_(fs),
        supplies_(fs, fs.SysPath("class/power_supply")),
        look_again_(kLookAgain) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    bool any = false;
    const bool look_again = look_again_.Due(round);
    const Status status = supplies_.ForEach(
        [this](std::string_view name, const std::string& path) {
          Supply supply;
          supply.ignored = !filter_.Keeps(name);
          supply.path = path;
          if (!supply.ignored) FindFiles(supply);
          return supply;
        },
        [&](std::string_view name, Supply& supply) -> Status {
          if (supply.ignored) return Unit{};
          any = true;
          if (look_again) FindFiles(supply);
          return AddSupply(name, supply, out);
        });
    if (!status) return AbsentIsUnsupported(status.error());
    if (!any) return Error{Errc::kUnsupported, "there is no power supply"};
    return Unit{};
  }

 private:
  void FindFiles(Supply& supply) const {
    supply.numbers.clear();
    supply.texts.clear();
    for (const Quantity& quantity : kQuantities) {
      std::string path = supply.path + std::string(quantity.file);
      if (fs_.Exists(path)) supply.numbers.push_back({&quantity, std::move(path)});
    }
    for (const std::string_view text : kTexts) {
      std::string path = supply.path + std::string(text);
      if (fs_.Exists(path)) supply.texts.push_back({text, std::move(path), {}});
    }
  }

  Status AddSupply(std::string_view name, Supply& supply, FamilySink& out) {
    for (const NumberFile& file : supply.numbers) {
      // A driver answers ENODEV or ENODATA for what the battery of the moment does not have.
      const auto value = files_.Int<std::int64_t>(file.path);
      if (!value) continue;
      out.Add(file.quantity->family, {{"power_supply", name}},
              static_cast<double>(*value) / file.quantity->per_unit);
    }
    labels_.assign({{"power_supply", name}});
    for (TextFile& file : supply.texts) {
      const auto text = files_.Text(file.path);
      if (!text || text->empty()) continue;
      AssignValidUtf8(*text, file.text);
      labels_.push_back({file.label, file.text});
    }
    std::sort(labels_.begin(), labels_.end());
    out.Add(kInfo, labels_, 1);
    return Unit{};
  }

  const HostFs& fs_;
  const NameFilter filter_;
  SmallFiles files_;
  DeviceDir<Supply> supplies_;
  Every look_again_;
  std::vector<LabelView> labels_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector powersupplyclass");
  TRY_ASSIGN(NameFilter supplies, ReadNameFilter(settings, {.exclude = "ignored_supplies",
                                                            .default_exclude = kDefaultIgnored}));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(
      std::make_unique<PowersupplyclassCollector>(deps.fs, std::move(supplies)));
}

}  // namespace

extern const CatalogEntry kPowersupplyclassCollector{
    .name = "powersupplyclass",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(10),
    .help = "Charge, energy and state of batteries and mains, from /sys/class/power_supply.",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
