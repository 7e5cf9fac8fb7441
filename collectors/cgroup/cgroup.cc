#include "collectors/cgroup/cgroup.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/cgroup/cgroup_path.h"
#include "collectors/cgroup/cgroup_values.h"
#include "collectors/every.h"
#include "collectors/filter.h"
#include "collectors/host_fs.h"

namespace tocsin {
namespace {

/// Cgroups are nested a dozen levels deep at most; deeper ones are not looked at.
constexpr int kMaxDepth = 16;
/// Any user with a delegated cgroup may make more of them; a look ends after so many.
constexpr std::size_t kMaxFolders = 5000;
constexpr seconds kLookForCgroups(10);
/// Controllers are switched on and off rarely.
constexpr seconds kLookForFiles(300);
constexpr std::int64_t kDefaultMaxCgroups = 500;

constexpr MetricType kCounter = MetricType::kCounter;
constexpr MetricType kGauge = MetricType::kGauge;

/// Names are cAdvisor's.
constexpr std::array<FamilySpec, 33> kFamilies{{
    {"container_cpu_usage_seconds_total", kCounter, "CPU time used."},
    {"container_cpu_user_seconds_total", kCounter, "CPU time used in user mode."},
    {"container_cpu_system_seconds_total", kCounter, "CPU time used in the kernel."},
    {"container_cpu_cfs_periods_total", kCounter, "Enforcement periods of the CPU quota."},
    {"container_cpu_cfs_throttled_periods_total", kCounter, "Periods in which it was throttled."},
    {"container_cpu_cfs_throttled_seconds_total", kCounter, "Time in which it was throttled."},
    {"container_memory_usage_bytes", kGauge, "Memory charged to it, page cache included."},
    {"container_memory_rss", kGauge, "Anonymous memory."},
    {"container_memory_cache", kGauge, "Page cache."},
    {"container_memory_mapped_file", kGauge, "Mapped files."},
    {"container_memory_swap", kGauge, "Swap in use."},
    {"container_memory_max_usage_bytes", kGauge, "Most memory that was ever charged to it."},
    {"container_memory_high_bytes", kGauge, "Where its memory is throttled (memory.high)."},
    {"container_memory_high_events_total", kCounter, "Times that it reached memory.high."},
    {"container_memory_failcnt", kCounter, "Times that it reached its memory limit."},
    {"container_oom_events_total", kCounter, "Processes killed for want of memory."},
    {"container_processes", kGauge, "Tasks, as the pids controller counts them."},
    {"container_threads_max", kGauge, "Limit of the pids controller; 0 if there is none."},
    {"container_pressure_cpu_waiting_seconds_total", kCounter, "Time tasks waited for a CPU."},
    {"container_pressure_cpu_stalled_seconds_total", kCounter, "Time all tasks waited for a CPU."},
    {"container_pressure_io_waiting_seconds_total", kCounter, "Time tasks waited for I/O."},
    {"container_pressure_io_stalled_seconds_total", kCounter, "Time all tasks waited for I/O."},
    {"container_pressure_memory_waiting_seconds_total", kCounter, "Time tasks waited for memory."},
    {"container_pressure_memory_stalled_seconds_total", kCounter,
     "Time all tasks waited for memory."},
    {"tocsin_cgroup_id", kGauge,
     "The kernel's number of the cgroup: another one when it was removed and made anew."},
    {"container_memory_working_set_bytes", kGauge,
     "Memory in use, without page cache that can go at once."},
    {"container_spec_memory_limit_bytes", kGauge, "Memory limit; 0 if there is none."},
    {"container_fs_reads_bytes_total", kCounter, "Bytes read from a block device."},
    {"container_fs_writes_bytes_total", kCounter, "Bytes written to a block device."},
    {"container_fs_reads_total", kCounter, "Reads from a block device."},
    {"container_fs_writes_total", kCounter, "Writes to a block device."},
    {"tocsin_cgroups", kGauge, "Units and containers found."},
    {"tocsin_cgroups_dropped", kGauge, "Units and containers past max_cgroups."},
}};
constexpr const FamilySpec& kWorkingSet = kFamilies[25];
constexpr const FamilySpec& kMemoryLimit = kFamilies[26];
constexpr std::array<const FamilySpec*, 4> kIo{&kFamilies[27], &kFamilies[28], &kFamilies[29],
                                               &kFamilies[30]};
constexpr const FamilySpec& kFound = kFamilies[31];
constexpr const FamilySpec& kDropped = kFamilies[32];

/// kFamilies[i] shows this field where it is there.
constexpr std::array<std::optional<double> CgroupValues::*, 25> kFields{
    &CgroupValues::cpu_usage_seconds,
    &CgroupValues::cpu_user_seconds,
    &CgroupValues::cpu_system_seconds,
    &CgroupValues::cpu_periods,
    &CgroupValues::cpu_throttled_periods,
    &CgroupValues::cpu_throttled_seconds,
    &CgroupValues::memory_usage,
    &CgroupValues::memory_anon,
    &CgroupValues::memory_file,
    &CgroupValues::memory_mapped_file,
    &CgroupValues::memory_swap,
    &CgroupValues::memory_peak,
    &CgroupValues::memory_high,
    &CgroupValues::memory_high_events,
    &CgroupValues::memory_max_events,
    &CgroupValues::oom_kills,
    &CgroupValues::pids,
    &CgroupValues::pids_limit,
    &CgroupValues::cpu_waiting_seconds,
    &CgroupValues::cpu_stalled_seconds,
    &CgroupValues::io_waiting_seconds,
    &CgroupValues::io_stalled_seconds,
    &CgroupValues::memory_waiting_seconds,
    &CgroupValues::memory_stalled_seconds,
    &CgroupValues::id};

constexpr std::array<CollectorFlag, 3> kFlags{{
    {"cgroup.name-include", "name_include", "Regular expression of names to export", ""},
    {"cgroup.name-exclude", "name_exclude", "Regular expression of names to leave out",
     R"(\.(mount|socket|swap)$)"},
    {"cgroup.max-cgroups", "max_cgroups", "Most units and containers to export", "500"},
}};

/// A cgroup that is exported.
struct Watched {
  std::string path;
  CgroupIdentity identity;
  AbsentFiles absent = 0;
};

class CgroupCollector final : public Collector {
 public:
  CgroupCollector(const HostFs& fs, NameFilter filter, std::size_t max_cgroups)
      : fs_(fs), filter_(std::move(filter)), max_cgroups_(max_cgroups), reader_(fs) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    if (look_for_cgroups_.Due(round)) TRY(LookForCgroups(round));
    for (Watched& cgroup : watched_) {
      if (round.stop.stop_requested()) return Error{Errc::kCancelled, "stopped among cgroups"};
      reader_.Read(roots_, cgroup.path, cgroup.absent, values_);
      Add(cgroup.path, cgroup.identity, values_, out);
    }
    out.Add(kFound, {}, static_cast<double>(found_));
    out.Add(kDropped, {}, static_cast<double>(dropped_));
    return Unit{};
  }

 private:
  /// Walks the tree, level by level.
  Status LookForCgroups(const RoundContext& round) {
    auto roots = FindCgroupRoots(fs_);
    if (!roots) {
      look_for_cgroups_.Reset();
      return std::move(roots).error();
    }
    roots_ = *std::move(roots);
    std::map<std::string, AbsentFiles, std::less<>> known;
    if (!look_for_files_.Due(round)) {
      for (Watched& cgroup : watched_) known.emplace(std::move(cgroup.path), cgroup.absent);
    }
    watched_.clear();
    found_ = 0;
    std::vector<std::string> level{""};
    std::size_t folders = 0;
    for (int depth = 0; depth < kMaxDepth && !level.empty() && folders < kMaxFolders; ++depth) {
      std::vector<std::string> next;
      for (const std::string& path : level) {
        if (round.stop.stop_requested() || ++folders > kMaxFolders) break;
        AddChildren(path, known, next);
      }
      level = std::move(next);
    }
    dropped_ = found_ - watched_.size();
    std::sort(watched_.begin(), watched_.end(),
              [](const Watched& a, const Watched& b) { return a.path < b.path; });
    return Unit{};
  }

  void AddChildren(const std::string& path,
                   const std::map<std::string, AbsentFiles, std::less<>>& known,
                   std::vector<std::string>& folders) {
    const auto names = fs_.List(roots_.tree() + path);
    if (!names) return;  // it has just ended
    for (const std::string& name : *names) {
      if (IsCgroupFile(name)) continue;
      std::string child = path + "/" + name;
      if (auto identity = IdentifyCgroup(child); identity && filter_.Keeps(identity->name)) {
        ++found_;
        if (watched_.size() < max_cgroups_) {
          const auto before = known.find(child);
          watched_.push_back({child, *std::move(identity),
                              before == known.end() ? AbsentFiles{0} : before->second});
        }
      }
      if (folders.size() < kMaxFolders) folders.push_back(std::move(child));
    }
  }

  static void Add(const std::string& path, const CgroupIdentity& identity,
                  const CgroupValues& values, FamilySink& out) {
    const std::array<LabelView, 4> labels{{{"container", identity.container},
                                           {"id", path},
                                           {"name", identity.name},
                                           {"pod", identity.pod}}};
    for (std::size_t i = 0; i < kFields.size(); ++i) {
      if (const auto value = values.*kFields[i]) out.Add(kFamilies[i], labels, *value);
    }
    if (values.memory_usage) {
      const double cache = values.memory_inactive_file.value_or(0);
      out.Add(kWorkingSet, labels, std::max(*values.memory_usage - cache, 0.0));
      out.Add(kMemoryLimit, labels, values.memory_limit.value_or(0));
    }
    for (const CgroupIo& io : values.io) {
      const std::array<LabelView, 5> on_device{
          {labels[0], {"device", io.device}, labels[1], labels[2], labels[3]}};
      const std::array<double, 4> numbers{io.read_bytes, io.written_bytes, io.reads, io.writes};
      for (std::size_t i = 0; i < kIo.size(); ++i) out.Add(*kIo[i], on_device, numbers[i]);
    }
  }

  const HostFs& fs_;
  const NameFilter filter_;
  const std::size_t max_cgroups_;
  Every look_for_cgroups_{kLookForCgroups};
  Every look_for_files_{kLookForFiles};
  CgroupRoots roots_;
  CgroupReader reader_;
  CgroupValues values_;
  std::vector<Watched> watched_;  // sorted by path
  std::size_t found_ = 0;
  std::size_t dropped_ = 0;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields fields(deps.file, deps.settings, "cgroup");
  TRY_ASSIGN(NameFilter filter, ReadNameFilter(fields, {.include = "name_include",
                                                        .exclude = "name_exclude",
                                                        .default_exclude = kFlags[1].fallback,
                                                        .both_allowed = true}));
  TRY_ASSIGN(const std::int64_t most, fields.Read("max_cgroups", YamlInt, kDefaultMaxCgroups));
  TRY(fields.Finish());
  if (most < 1) return deps.file.At(*deps.settings.Find("max_cgroups"), "at least 1");
  return std::unique_ptr<Collector>(std::make_unique<CgroupCollector>(
      deps.fs, std::move(filter), static_cast<std::size_t>(most)));
}

}  // namespace

extern const CatalogEntry kCgroupCollector{
    .name = "cgroup",
    .room = "cgroup",
    .on_by_default = true,
    .interval = seconds(5),
    .help =
        "CPU, memory, I/O, tasks and pressure of systemd units and containers, in cAdvisor's "
        "names, from the cgroup file systems (v2, or v1's memory, cpu and pids).",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
