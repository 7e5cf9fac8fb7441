#include "collectors/process/process.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <utility>

#include "base/parse.h"
#include "collectors/decimal_text.h"
#include "collectors/every.h"
#include "collectors/host_fs.h"
#include "collectors/process/long_lived.h"
#include "collectors/process/process_families.h"
#include "collectors/process/process_table.h"

namespace tocsin {
namespace {

namespace families = process_families;

constexpr double kUserHz = 100;
constexpr seconds kChooseAgain(60);

constexpr std::array<CollectorFlag, 12> kFlags{{
    {"process.config-file", "config_file",
     "process-exporter configuration file with process_names, relative to the configuration", ""},
    {"process.children", "children", "Count an unnamed process to its nearest named ancestor",
     "true"},
    {"process.recheck", "recheck", "Name a process anew when its comm changes", "true"},
    {"process.threads", "threads", "Read every thread: states, switches and thread_* by name",
     "false"},
    {"process.wchan", "wchan", "Export what processes and threads wait in", "false"},
    {"process.smaps", "smaps", "Read smaps_rollup for proportional memory; costly", "false"},
    {"process.max-groups", "max_groups", "Groups past this are counted as \"other\"", "100"},
    {"process.keep-ended", "keep_ended", "How long a group stays after its last process", "5m"},
    {"process.window", "window", "Window of the _max metrics", "1m"},
    {"process.long-lived", "long_lived", "Processes with series of their own", "20"},
    {"process.max-reads", "max_reads",
     "Files of /proc that one round reads; the next goes on from there", "10000"},
    {"process.max-processes", "max_processes", "Processes that are remembered", "100000"},
}};

double Seconds(std::uint64_t ticks) { return static_cast<double>(ticks) / kUserHz; }

struct Settings {
  ProcessTableOptions table;
  std::size_t long_lived;
};

class ProcessCollector final : public Collector {
 public:
  ProcessCollector(const HostFs& fs, Settings settings)
      : smaps_(settings.table.smaps),
        window_(FormatDuration(settings.table.groups.window)),
        long_lived_(settings.long_lived),
        table_(fs, std::move(settings.table)) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    TRY(table_.Round(round));
    if (table_.sweep_ended() && choose_.Due(round)) {
      long_lived_.Choose(table_.processes(), round.now);
    }
    for (const std::uint32_t i : table_.groups().by_name()) AddGroup(table_.groups()[i], out);
    AddLongLived(out);
    out.Add(families::kScrapeErrors, {}, 0);  // such a round has no metrics at all
    out.Add(families::kReadErrors, {}, static_cast<double>(table_.read_errors()));
    out.Add(families::kPartialErrors, {}, static_cast<double>(table_.partial_errors()));
    out.Add(families::kTracked, {}, static_cast<double>(table_.processes().size()));
    out.Add(families::kDropped, {}, static_cast<double>(table_.dropped()));
    return Unit{};
  }

 private:
  void AddGroup(const ProcessGroup& group, FamilySink& out) const {
    const LabelView name{"groupname", group.name};
    const auto number = [&](const FamilySpec& family, std::uint64_t value) {
      out.Add(family, {name}, static_cast<double>(value));
    };
    const auto labelled = [&](const FamilySpec& family, std::string_view label,
                              std::string_view value, double n) {
      out.Add(family, {{label, value}, name}, n);
    };
    const ProcessGauges& now = group.now;
    const ProcessCounts& total = group.total;
    labelled(families::kSwitches, "ctxswitchtype", "nonvoluntary",
             static_cast<double>(total.involuntary_switches));
    labelled(families::kSwitches, "ctxswitchtype", "voluntary",
             static_cast<double>(total.voluntary_switches));
    out.Add(families::kCpu, {name, {"mode", "system"}}, Seconds(total.system_ticks));
    out.Add(families::kCpu, {name, {"mode", "user"}}, Seconds(total.user_ticks));
    number(families::kMajorFaults, total.major_faults);
    number(families::kMinorFaults, total.minor_faults);
    number(families::kRead, total.read_bytes);
    number(families::kWritten, total.write_bytes);
    number(families::kProcesses, now.processes);
    number(families::kThreads, now.threads);
    number(families::kOldest, now.oldest_start_seconds);
    number(families::kOpenFiles, now.open_files);
    out.Add(families::kWorstRatio, {name}, now.worst_files_ratio);
    number(families::kAnon, now.anon_bytes);
    AddMemory(group, name, out);
    constexpr std::array<std::string_view, kProcessStates> kStateNames{
        "Running", "Sleeping", "Waiting", "Zombie", "Other"};
    for (std::size_t i = 0; i < kStateNames.size(); ++i) {
      out.Add(families::kStates, {name, {"state", kStateNames[i]}},
              static_cast<double>(now.states[i]));
    }
    for (std::size_t i = 1; i < group.waits.size(); ++i) {
      if (group.waits[i] == 0) continue;
      out.Add(families::kWaits, {name, {"wchan", table_.wait_channels()[i]}},
              static_cast<double>(group.waits[i]));
    }
    for (const ThreadGroup& thread : group.threads) AddThread(thread, name, out);
    const LabelView window{"window", window_};
    if (!group.cpu.empty()) out.Add(families::kCpuMax, {name, window}, group.cpu.max());
    if (!group.resident.empty()) {
      out.Add(families::kMemoryMax, {name, {"memtype", "resident"}, window}, group.resident.max());
    }
  }

  void AddMemory(const ProcessGroup& group, const LabelView& name, FamilySink& out) const {
    const auto bytes = [&](std::string_view type, std::uint64_t value) {
      out.Add(families::kMemory, {name, {"memtype", type}}, static_cast<double>(value));
    };
    bytes("resident", group.now.resident_bytes);
    bytes("virtual", group.now.virtual_bytes);
    bytes("swapped", group.now.swapped_bytes);
    if (!smaps_) return;
    bytes("proportionalResident", group.now.proportional_bytes);
    bytes("proportionalSwapped", group.now.proportional_swapped_bytes);
  }

  static void AddThread(const ThreadGroup& thread, const LabelView& name, FamilySink& out) {
    const LabelView thread_name{"threadname", thread.name};
    const ProcessCounts& total = thread.total;
    const auto number = [&](const FamilySpec& family, std::uint64_t value) {
      out.Add(family, {name, thread_name}, static_cast<double>(value));
    };
    const auto labelled = [&](const FamilySpec& family, std::string_view label,
                              std::string_view value, double n) {
      out.Add(family, {name, {label, value}, thread_name}, n);
    };
    number(families::kThreadCount, thread.threads);
    labelled(families::kThreadCpu, "mode", "user", Seconds(total.user_ticks));
    labelled(families::kThreadCpu, "mode", "system", Seconds(total.system_ticks));
    labelled(families::kThreadIo, "iomode", "read", static_cast<double>(total.read_bytes));
    labelled(families::kThreadIo, "iomode", "write", static_cast<double>(total.write_bytes));
    number(families::kThreadMajorFaults, total.major_faults);
    number(families::kThreadMinorFaults, total.minor_faults);
    labelled(families::kThreadSwitches, "ctxswitchtype", "voluntary",
             static_cast<double>(total.voluntary_switches));
    labelled(families::kThreadSwitches, "ctxswitchtype", "nonvoluntary",
             static_cast<double>(total.involuntary_switches));
  }

  void AddLongLived(FamilySink& out) const {
    const auto& processes = table_.processes();
    auto at = processes.begin();
    for (const std::uint32_t pid : long_lived_.pids()) {
      at = std::lower_bound(
          at, processes.end(), pid,
          [](const WatchedProcess& one, std::uint32_t wanted) { return one.pid < wanted; });
      if (at == processes.end()) break;
      if (at->pid != pid || !at->watched()) continue;  // it has ended
      const DecimalText number(pid);
      const LabelView name{"groupname", table_.groups()[at->group].name};
      const LabelView label{"pid", number.view()};
      out.Add(families::kOneMemory, {name, {"memtype", "anon"}, label},
              static_cast<double>(at->anon_bytes));
      out.Add(families::kOneMemory, {name, {"memtype", "resident"}, label},
              static_cast<double>(at->resident_bytes));
      if (at->open_files >= 0) {
        out.Add(families::kOneOpenFiles, {name, label}, static_cast<double>(at->open_files));
      }
      out.Add(families::kOneThreads, {name, label}, static_cast<double>(at->threads));
      out.Add(families::kOneStart, {name, label}, at->start_seconds);
      out.Add(families::kOneCpu, {name, label},
              Seconds(at->last.user_ticks + at->last.system_ticks));
    }
  }

  const bool smaps_;
  const std::string window_;
  LongLived long_lived_;
  Every choose_{kChooseAgain};
  ProcessTable table_;
};

/// Relative to the configuration.
std::string ConfigFilePath(const YamlFile& file, const std::string& path) {
  return (std::filesystem::path(file.name).parent_path() / path).string();
}

std::vector<std::string> SettingsFiles(const YamlFile& file, const YamlNode& own) {
  const YamlNode* path = own.Find("config_file");
  if (!path || !path->IsScalar()) return {};
  return {ConfigFilePath(file, path->scalar)};
}

Result<ProcessNames> ReadNames(YamlFields& fields) {
  const YamlNode* inline_names = fields.Find("process_names");
  const YamlNode* path_node = fields.Find("config_file");
  if (inline_names && path_node) {
    return fields.file().At(*path_node, "config_file and process_names exclude each other");
  }
  if (inline_names) return ProcessNames::Read(fields.file(), *inline_names);
  if (!path_node) return ProcessNames::Default();
  TRY_ASSIGN(const std::string path, YamlString(fields.file(), *path_node));
  auto names = ProcessNames::ReadFile(fields.file(), ConfigFilePath(fields.file(), path));
  if (!names) return fields.file().At(*path_node, names.error().message());
  return names;
}

/// A count between 1 (or 0) and what fits.
Result<std::size_t> ReadCount(YamlFields& fields, std::string_view key, std::int64_t least,
                              std::int64_t fallback) {
  TRY_ASSIGN(const std::int64_t count, fields.Read(key, YamlInt, fallback));
  if (count < least) {
    return fields.file().At(*fields.Find(key), "at least " + std::to_string(least));
  }
  return static_cast<std::size_t>(count);
}

Result<milliseconds> ReadPositive(YamlFields& fields, std::string_view key, milliseconds fallback) {
  TRY_ASSIGN(const milliseconds duration, fields.Read(key, YamlDuration, fallback));
  if (duration <= milliseconds(0)) return fields.file().At(*fields.Find(key), "more than 0");
  return duration;
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields fields(deps.file, deps.settings, "process");
  Settings settings{};
  ProcessTableOptions& table = settings.table;
  TRY_ASSIGN(table.names, ReadNames(fields));
  TRY_ASSIGN(table.children, fields.Read("children", YamlBool, true));
  TRY_ASSIGN(table.recheck, fields.Read("recheck", YamlBool, true));
  TRY_ASSIGN(table.threads, fields.Read("threads", YamlBool, false));
  TRY_ASSIGN(table.wait_channels, fields.Read("wchan", YamlBool, false));
  TRY_ASSIGN(table.smaps, fields.Read("smaps", YamlBool, false));
  TRY_ASSIGN(table.groups.max_groups, ReadCount(fields, "max_groups", 1, 100));
  TRY_ASSIGN(table.groups.keep_ended, ReadPositive(fields, "keep_ended", std::chrono::minutes(5)));
  TRY_ASSIGN(table.groups.window, ReadPositive(fields, "window", std::chrono::minutes(1)));
  TRY_ASSIGN(table.max_reads, ReadCount(fields, "max_reads", 10, 10'000));
  TRY_ASSIGN(table.max_processes, ReadCount(fields, "max_processes", 1, 100'000));
  TRY_ASSIGN(settings.long_lived, ReadCount(fields, "long_lived", 0, 20));
  TRY(fields.Finish());
  return std::unique_ptr<Collector>(
      std::make_unique<ProcessCollector>(deps.fs, std::move(settings)));
}

}  // namespace

extern const CatalogEntry kProcessCollector{
    .name = "process",
    .room = "process",
    .on_by_default = true,
    .interval = seconds(5),
    .help =
        "Groups of processes, named by process-exporter's process_names: CPU, memory, I/O, "
        "threads, "
        "states, context switches, open files, from /proc/PID.",
    .families = families::kAll,
    .flags = kFlags,
    .make = &Make,
    .settings_files = &SettingsFiles,
};

}  // namespace tocsin
