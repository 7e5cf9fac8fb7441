#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/parse.h"
#include "collectors/device_dir.h"
#include "collectors/host_fs.h"
#include "collectors/small_file.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr FamilySpec kWithZoneLabel{"node_rapl_joules_total", MetricType::kCounter,
                                    "Current RAPL value in joules"};

constexpr std::array<CollectorFlag, 1> kFlags{{
    {"rapl.enable-zone-label", "enable_zone_label",
     "Give all zones one metric, with a label for the zone", "false"},
}};

struct Zone {
  std::string path;    // of the zone, a label
  std::string energy;  // path of its counter; empty if the entry is no zone
  std::string name;    // without the number that it may end with
  std::string index;
  HostFamily family;
};

/// A metric name cannot hold everything a zone's name can. As in node_exporter, what it cannot is
/// one underscore, with those around it.
std::string Sanitized(std::string name) {
  RE2::GlobalReplace(&name, "_*[^0-9A-Za-z_]+_*", "_");
  return name;
}

class RaplCollector final : public Collector {
 public:
  RaplCollector(const HostFs& fs, bool zone_label)
      : fs_(fs), dir_(fs.Dir(fs.SysPath("class/powercap"))), files_(fs), zone_label_(zone_label) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto names = dir_->List();
    if (!names) return AbsentIsUnsupported(names.error());
    if (!std::equal(names->begin(), names->end(), names_.begin(), names_.end())) FindZones(*names);
    if (zones_.empty()) return Error{Errc::kUnsupported, "no RAPL zone in class/powercap"};
    for (const Zone& zone : zones_) TRY(AddZone(zone, out));
    return Unit{};
  }

 private:
  /// Zones of one name are numbered; those whose name ends with a number ("package-1") keep it.
  void FindZones(std::span<const std::string_view> names) {
    names_.assign(names.begin(), names.end());
    zones_.clear();
    std::map<std::string, std::uint64_t> count;
    for (const std::string& entry : names_) {
      const std::string path = fs_.SysPath("class/powercap") + "/" + entry;
      const auto text = files_.Text(path + "/name");
      if (!text) continue;
      Zone zone;
      zone.path = path;
      zone.energy = path + "/energy_uj";
      zone.name.assign(*text);
      const auto dash = zone.name.find('-');
      const std::string number = dash == std::string::npos ? "" : zone.name.substr(dash + 1);
      if (const auto index = ParseInt<std::uint64_t>(number)) {
        zone.name.resize(dash);
        zone.index = std::to_string(*index);
        count[zone.name] = *index + 1;
      } else {
        zone.index = std::to_string(count[zone.name]++);
      }
      zone.family = {"node_rapl_" + Sanitized(zone.name) + "_joules_total",
                     "Current RAPL " + zone.name + " value in joules", MetricType::kCounter};
      zones_.push_back(std::move(zone));
    }
  }

  Status AddZone(const Zone& zone, FamilySink& out) {
    const RawRead read = files_.Read(zone.energy);
    if (read.error == EACCES || read.error == EPERM) {
      return Error{Errc::kUnsupported, zone.energy + ": only root may read it"};
    }
    if (read.error == ENOENT || read.error == ENODEV) return Unit{};  // removed since it was listed
    const auto microjoules = ParseInt<std::uint64_t>(read.text);
    if (!read || !microjoules) return MalformedText(zone.energy, "a number", read.text);
    const double joules = static_cast<double>(*microjoules) / 1000000.0;
    if (zone_label_) {
      out.Add(kWithZoneLabel,
              {{"index", zone.index}, {"path", zone.path}, {"rapl_zone", zone.name}}, joules);
    } else {
      out.Add(zone.family.spec(), {{"index", zone.index}, {"path", zone.path}}, joules);
    }
    return Unit{};
  }

  const HostFs& fs_;
  std::unique_ptr<HostDir> dir_;
  SmallFiles files_;
  const bool zone_label_;
  std::vector<std::string> names_;
  std::vector<Zone> zones_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector rapl");
  TRY_ASSIGN(const bool zone_label, settings.Read<bool>("enable_zone_label", YamlBool, false));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(std::make_unique<RaplCollector>(deps.fs, zone_label));
}

}  // namespace

extern const CatalogEntry kRaplCollector{
    .name = "rapl",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "Energy used by each power zone of the CPUs, from /sys/class/powercap (root only).",
    .families = {},
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
