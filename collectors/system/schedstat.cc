#include <array>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 3> kFamilies{{
    {"node_schedstat_running_seconds_total", MetricType::kCounter,
     "Number of seconds CPU spent running a process."},
    {"node_schedstat_waiting_seconds_total", MetricType::kCounter,
     "Number of seconds spent by processing waiting for this CPU."},
    {"node_schedstat_timeslices_total", MetricType::kCounter,
     "Number of timeslices executed by CPU."},
}};

constexpr std::array<double, 3> kPerUnit{1e9, 1e9, 1};

class SchedstatCollector final : public Collector {
 public:
  explicit SchedstatCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("schedstat"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    std::string_view text = *read;
    bool any = false;
    while (!text.empty()) {
      std::string_view line = TakeLine(text);
      if (!line.starts_with("cpu")) continue;  // version, timestamp, domains
      TRY(AddCpu(line, out));
      any = true;
    }
    if (!any) return MalformedText("schedstat", "a line for each CPU", {});
    return Unit{};
  }

 private:
  static Status AddCpu(std::string_view line, FamilySink& out) {
    const std::string_view cpu = TakeField(line).substr(3);
    constexpr int kFieldsBefore = 6;  // of the scheduler's own calls
    for (int i = 0; i < kFieldsBefore; ++i) TakeField(line);
    for (std::size_t i = 0; i < kFamilies.size(); ++i) {
      const std::string_view field = TakeField(line);
      const auto value = ParseInt<std::uint64_t>(field);
      if (!value) return MalformedText("schedstat", "nine numbers a CPU", field);
      out.Add(kFamilies[i], {{"cpu", cpu}}, static_cast<double>(*value) / kPerUnit[i]);
    }
    return Unit{};
  }

  std::unique_ptr<HostFile> file_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<SchedstatCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kSchedstatCollector{
    .name = "schedstat",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "Time that tasks ran on and waited for each CPU, from /proc/schedstat.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
