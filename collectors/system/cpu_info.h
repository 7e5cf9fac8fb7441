#pragma once
// Parts of the collector cpu that change only when CPUs come or go.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/every.h"
#include "collectors/filter.h"
#include "collectors/host_fs.h"
#include "collectors/small_file.h"
#include "metrics/family.h"
#include "metrics/writer.h"

namespace tocsin {

/// What /proc/cpuinfo says of each CPU, and the flags and bugs of the first.
class CpuInfo {
 public:
  static constexpr FamilySpec kInfo{"node_cpu_info", MetricType::kGauge,
                                    "CPU information from /proc/cpuinfo."};
  static constexpr FamilySpec kFlag{
      "node_cpu_flag_info", MetricType::kGauge,
      "The `flags` field of CPU information from /proc/cpuinfo taken from the first core."};
  static constexpr FamilySpec kBug{
      "node_cpu_bug_info", MetricType::kGauge,
      "The `bugs` field of CPU information from /proc/cpuinfo taken from the first core."};

  struct Options {
    std::optional<NameFilter> flags;  // nothing: flags are not exported
    std::optional<NameFilter> bugs;
  };

  CpuInfo(const HostFs& fs, Options options);

  /// Reads again if due: the file is costly for the kernel.
  Status Collect(const RoundContext& round, FamilySink& out);
  /// The CPUs changed: the next round reads again.
  void Invalidate() { due_.Reset(); }

 private:
  struct Cpu {
    std::string package, core, number, vendor, family, model, model_name, microcode, stepping,
        cache_size;
  };

  Status Parse(std::string_view text);
  static std::string* Field(Cpu& cpu, std::string_view key);

  const Options options_;
  std::unique_ptr<HostFile> file_;
  Every due_;
  std::vector<Cpu> cpus_;
  std::vector<std::string> flags_;
  std::vector<std::string> bugs_;
};

/// Thermal throttling of cores and packages, and CPUs isolated from the scheduler.
class CpuThrottle {
 public:
  static constexpr FamilySpec kCore{"node_cpu_core_throttles_total", MetricType::kCounter,
                                    "Number of times this CPU core has been throttled."};
  static constexpr FamilySpec kPackage{"node_cpu_package_throttles_total", MetricType::kCounter,
                                       "Number of times this CPU package has been throttled."};
  static constexpr FamilySpec kIsolated{
      "node_cpu_isolated", MetricType::kGauge,
      "Whether each core is isolated, information from /sys/devices/system/cpu/isolated."};

  explicit CpuThrottle(const HostFs& fs);

  Status Collect(const RoundContext& round, FamilySink& out);
  void Invalidate() { due_.Reset(); }

 private:
  struct Counter {
    std::string package;
    std::string core;  // empty for a package
    std::string path;
  };

  Status Scan();
  Status ReadIsolated();

  const HostFs& fs_;
  SmallFiles files_;
  Every due_;
  std::vector<Counter> packages_;
  std::vector<Counter> cores_;
  std::vector<std::string> isolated_;
};

/// CPU numbers in a list of the kernel's ("1,3-5"). Errors: kMalformed.
Result<std::vector<std::uint32_t>> ParseCpuList(std::string_view text);

}  // namespace tocsin
