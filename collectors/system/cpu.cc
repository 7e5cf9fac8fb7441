#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/cpu_info.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr FamilySpec kSeconds{"node_cpu_seconds_total", MetricType::kCounter,
                              "Seconds the CPUs spent in each mode."};
constexpr FamilySpec kGuest{"node_cpu_guest_seconds_total", MetricType::kCounter,
                            "Seconds the CPUs spent in guests (VMs) for each mode."};

constexpr std::array<CollectorFlag, 4> kFlags{{
    {"cpu.guest", "guest", "Enables metric node_cpu_guest_seconds_total", "true"},
    {"cpu.info", "info", "Enables metric cpu_info", "false"},
    {"cpu.info.flags-include", "info_flags_include",
     "Filter the `flags` field in cpuInfo with a value that must be a regular expression", ""},
    {"cpu.info.bugs-include", "info_bugs_include",
     "Filter the `bugs` field in cpuInfo with a value that must be a regular expression", ""},
}};

/// The columns of a CPU's line in /proc/stat, which counts in USER_HZ, 100 on every architecture
/// that Debian has. The last two are also part of user and nice.
constexpr std::array<std::string_view, 10> kModes{"user", "nice",    "system", "idle", "iowait",
                                                  "irq",  "softirq", "steal",  "user", "nice"};
constexpr std::size_t kIdle = 3;
constexpr std::size_t kFirstGuest = 8;
constexpr double kUserHz = 100;
/// Idle time that steps back by more means that the CPU was away and counts anew.
constexpr double kJumpBackSeconds = 3;

struct Options {
  bool guest = true;
  bool info = false;
  CpuInfo::Options filters;
};

class CpuCollector final : public Collector {
 public:
  CpuCollector(const HostFs& fs, Options options)
      : guest_(options.guest), file_(fs.File(fs.ProcPath("stat"))), throttle_(fs) {
    if (options.info) info_.emplace(fs, std::move(options.filters));
  }

  Status Collect(const RoundContext& round, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsFailure(read.error());
    std::string_view text = *read;
    std::size_t count = 0;
    bool changed = false;
    while (text.starts_with("cpu")) {
      std::string_view line = TakeLine(text);
      const std::string_view number = TakeField(line).substr(3);
      if (number.empty()) continue;  // the sum of all
      const auto cpu = ParseInt<std::uint32_t>(number);
      if (!cpu) return MalformedText("stat", "the number of a CPU", number);
      changed |= count >= online_.size() || online_[count] != *cpu;
      online_.resize(std::max(online_.size(), count + 1));
      online_[count++] = *cpu;
      TRY_ASSIGN(const Seconds& seconds, Update(*cpu, line));
      AddCpu(number, seconds, out);
    }
    if (count == 0) return MalformedText("stat", "CPUs", text);
    changed |= count != online_.size();
    online_.resize(count);
    if (changed) {
      throttle_.Invalidate();
      if (info_) info_->Invalidate();
    }
    if (info_) TRY(info_->Collect(round, out));
    return throttle_.Collect(round, out);
  }

 private:
  using Seconds = std::array<double, kModes.size()>;
  struct Cpu {
    std::uint32_t number;
    Seconds seconds;
  };

  /// The seconds of this round, none smaller than before: the kernel's idle and iowait step back
  /// now and then, which would look like a restart.
  Result<Seconds> Update(std::uint32_t number, std::string_view columns) {
    Seconds now{};
    for (std::size_t i = 0; i < now.size(); ++i) {
      const std::string_view field = TakeField(columns);
      if (field.empty()) break;  // kernels before 2.6.33 have fewer
      const auto ticks = ParseInt<std::uint64_t>(field);
      if (!ticks) return MalformedText("stat", "numbers of a CPU", field);
      now[i] = static_cast<double>(*ticks) / kUserHz;
    }
    Seconds& seconds = Find(number);
    if (seconds[kIdle] - now[kIdle] >= kJumpBackSeconds) seconds = {};
    for (std::size_t i = 0; i < now.size(); ++i) seconds[i] = std::max(seconds[i], now[i]);
    return seconds;
  }

  Seconds& Find(std::uint32_t number) {
    auto at = std::lower_bound(cpus_.begin(), cpus_.end(), number,
                               [](const Cpu& cpu, std::uint32_t n) { return cpu.number < n; });
    if (at == cpus_.end() || at->number != number) at = cpus_.insert(at, Cpu{number, {}});
    return at->seconds;
  }

  void AddCpu(std::string_view number, const Seconds& seconds, FamilySink& out) const {
    for (std::size_t i = 0; i < kFirstGuest; ++i) {
      out.Add(kSeconds, {{"cpu", number}, {"mode", kModes[i]}}, seconds[i]);
    }
    if (!guest_) return;
    for (std::size_t i = kFirstGuest; i < kModes.size(); ++i) {
      out.Add(kGuest, {{"cpu", number}, {"mode", kModes[i]}}, seconds[i]);
    }
  }

  const bool guest_;
  std::unique_ptr<HostFile> file_;
  std::optional<CpuInfo> info_;
  CpuThrottle throttle_;
  std::vector<Cpu> cpus_;              // by number; also those that are offline now
  std::vector<std::uint32_t> online_;  // as the file lists them
};

/// A filter for words that are not exported at all without one.
Result<std::optional<NameFilter>> ReadWordFilter(YamlFields& settings, std::string_view key) {
  const YamlNode* const node = settings.Find(key);
  if (!node || node->scalar.empty()) return std::optional<NameFilter>();
  TRY_ASSIGN(NameFilter filter, ReadNameFilter(settings, {.include = key}));
  return std::optional<NameFilter>(std::move(filter));
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector cpu");
  Options options;
  TRY_ASSIGN(options.guest, settings.Read<bool>("guest", YamlBool, true));
  TRY_ASSIGN(options.info, settings.Read<bool>("info", YamlBool, false));
  TRY_ASSIGN(options.filters.flags, ReadWordFilter(settings, "info_flags_include"));
  TRY_ASSIGN(options.filters.bugs, ReadWordFilter(settings, "info_bugs_include"));
  TRY(settings.Finish());
  // Asking for flags or bugs asks for the whole.
  options.info |= options.filters.flags.has_value() || options.filters.bugs.has_value();
  return std::unique_ptr<Collector>(std::make_unique<CpuCollector>(deps.fs, std::move(options)));
}

constexpr std::array<FamilySpec, 8> kFamilies{kSeconds,
                                              kGuest,
                                              CpuInfo::kInfo,
                                              CpuInfo::kFlag,
                                              CpuInfo::kBug,
                                              CpuThrottle::kCore,
                                              CpuThrottle::kPackage,
                                              CpuThrottle::kIsolated};

}  // namespace

extern const CatalogEntry kCpuCollector{
    .name = "cpu",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "Time of each CPU by mode, from /proc/stat, and its throttling, from sysfs.",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
