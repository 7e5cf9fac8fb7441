#include "collectors/cgroup/cgroup_values.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/parse.h"

namespace tocsin {
namespace {

using Field = std::optional<double> CgroupValues::*;

/// A line "KEY NUMBER" of a file, and what becomes of the number.
struct KeyedLine {
  std::string_view key;
  Field field;
  double per_unit = 1;  // how many of them make a base unit
};

constexpr double kMicro = 1e6;
constexpr double kNano = 1e9;
/// USER_HZ, in which v1's cpuacct.stat counts; 100 on every Linux.
constexpr double kTick = 100;
/// v1 says "no limit" by the largest multiple of a page below 2^63.
constexpr double kNoLimitV1 = 9.2e18;

constexpr std::array<KeyedLine, 6> kCpuStat{
    {{"usage_usec", &CgroupValues::cpu_usage_seconds, kMicro},
     {"user_usec", &CgroupValues::cpu_user_seconds, kMicro},
     {"system_usec", &CgroupValues::cpu_system_seconds, kMicro},
     {"nr_periods", &CgroupValues::cpu_periods},
     {"nr_throttled", &CgroupValues::cpu_throttled_periods},
     {"throttled_usec", &CgroupValues::cpu_throttled_seconds, kMicro}}};
constexpr std::array<KeyedLine, 4> kMemoryStat{
    {{"anon", &CgroupValues::memory_anon},
     {"file", &CgroupValues::memory_file},
     {"file_mapped", &CgroupValues::memory_mapped_file},
     {"inactive_file", &CgroupValues::memory_inactive_file}}};
constexpr std::array<KeyedLine, 3> kMemoryEvents{{{"high", &CgroupValues::memory_high_events},
                                                  {"max", &CgroupValues::memory_max_events},
                                                  {"oom_kill", &CgroupValues::oom_kills}}};

constexpr std::array<KeyedLine, 3> kCpuStatV1{
    {{"nr_periods", &CgroupValues::cpu_periods},
     {"nr_throttled", &CgroupValues::cpu_throttled_periods},
     {"throttled_time", &CgroupValues::cpu_throttled_seconds, kNano}}};
constexpr std::array<KeyedLine, 2> kCpuacctStatV1{
    {{"user", &CgroupValues::cpu_user_seconds, kTick},
     {"system", &CgroupValues::cpu_system_seconds, kTick}}};
constexpr std::array<KeyedLine, 5> kMemoryStatV1{
    {{"total_rss", &CgroupValues::memory_anon},
     {"total_cache", &CgroupValues::memory_file},
     {"total_mapped_file", &CgroupValues::memory_mapped_file},
     {"total_inactive_file", &CgroupValues::memory_inactive_file},
     {"total_swap", &CgroupValues::memory_swap}}};
constexpr std::array<KeyedLine, 1> kOomControlV1{{{"oom_kill", &CgroupValues::oom_kills}}};

/// What the folders of one cgroup share while it is read.
struct Reading {
  const HostFs& fs;
  std::string& path;
  std::string& text;
  AbsentFiles absent;
  CgroupValues& values;
  AbsentFiles missing = 0;
  AbsentFiles next = 1;  // the bit of the next file
  bool any = false;      // a file that is there
};

/// Reads the files of one cgroup's folder. What is missing or not a number stays absent.
class Folder {
 public:
  Folder(Reading& reading, const std::string& root, std::string_view path)
      : reading_(reading), values_(reading.values), root_(root), path_(path) {}

  void Keyed(std::string_view file, std::span<const KeyedLine> lines) {
    std::string_view rest = Text(file);
    while (!rest.empty()) {
      std::string_view line = TakeLine(rest);
      const std::string_view key = TakeField(line);
      for (const KeyedLine& wanted : lines) {
        if (wanted.key == key) Set(wanted.field, TakeField(line), wanted.per_unit);
      }
    }
  }

  void Single(std::string_view file, Field field, double per_unit = 1) {
    Set(field, Trim(Text(file)), per_unit);
  }

  /// A number, or "max", which is 0.
  void Limit(std::string_view file, Field field) {
    const std::string_view text = Trim(Text(file));
    Set(field, text == "max" ? "0" : text, 1);
  }

  /// "some avg10=… total=N" and "full …", in microseconds.
  void Pressure(std::string_view file, Field some, Field full) {
    std::string_view rest = Text(file);
    while (!rest.empty()) {
      const std::string_view line = TakeLine(rest);
      const auto total = line.find("total=");
      if (total == std::string_view::npos) continue;
      if (line.starts_with("some")) Set(some, line.substr(total + 6), kMicro);
      if (line.starts_with("full")) Set(full, line.substr(total + 6), kMicro);
    }
  }

  /// "8:0 rbytes=1 wbytes=2 rios=3 wios=4 …" a line. Linux 5.14 to 5.16 do not end the line of a
  /// device without statistics: the next one's name follows on it.
  void Io(std::string_view file) {
    std::string_view rest = Text(file);
    while (!rest.empty()) {
      std::string_view line = TakeLine(rest);
      CgroupIo io;
      io.device = TakeField(line);
      bool any = false;
      for (std::string_view pair = TakeField(line); !pair.empty(); pair = TakeField(line)) {
        if (!any && pair.find('=') == std::string_view::npos) io.device = pair;
        any = AddIo(pair, io) || any;
      }
      if (any) values_.io.push_back(std::move(io));
    }
  }

 private:
  static bool AddIo(std::string_view pair, CgroupIo& io) {
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) return false;
    const auto number = ParseInt<std::uint64_t>(pair.substr(equals + 1));
    const std::string_view key = pair.substr(0, equals);
    double* const into = key == "rbytes"   ? &io.read_bytes
                         : key == "wbytes" ? &io.written_bytes
                         : key == "rios"   ? &io.reads
                         : key == "wios"   ? &io.writes
                                           : nullptr;
    if (!into || !number) return false;
    *into = static_cast<double>(*number);
    return true;
  }

  /// Valid until the next call.
  std::string_view Text(std::string_view file) {
    const AbsentFiles bit = reading_.next;
    reading_.next <<= 1;
    if (root_.empty() || (reading_.absent & bit) != 0) return {};
    reading_.path.assign(root_).append(path_).append("/").append(file);
    const RawRead read = reading_.fs.ReadInto(reading_.path, reading_.text);
    if (read.error == ENOENT) reading_.missing |= bit;
    reading_.any = reading_.any || read;
    return read.text;
  }

  void Set(Field field, std::string_view text, double per_unit) {
    if (const auto number = ParseInt<std::uint64_t>(text)) {
      values_.*field = static_cast<double>(*number) / per_unit;
    }
  }

  Reading& reading_;
  CgroupValues& values_;
  const std::string& root_;
  const std::string_view path_;
};

void ReadV2(Reading& reading, const CgroupRoots& roots, std::string_view path) {
  Folder folder(reading, roots.v2, path);
  folder.Keyed("cpu.stat", kCpuStat);
  folder.Single("memory.current", &CgroupValues::memory_usage);
  folder.Keyed("memory.stat", kMemoryStat);
  folder.Single("memory.swap.current", &CgroupValues::memory_swap);
  folder.Single("memory.peak", &CgroupValues::memory_peak);
  folder.Single("memory.max", &CgroupValues::memory_limit);
  folder.Single("memory.high", &CgroupValues::memory_high);
  folder.Keyed("memory.events", kMemoryEvents);
  folder.Single("pids.current", &CgroupValues::pids);
  folder.Limit("pids.max", &CgroupValues::pids_limit);
  folder.Pressure("cpu.pressure", &CgroupValues::cpu_waiting_seconds,
                  &CgroupValues::cpu_stalled_seconds);
  folder.Pressure("io.pressure", &CgroupValues::io_waiting_seconds,
                  &CgroupValues::io_stalled_seconds);
  folder.Pressure("memory.pressure", &CgroupValues::memory_waiting_seconds,
                  &CgroupValues::memory_stalled_seconds);
  folder.Io("io.stat");
}

void ReadV1(Reading& reading, const CgroupRoots& roots, std::string_view path) {
  CgroupValues& values = reading.values;
  Folder memory(reading, roots.v1_memory, path);
  memory.Single("memory.usage_in_bytes", &CgroupValues::memory_usage);
  memory.Keyed("memory.stat", kMemoryStatV1);
  memory.Single("memory.max_usage_in_bytes", &CgroupValues::memory_peak);
  memory.Single("memory.limit_in_bytes", &CgroupValues::memory_limit);
  memory.Single("memory.failcnt", &CgroupValues::memory_max_events);
  memory.Keyed("memory.oom_control", kOomControlV1);
  if (values.memory_limit && *values.memory_limit >= kNoLimitV1) values.memory_limit.reset();
  Folder(reading, roots.v1_cpu, path).Keyed("cpu.stat", kCpuStatV1);
  Folder cpuacct(reading, roots.v1_cpuacct, path);
  cpuacct.Single("cpuacct.usage", &CgroupValues::cpu_usage_seconds, kNano);
  cpuacct.Keyed("cpuacct.stat", kCpuacctStatV1);
  Folder pids(reading, roots.v1_pids, path);
  pids.Single("pids.current", &CgroupValues::pids);
  pids.Limit("pids.max", &CgroupValues::pids_limit);
}

constexpr std::array<std::string_view, 14> kFilePrefixes{
    "cgroup.",  "cpu.",  "cpuset.", "cpuacct.", "memory.",  "io.",         "pids.",
    "hugetlb.", "misc.", "rdma.",   "blkio.",   "devices.", "perf_event.", "net_"};
constexpr std::array<std::string_view, 4> kFileNames{"tasks", "notify_on_release", "release_agent",
                                                     "irq.pressure"};
constexpr std::array<std::string_view, 6> kUnitSuffixes{".service", ".scope",  ".slice",
                                                        ".mount",   ".socket", ".swap"};

}  // namespace

Result<CgroupRoots> FindCgroupRoots(const HostFs& fs) {
  const std::string base = fs.SysPath("fs/cgroup");
  CgroupRoots roots;
  if (fs.Exists(base + "/cgroup.controllers")) {
    roots.v2 = base;
    return roots;
  }
  const auto controller = [&](std::string_view name) {
    const std::string path = base + "/" + std::string(name);
    return fs.Exists(path + "/cgroup.procs") ? path : std::string{};
  };
  roots.v1_memory = controller("memory");
  roots.v1_cpu = controller("cpu");
  roots.v1_cpuacct = controller("cpuacct");
  roots.v1_pids = controller("pids");
  if (roots.v1_memory.empty()) return Error{Errc::kUnsupported, base + ": no cgroup file system"};
  return roots;
}

void CgroupReader::Read(const CgroupRoots& roots, std::string_view path, AbsentFiles& absent,
                        CgroupValues& values) {
  values.Clear();
  Reading reading{fs_, path_, text_, absent, values};
  if (roots.v2.empty()) {
    ReadV1(reading, roots, path);
  } else {
    ReadV2(reading, roots, path);
  }
  // Where all are missing the cgroup is gone, and may be there again in the next round.
  if (!reading.any) return;
  absent |= reading.missing;
  path_.assign(roots.tree()).append(path);
  if (const auto folder = fs_.Stat(path_)) values.id = static_cast<double>(folder->inode);
}

bool IsCgroupFile(std::string_view name) {
  const auto ends = [&](std::string_view suffix) { return name.ends_with(suffix); };
  const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
  if (std::any_of(kUnitSuffixes.begin(), kUnitSuffixes.end(), ends)) return false;
  return std::find(kFileNames.begin(), kFileNames.end(), name) != kFileNames.end() ||
         std::any_of(kFilePrefixes.begin(), kFilePrefixes.end(), begins);
}

}  // namespace tocsin
