#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/parse.h"
#include "collectors/dbus.h"
#include "collectors/every.h"
#include "collectors/filter.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr FamilySpec kUnitState{"node_systemd_unit_state", MetricType::kGauge, "Systemd unit"};
constexpr FamilySpec kStartTime{"node_systemd_unit_start_time_seconds", MetricType::kGauge,
                                "Start time of the unit since unix epoch in seconds."};
constexpr FamilySpec kTasksCurrent{"node_systemd_unit_tasks_current", MetricType::kGauge,
                                   "Current number of tasks per Systemd unit"};
constexpr FamilySpec kTasksMax{"node_systemd_unit_tasks_max", MetricType::kGauge,
                               "Maximum number of tasks per Systemd unit"};
constexpr FamilySpec kRunning{
    "node_systemd_system_running", MetricType::kGauge,
    "Whether the system is operational (see 'systemctl is-system-running')"};
constexpr FamilySpec kUnits{"node_systemd_units", MetricType::kGauge,
                            "Summary of systemd unit states"};
constexpr FamilySpec kRestarts{"node_systemd_service_restart_total", MetricType::kCounter,
                               "Service unit count of Restart triggers"};
constexpr FamilySpec kLastTrigger{"node_systemd_timer_last_trigger_seconds", MetricType::kGauge,
                                  "Seconds since epoch of last trigger."};
constexpr FamilySpec kAccepted{"node_systemd_socket_accepted_connections_total",
                               MetricType::kCounter, "Total number of accepted socket connections"};
constexpr FamilySpec kConnections{"node_systemd_socket_current_connections", MetricType::kGauge,
                                  "Current number of socket connections"};
constexpr FamilySpec kRefused{"node_systemd_socket_refused_connections_total", MetricType::kGauge,
                              "Total number of refused socket connections"};
constexpr FamilySpec kVersion{"node_systemd_version", MetricType::kGauge,
                              "Detected systemd version"};

constexpr std::array<FamilySpec, 12> kFamilies{
    kUnitState, kStartTime,   kTasksCurrent, kTasksMax,    kRunning, kUnits,
    kRestarts,  kLastTrigger, kAccepted,     kConnections, kRefused, kVersion};

constexpr std::string_view kDefaultInclude = ".+";
constexpr std::string_view kDefaultExclude = ".+\\.(automount|device|mount|scope|slice)";

constexpr std::array<CollectorFlag, 5> kFlags{{
    {"systemd.unit-include", "unit_include",
     "Regexp of systemd units to include. Units must both match include and not match exclude to "
     "be included.",
     kDefaultInclude},
    {"systemd.unit-exclude", "unit_exclude",
     "Regexp of systemd units to exclude. Units must both match include and not match exclude to "
     "be included.",
     kDefaultExclude},
    {"systemd.enable-task-metrics", "enable_task_metrics",
     "Enables service unit tasks metrics unit_tasks_current and unit_tasks_max", "false"},
    {"systemd.enable-restarts-metrics", "enable_restarts_metrics",
     "Enables service unit metric service_restart_total", "false"},
    {"systemd.enable-start-time-metrics", "enable_start_time_metrics",
     "Enables service unit metric unit_start_time_seconds", "false"},
}};

constexpr std::array<std::string_view, 5> kStates{"active", "activating", "deactivating",
                                                  "inactive", "failed"};

/// Passing states, which count in the summary only while a unit is in them.
constexpr std::array<std::string_view, 3> kPassingStates{"reloading", "maintenance", "refreshing"};

constexpr std::string_view kManagerPath = "/org/freedesktop/systemd1";
constexpr std::string_view kInterfaceBase = "org.freedesktop.systemd1.";
constexpr double kMicrosPerSecond = 1e6;

/// What a unit's name ends with, and so what it is.
struct Kind {
  std::string_view suffix;
  std::string_view interface;
};
constexpr std::array<Kind, 4> kKinds{{{".service", "org.freedesktop.systemd1.Service"},
                                      {".mount", "org.freedesktop.systemd1.Mount"},
                                      {".socket", "org.freedesktop.systemd1.Socket"},
                                      {".timer", "org.freedesktop.systemd1.Timer"}}};

/// A unit as ListUnits has it.
struct SystemdUnit {
  std::string name;
  std::string active_state;
  std::string path;
};

struct Options {
  NameFilter units;
  bool tasks = false;
  bool restarts = false;
  bool start_time = false;
};

/// The properties of systemd's objects, read one by one.
class Systemd {
 public:
  explicit Systemd(const HostFs& fs) : bus_(fs.SystemBus()) {}

  Result<std::string_view> Call(std::string_view path, std::string_view interface,
                                std::string_view member,
                                std::span<const std::string_view> arguments) {
    return bus_->Call({"org.freedesktop.systemd1", path, interface, member, arguments});
  }

  /// Errors: kNotFound if this version of systemd does not have it or has it of another type.
  Result<std::string_view> Text(std::string_view path, std::string_view interface,
                                std::string_view property) {
    TRY_ASSIGN(DbusReader reader, Get(path, interface, property, "s"));
    return OrAbsent(reader.String(), property);
  }
  Result<std::uint32_t> Number32(std::string_view path, std::string_view interface,
                                 std::string_view property) {
    TRY_ASSIGN(DbusReader reader, Get(path, interface, property, "u"));
    return OrAbsent(reader.Uint32(), property);
  }
  Result<std::uint64_t> Number64(std::string_view path, std::string_view interface,
                                 std::string_view property) {
    TRY_ASSIGN(DbusReader reader, Get(path, interface, property, "t"));
    return OrAbsent(reader.Uint64(), property);
  }

 private:
  Result<DbusReader> Get(std::string_view path, std::string_view interface,
                         std::string_view property, std::string_view type) {
    const std::array<std::string_view, 2> arguments{interface, property};
    TRY_ASSIGN(const std::string_view body,
               Call(path, "org.freedesktop.DBus.Properties", "Get", arguments));
    DbusReader reader(body);
    if (!reader.EnterVariant(type)) return Absent(property);
    return reader;
  }

  template <class T>
  static Result<T> OrAbsent(std::optional<T> value, std::string_view property) {
    if (!value) return Absent(property);
    return *value;
  }

  static Error Absent(std::string_view property) {
    return {Errc::kNotFound, std::string(property) + " is not of the type that was meant"};
  }

  std::unique_ptr<DbusConnection> bus_;
};

/// "252.22-1~deb12u1" is 252.22.
double VersionNumber(std::string_view text) {
  const auto start = text.find_first_of("0123456789");
  if (start == std::string_view::npos) return 0;
  text.remove_prefix(start);
  const auto end = text.find_first_not_of("0123456789.");
  text = text.substr(0, end);
  const auto dot = text.find('.');
  if (dot != std::string_view::npos) text = text.substr(0, text.find('.', dot + 1));
  while (text.ends_with('.')) text.remove_suffix(1);
  return ParseDouble(text).value_or(0);
}

class SystemdCollector final : public Collector {
 public:
  SystemdCollector(const HostFs& fs, Options options)
      : options_(std::move(options)), systemd_(fs), types_again_(seconds(300)) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    const std::string manager = std::string(kInterfaceBase) + "Manager";
    const auto version = systemd_.Text(kManagerPath, manager, "Version");
    if (!version) return AbsentIsUnsupported(version.error());
    out.Add(kVersion, {{"version", *version}}, VersionNumber(*version));
    const auto state = systemd_.Text(kManagerPath, manager, "SystemState");  // since version 212
    if (state) out.Add(kRunning, {}, *state == "running" ? 1 : 0);
    TRY(ListUnits(manager, out));
    if (types_again_.Due(round)) types_.Truncate(0);
    for (std::size_t i = 0; i < unit_count_; ++i) {
      if (round.stop.stop_requested()) return Error{Errc::kCancelled, "stopped among units"};
      TRY(AddUnit(i, out));
    }
    return Unit{};
  }

 private:
  Status ListUnits(std::string_view manager, FamilySink& out) {
    TRY_ASSIGN(const std::string_view body, systemd_.Call(kManagerPath, manager, "ListUnits", {}));
    DbusReader reader(body);
    if (!reader.EnterArrayOfStructs()) {
      return Error{Errc::kMalformed, "systemd: ListUnits gave no list"};
    }
    std::array<std::uint64_t, kStates.size()> counts{};
    std::array<std::uint64_t, kPassingStates.size()> passing{};
    unit_count_ = 0;
    for (std::size_t row = 0; reader.NextStruct();) {
      // name, description, load state, active state, sub state, following, path, job id, type, path
      const auto name = reader.String();
      reader.String();
      const auto load_state = reader.String();
      const auto active_state = reader.String();
      reader.String();
      reader.String();
      const auto path = reader.String();
      reader.Uint32();
      reader.String();
      if (!reader.String() || !name || !load_state || !active_state || !path) {
        return Error{Errc::kMalformed, "systemd: ListUnits gave a unit without a name"};
      }
      for (std::size_t i = 0; i < kStates.size(); ++i) counts[i] += kStates[i] == *active_state;
      for (std::size_t i = 0; i < kPassingStates.size(); ++i) {
        passing[i] += kPassingStates[i] == *active_state;
      }
      const bool kept = kept_.At(row++, *name, [this](std::string_view unit) -> char {
        return options_.units.Keeps(unit);
      });
      if (kept && load_state == "loaded") KeepUnit(*name, *active_state, *path);
    }
    for (std::size_t i = 0; i < kStates.size(); ++i) {
      out.Add(kUnits, {{"state", kStates[i]}}, static_cast<double>(counts[i]));
    }
    for (std::size_t i = 0; i < kPassingStates.size(); ++i) {
      if (passing[i] == 0) continue;
      out.Add(kUnits, {{"state", kPassingStates[i]}}, static_cast<double>(passing[i]));
    }
    return Unit{};
  }

  void KeepUnit(std::string_view name, std::string_view active_state, std::string_view path) {
    if (unit_count_ == units_.size()) units_.emplace_back();
    SystemdUnit& unit = units_[unit_count_++];
    unit.name.assign(name);
    unit.active_state.assign(active_state);
    unit.path.assign(path);
  }

  /// A unit that ends while we ask has no properties any more: what is missing is left out.
  Status AddUnit(std::size_t row, FamilySink& out) {
    const SystemdUnit& unit = units_[row];
    const std::string& type =
        types_.At(row, unit.name, [&](std::string_view) { return TypeOf(unit); });
    for (const std::string_view state : kStates) {
      out.Add(kUnitState, {{"name", unit.name}, {"state", state}, {"type", type}},
              state == unit.active_state ? 1 : 0);
    }
    if (options_.start_time) TRY(AddStartTime(unit, out));
    const Kind* kind = KindOf(unit);
    if (!kind) return Unit{};
    if (kind->suffix == ".service") return AddService(unit, out);
    if (kind->suffix == ".timer") {
      return Add64(unit, kind->interface, "LastTriggerUSec", kLastTrigger, kMicrosPerSecond, out);
    }
    if (kind->suffix == ".socket") {
      TRY(Add32(unit, kind->interface, "NAccepted", kAccepted, out));
      TRY(Add32(unit, kind->interface, "NConnections", kConnections, out));
      return Add32(unit, kind->interface, "NRefused", kRefused, out);
    }
    return Unit{};
  }

  static const Kind* KindOf(const SystemdUnit& unit) {
    for (const Kind& kind : kKinds) {
      if (unit.name.ends_with(kind.suffix)) return &kind;
    }
    return nullptr;
  }

  /// "simple", "notify" … of a service, "ext4" … of a mount. It is asked for now and then only.
  std::string TypeOf(const SystemdUnit& unit) {
    const Kind* kind = KindOf(unit);
    if (!kind || (kind->suffix != ".service" && kind->suffix != ".mount")) return {};
    const auto type = systemd_.Text(unit.path, kind->interface, "Type");
    return type ? std::string(*type) : std::string();
  }

  Status AddService(const SystemdUnit& unit, FamilySink& out) {
    const std::string_view interface = kKinds[0].interface;
    if (options_.restarts) TRY(Add32(unit, interface, "NRestarts", kRestarts, out));
    if (!options_.tasks) return Unit{};
    TRY(Add64(unit, interface, "TasksCurrent", kTasksCurrent, 1, out));
    return Add64(unit, interface, "TasksMax", kTasksMax, 1, out);
  }

  Status AddStartTime(const SystemdUnit& unit, FamilySink& out) {
    if (unit.active_state != "active") {
      out.Add(kStartTime, {{"name", unit.name}}, 0);
      return Unit{};
    }
    return Add64(unit, "org.freedesktop.systemd1.Unit", "ActiveEnterTimestamp", kStartTime,
                 kMicrosPerSecond, out);
  }

  Status Add32(const SystemdUnit& unit, std::string_view interface, std::string_view property,
               const FamilySpec& family, FamilySink& out) {
    const auto value = systemd_.Number32(unit.path, interface, property);
    if (!value) return AbsentIsFine(value.error());
    out.Add(family, {{"name", unit.name}}, *value);
    return Unit{};
  }

  /// The greatest number stands for "not known" or "no limit".
  Status Add64(const SystemdUnit& unit, std::string_view interface, std::string_view property,
               const FamilySpec& family, double per_unit, FamilySink& out) {
    const auto value = systemd_.Number64(unit.path, interface, property);
    if (!value) return AbsentIsFine(value.error());
    if (*value == ~std::uint64_t{0}) return Unit{};
    out.Add(family, {{"name", unit.name}}, static_cast<double>(*value) / per_unit);
    return Unit{};
  }

  static Status AbsentIsFine(const Error& error) {
    if (error.code() == Errc::kNotFound) return Unit{};
    return error;
  }

  const Options options_;
  Systemd systemd_;
  RowCache<char> kept_;  // of each unit of ListUnits: whether the filter keeps it
  std::vector<SystemdUnit> units_;
  std::size_t unit_count_ = 0;
  RowCache<std::string> types_;  // of each unit kept
  Every types_again_;
};

/// Patterns must match the whole name of a unit.
Result<NameFilter> ReadUnitFilter(YamlFields& settings) {
  TRY(ReadNameFilter(settings, {.include = "unit_include",
                                .exclude = "unit_exclude",
                                .default_include = kDefaultInclude,
                                .default_exclude = kDefaultExclude,
                                .both_allowed = true}));
  TRY_ASSIGN(const std::string include,
             settings.Read("unit_include", YamlString, std::string(kDefaultInclude)));
  TRY_ASSIGN(const std::string exclude,
             settings.Read("unit_exclude", YamlString, std::string(kDefaultExclude)));
  return NameFilter::Make("^(?:" + include + ")$", "^(?:" + exclude + ")$");
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector systemd");
  Options options;
  TRY_ASSIGN(options.units, ReadUnitFilter(settings));
  TRY_ASSIGN(options.tasks, settings.Read<bool>("enable_task_metrics", YamlBool, false));
  TRY_ASSIGN(options.restarts, settings.Read<bool>("enable_restarts_metrics", YamlBool, false));
  TRY_ASSIGN(options.start_time, settings.Read<bool>("enable_start_time_metrics", YamlBool, false));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(
      std::make_unique<SystemdCollector>(deps.fs, std::move(options)));
}

}  // namespace

extern const CatalogEntry kSystemdCollector{
    .name = "systemd",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "Units, services, sockets and timers of systemd, over D-Bus.",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
