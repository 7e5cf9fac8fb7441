#include <array>
#include <cctype>
#include <string>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/small_file.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 6> kFamilies{{
    {"node_cpu_frequency_hertz", MetricType::kGauge, "Current CPU thread frequency in hertz."},
    {"node_cpu_frequency_min_hertz", MetricType::kGauge, "Minimum CPU thread frequency in hertz."},
    {"node_cpu_frequency_max_hertz", MetricType::kGauge, "Maximum CPU thread frequency in hertz."},
    {"node_cpu_scaling_frequency_hertz", MetricType::kGauge,
     "Current scaled CPU thread frequency in hertz."},
    {"node_cpu_scaling_frequency_min_hertz", MetricType::kGauge,
     "Minimum scaled CPU thread frequency in hertz."},
    {"node_cpu_scaling_frequency_max_hertz", MetricType::kGauge,
     "Maximum scaled CPU thread frequency in hertz."},
}};

/// The file of kFamilies[i] in /sys/devices/system/cpu/cpuN/cpufreq, in kilohertz.
constexpr std::array<std::string_view, kFamilies.size()> kFiles{
    "cpuinfo_cur_freq", "cpuinfo_min_freq", "cpuinfo_max_freq",
    "scaling_cur_freq", "scaling_min_freq", "scaling_max_freq"};

constexpr double kKilo = 1000;

class CpufreqCollector final : public Collector {
 public:
  explicit CpufreqCollector(const HostFs& fs)
      : files_(fs),
        root_(fs.SysPath("devices/system/cpu/")),
        cpus_(fs.Dir(fs.SysPath("devices/system/cpu"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto names = cpus_->List();
    if (!names) return AbsentIsUnsupported(names.error());
    bool any = false;
    std::size_t row = 0;
    for (const std::string_view name : *names) {
      if (!name.starts_with("cpu") || !ParseInt<std::uint32_t>(name.substr(3))) continue;
      Cpu& cpu = known_.At(row++, name, [this](std::string_view n) { return MakeCpu(n); });
      for (std::size_t i = 0; i < kFiles.size(); ++i) {
        // A driver has some of them, an offline CPU none.
        const auto kilohertz = files_.Int(cpu.paths[i]);
        if (!kilohertz) continue;
        out.Add(kFamilies[i], {{"cpu", name.substr(3)}}, static_cast<double>(*kilohertz) * kKilo);
        any = true;
      }
    }
    if (!any) return Error{Errc::kUnsupported, "no CPU tells its frequency"};
    return Unit{};
  }

 private:
  struct Cpu {
    std::array<std::string, kFiles.size()> paths;
  };

  Cpu MakeCpu(std::string_view name) const {
    Cpu cpu;
    for (std::size_t i = 0; i < kFiles.size(); ++i) {
      cpu.paths[i].append(root_).append(name).append("/cpufreq/").append(kFiles[i]);
    }
    return cpu;
  }

  SmallFiles files_;
  const std::string root_;
  std::unique_ptr<HostDir> cpus_;
  RowCache<Cpu> known_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<CpufreqCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kCpufreqCollector{
    .name = "cpufreq",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),  // reading a frequency may wake a sleeping CPU
    .help = "Frequencies of each CPU, from /sys/devices/system/cpu.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
