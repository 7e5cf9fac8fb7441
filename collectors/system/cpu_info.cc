#include "collectors/system/cpu_info.h"

#include <algorithm>
#include <array>

#include "base/parse.h"
#include "collectors/source.h"

namespace tocsin {
namespace {

constexpr seconds kInfoPeriod(60);
constexpr seconds kTopologyPeriod(60);
/// Linux has at most 8192 (NR_CPUS); a list that names more is no list of CPUs.
constexpr std::uint32_t kMaxCpu = 65535;

void TakeWords(std::string_view words, const std::optional<NameFilter>& filter,
               std::vector<std::string>& out) {
  if (!filter) return;
  for (auto word = TakeField(words); !word.empty(); word = TakeField(words)) {
    if (filter->Keeps(word)) out.emplace_back(word);
  }
}

}  // namespace

CpuInfo::CpuInfo(const HostFs& fs, Options options)
    : options_(std::move(options)), file_(fs.File(fs.ProcPath("cpuinfo"))), due_(kInfoPeriod) {}

Status CpuInfo::Collect(const RoundContext& round, FamilySink& out) {
  if (due_.Due(round)) {
    const auto read = file_->Read();
    Status status = read ? Parse(*read) : Status(AbsentIsFailure(read.error()));
    if (!status) {
      due_.Reset();
      return status;
    }
  }
  for (const Cpu& cpu : cpus_) {
    out.Add(kInfo,
            {{"cachesize", cpu.cache_size},
             {"core", cpu.core},
             {"cpu", cpu.number},
             {"family", cpu.family},
             {"microcode", cpu.microcode},
             {"model", cpu.model},
             {"model_name", cpu.model_name},
             {"package", cpu.package},
             {"stepping", cpu.stepping},
             {"vendor", cpu.vendor}},
            1);
  }
  for (const std::string& flag : flags_) out.Add(kFlag, {{"flag", flag}}, 1);
  for (const std::string& bug : bugs_) out.Add(kBug, {{"bug", bug}}, 1);
  return Unit{};
}

/// x86's keys; other architectures have few of them.
std::string* CpuInfo::Field(Cpu& cpu, std::string_view key) {
  if (key == "vendor_id" || key == "vendor") return &cpu.vendor;
  if (key == "cpu family") return &cpu.family;
  if (key == "model") return &cpu.model;
  if (key == "model name") return &cpu.model_name;
  if (key == "stepping") return &cpu.stepping;
  if (key == "microcode") return &cpu.microcode;
  if (key == "cache size") return &cpu.cache_size;
  if (key == "physical id") return &cpu.package;
  if (key == "core id") return &cpu.core;
  return nullptr;
}

Status CpuInfo::Parse(std::string_view text) {
  cpus_.clear();
  flags_.clear();
  bugs_.clear();
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = Trim(line.substr(0, colon));
    const std::string_view value = Trim(line.substr(colon + 1));
    if (key == "processor") {
      if (!ParseInt<std::uint32_t>(value)) {
        return MalformedText("cpuinfo", "the number of a processor", value);
      }
      cpus_.push_back({});
      cpus_.back().number = value;
    } else if (cpus_.empty()) {
      continue;  // what some architectures say of the whole machine
    } else if (std::string* const field = Field(cpus_.back(), key)) {
      *field = value;
    } else if (cpus_.size() == 1 && (key == "flags" || key == "Features")) {
      TakeWords(value, options_.flags, flags_);
    } else if (cpus_.size() == 1 && key == "bugs") {
      TakeWords(value, options_.bugs, bugs_);
    }
  }
  if (cpus_.empty()) return MalformedText("cpuinfo", "processors", text);
  return Unit{};
}

CpuThrottle::CpuThrottle(const HostFs& fs) : fs_(fs), files_(fs), due_(kTopologyPeriod) {}

Status CpuThrottle::Collect(const RoundContext& round, FamilySink& out) {
  if (due_.Due(round)) {
    if (Status status = Scan(); !status) {
      due_.Reset();
      return status;
    }
  }
  for (const std::string& cpu : isolated_) out.Add(kIsolated, {{"cpu", cpu}}, 1);
  for (const Counter& package : packages_) {
    const auto count = files_.Int(package.path);
    if (count) out.Add(kPackage, {{"package", package.package}}, static_cast<double>(*count));
  }
  for (const Counter& core : cores_) {
    const auto count = files_.Int(core.path);
    if (!count) continue;
    out.Add(kCore, {{"core", core.core}, {"package", core.package}}, static_cast<double>(*count));
  }
  return Unit{};
}

/// Hardware threads of one core share a counter: the first that has it stands for all.
Status CpuThrottle::Scan() {
  packages_.clear();
  cores_.clear();
  TRY(ReadIsolated());
  const std::string root = fs_.SysPath("devices/system/cpu/");
  const auto names = fs_.List(root);
  if (!names) return Unit{};  // no sysfs, no throttling
  for (const std::string& name : *names) {
    if (!name.starts_with("cpu") || !ParseInt<std::uint32_t>(std::string_view(name).substr(3))) {
      continue;
    }
    const std::string cpu = root + name;
    const auto package = files_.Int(cpu + "/topology/physical_package_id");
    if (!package) continue;
    const std::string package_text = std::to_string(*package);
    const auto core = files_.Int(cpu + "/topology/core_id");
    if (!core) continue;
    const std::string core_text = std::to_string(*core);
    const auto is_core = [&](const Counter& c) {
      return c.package == package_text && c.core == core_text;
    };
    const auto is_package = [&](const Counter& c) { return c.package == package_text; };
    const std::string core_path = cpu + "/thermal_throttle/core_throttle_count";
    const std::string package_path = cpu + "/thermal_throttle/package_throttle_count";
    if (std::none_of(cores_.begin(), cores_.end(), is_core) && files_.Int(core_path)) {
      cores_.push_back({package_text, core_text, core_path});
    }
    if (std::none_of(packages_.begin(), packages_.end(), is_package) && files_.Int(package_path)) {
      packages_.push_back({package_text, {}, package_path});
    }
  }
  return Unit{};
}

Status CpuThrottle::ReadIsolated() {
  isolated_.clear();
  const auto text = files_.Text(fs_.SysPath("devices/system/cpu/isolated"));
  if (!text) return Unit{};
  auto cpus = ParseCpuList(*text);
  if (!cpus) return std::move(cpus).error().Under("isolated CPUs");
  for (const std::uint32_t cpu : *cpus) isolated_.push_back(std::to_string(cpu));
  return Unit{};
}

Result<std::vector<std::uint32_t>> ParseCpuList(std::string_view text) {
  std::vector<std::uint32_t> cpus;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    if (part.empty()) continue;
    const auto dash = part.find('-');
    const auto first = ParseInt<std::uint32_t>(part.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : ParseInt<std::uint32_t>(part.substr(dash + 1));
    if (!first || !last || *last > kMaxCpu) return MalformedText("CPU list", "numbers", part);
    for (std::uint32_t cpu = *first; cpu <= *last && cpus.size() <= kMaxCpu; ++cpu) {
      cpus.push_back(cpu);
    }
  }
  return cpus;
}

}  // namespace tocsin
