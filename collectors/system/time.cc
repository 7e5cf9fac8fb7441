#include <array>
#include <vector>

#include "base/parse.h"
#include "collectors/decimal_text.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 4> kFamilies{{
    {"node_time_seconds", MetricType::kGauge, "System time in seconds since epoch (1970)."},
    {"node_time_zone_offset_seconds", MetricType::kGauge, "System time zone offset in seconds."},
    {"node_time_clocksource_available_info", MetricType::kGauge,
     "Available clocksources read from '/sys/devices/system/clocksource'."},
    {"node_time_clocksource_current_info", MetricType::kGauge,
     "Current clocksource read from '/sys/devices/system/clocksource'."},
}};

constexpr std::string_view kClocksources = "devices/system/clocksource";

class TimeCollector final : public Collector {
 public:
  explicit TimeCollector(const HostFs& fs) : fs_(fs) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    out.Add(kFamilies[0], {}, ToSeconds(round.now));
    const LocalZone zone = fs_.ZoneAt(round.now);
    out.Add(kFamilies[1], {{"time_zone", zone.name}}, static_cast<double>(zone.offset.count()));
    if (!listed_) TRY(ListClocksources());
    for (std::size_t i = 0; i < clocksources_.size(); ++i) {
      if (Status status = AddClocksource(clocksources_[i], i, out); !status) {
        listed_ = false;
        return status;
      }
    }
    return Unit{};
  }

 private:
  struct Clocksource {
    std::unique_ptr<HostFile> available;
    std::unique_ptr<HostFile> current;
  };

  /// Clock sources do not come and go; a host may have no such directory.
  Status ListClocksources() {
    clocksources_.clear();
    const auto names = fs_.List(fs_.SysPath(kClocksources));
    if (!names && names.error().code() != Errc::kNotFound) return names.error();
    listed_ = true;
    if (!names) return Unit{};
    for (const std::string& name : *names) {
      if (!name.starts_with("clocksource")) continue;
      const std::string path = fs_.SysPath(kClocksources) + "/" + name + "/";
      clocksources_.push_back(
          {fs_.File(path + "available_clocksource"), fs_.File(path + "current_clocksource")});
    }
    return Unit{};
  }

  static Status AddClocksource(Clocksource& source, std::size_t index, FamilySink& out) {
    const DecimalText device(index);
    const auto available = source.available->Read();
    if (!available) return AbsentIsFailure(available.error());
    std::string_view names = *available;
    for (std::string_view name = TakeField(names); !name.empty(); name = TakeField(names)) {
      out.Add(kFamilies[2], {{"clocksource", name}, {"device", device.view()}}, 1);
    }
    const auto current = source.current->Read();
    if (!current) return AbsentIsFailure(current.error());
    out.Add(kFamilies[3], {{"clocksource", Trim(*current)}, {"device", device.view()}}, 1);
    return Unit{};
  }

  const HostFs& fs_;
  bool listed_ = false;
  std::vector<Clocksource> clocksources_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<TimeCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kTimeCollector{
    .name = "time",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "The wall clock, the time zone and the kernel's clock sources.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
