#include <array>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 2> kFamilies{{
    {"node_cgroups_cgroups", MetricType::kGauge, "Current cgroup number of the subsystem."},
    {"node_cgroups_enabled", MetricType::kGauge, "Current cgroup number of the subsystem."},
}};

class CgroupsCollector final : public Collector {
 public:
  explicit CgroupsCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("cgroups"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    std::string_view text = *read;
    while (!text.empty()) {
      std::string_view line = TakeLine(text);
      const std::string_view name = TakeField(line);
      if (name.empty() || name.starts_with('#')) continue;
      TakeField(line);  // hierarchy
      const std::string_view count = TakeField(line);
      const auto groups = ParseInt<std::uint64_t>(count);
      const auto enabled = ParseInt<std::uint64_t>(TakeField(line));
      if (!groups || !enabled) return MalformedText("cgroups", "four columns", name);
      out.Add(kFamilies[0], {{"subsys_name", name}}, static_cast<double>(*groups));
      out.Add(kFamilies[1], {{"subsys_name", name}}, static_cast<double>(*enabled));
    }
    return Unit{};
  }

 private:
  std::unique_ptr<HostFile> file_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<CgroupsCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kCgroupsCollector{
    .name = "cgroups",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(10),
    .help = "How many control groups each controller has, from /proc/cgroups.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
