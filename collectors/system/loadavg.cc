#include <array>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 3> kFamilies{{
    {"node_load1", MetricType::kGauge, "1m load average."},
    {"node_load5", MetricType::kGauge, "5m load average."},
    {"node_load15", MetricType::kGauge, "15m load average."},
}};

class LoadavgCollector final : public Collector {
 public:
  explicit LoadavgCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("loadavg"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsFailure(read.error());
    std::string_view text = *read;
    for (const FamilySpec& family : kFamilies) {
      const auto value = ParseDouble(TakeField(text));
      if (!value) return Error{Errc::kMalformed, "loadavg: expected three numbers"};
      out.Add(family, {}, *value);
    }
    return Unit{};
  }

 private:
  std::unique_ptr<HostFile> file_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<LoadavgCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kLoadavgCollector{
    .name = "loadavg",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "Load averages, from /proc/loadavg.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
