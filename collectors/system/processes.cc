#include <array>
#include <optional>
#include <string>

#include "base/ascii.h"
#include "base/parse.h"
#include "collectors/device_dir.h"
#include "collectors/host_fs.h"
#include "collectors/small_file.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 6> kFamilies{{
    {"node_processes_threads", MetricType::kGauge, "Allocated threads in system"},
    {"node_processes_max_threads", MetricType::kGauge, "Limit of threads in the system"},
    {"node_processes_state", MetricType::kGauge, "Number of processes in each state."},
    {"node_processes_pids", MetricType::kGauge, "Number of PIDs"},
    {"node_processes_max_processes", MetricType::kGauge, "Number of max PIDs limit"},
    {"node_processes_threads_state", MetricType::kGauge, "Number of threads in each state."},
}};

/// Counts by a state's letter.
using ByState = std::array<std::uint64_t, 128>;

struct Totals {
  std::uint64_t processes = 0;
  std::uint64_t threads = 0;
  ByState by_state{};
  ByState threads_by_state{};
};

/// What a stat file says that is counted here.
struct Stat {
  char state;
  std::uint64_t threads;
};

class ProcessesCollector final : public Collector {
 public:
  explicit ProcessesCollector(const HostFs& fs)
      : fs_(fs),
        proc_(fs.ProcPath("")),
        max_threads_(fs.ProcPath("sys/kernel/threads-max")),
        max_pids_(fs.ProcPath("sys/kernel/pid_max")),
        dir_(fs.Dir(proc_)),
        files_(fs) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    const auto names = dir_->List();
    if (!names) return AbsentIsFailure(names.error());
    Totals totals;
    for (const std::string_view name : *names) {
      if (NumberAfter("", name).empty()) continue;
      if (round.stop.stop_requested()) return Error{Errc::kCancelled, "stopped among processes"};
      path_.assign(proc_).append(name).append("/stat");
      if (const auto stat = Read(path_)) Count(name, *stat, totals);
    }
    TRY_ASSIGN(const double max_threads, Limit(max_threads_));
    TRY_ASSIGN(const double max_pids, Limit(max_pids_));
    out.Add(kFamilies[0], {}, static_cast<double>(totals.threads));
    out.Add(kFamilies[1], {}, max_threads);
    AddStates(kFamilies[2], "state", totals.by_state, out);
    out.Add(kFamilies[3], {}, static_cast<double>(totals.processes));
    out.Add(kFamilies[4], {}, max_pids);
    AddStates(kFamilies[5], "thread_state", totals.threads_by_state, out);
    return Unit{};
  }

 private:
  /// Nothing if the process ended since it was listed.
  std::optional<Stat> Read(const std::string& path) {
    const RawRead read = files_.Read(path);
    return read ? ParseStat(read.text) : std::nullopt;
  }

  /// "PID (NAME) STATE PPID …": the name is the process's own and may hold anything.
  static std::optional<Stat> ParseStat(std::string_view stat) {
    constexpr int kBetween = 16;  // fields after the state, before num_threads
    const auto end_of_name = stat.rfind(')');
    if (end_of_name == std::string_view::npos) return std::nullopt;
    stat.remove_prefix(end_of_name + 1);
    const std::string_view state = TakeField(stat);
    for (int i = 0; i < kBetween; ++i) TakeField(stat);
    const auto threads = ParseInt<std::uint64_t>(TakeField(stat));
    if (!threads || state.size() != 1 || !IsAsciiLetter(state[0])) return std::nullopt;
    return Stat{state[0], *threads};
  }

  void Count(std::string_view pid, const Stat& stat, Totals& totals) {
    ++totals.processes;
    ++totals.by_state[static_cast<std::size_t>(stat.state)];
    totals.threads += stat.threads;
    path_.assign(proc_).append(pid).append("/task");
    const auto threads = fs_.List(path_);
    if (!threads) return;
    for (const std::string& thread : *threads) {
      std::optional<Stat> thread_stat(stat);  // the first thread's is the process's own
      if (thread != pid) {
        path_.assign(proc_).append(pid).append("/task/").append(thread).append("/stat");
        thread_stat = Read(path_);
      }
      if (thread_stat) ++totals.threads_by_state[static_cast<std::size_t>(thread_stat->state)];
    }
  }

  static void AddStates(const FamilySpec& family, std::string_view label, const ByState& counts,
                        FamilySink& out) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      const char letter = static_cast<char>(i);
      out.Add(family, {{label, {&letter, 1}}}, static_cast<double>(counts[i]));
    }
  }

  Result<double> Limit(const std::string& path) {
    const RawRead read = files_.Read(path);
    const auto value = ParseInt<std::uint64_t>(read.text);
    if (!read || !value) return Error{Errc::kIo, path + ": not a number"};
    return static_cast<double>(*value);
  }

  const HostFs& fs_;
  const std::string proc_;
  const std::string max_threads_;
  const std::string max_pids_;
  std::unique_ptr<HostDir> dir_;
  SmallFiles files_;
  std::string path_;  // kept for its memory
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<ProcessesCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kProcessesCollector{
    .name = "processes",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "Processes by state, threads and their limits, from /proc/PID/stat.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
