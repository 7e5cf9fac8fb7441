#include <algorithm>
#include <array>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 7> kFamilies{{
    {"node_intr_total", MetricType::kCounter, "Total number of interrupts serviced."},
    {"node_context_switches_total", MetricType::kCounter, "Total number of context switches."},
    {"node_boot_time_seconds", MetricType::kGauge, "Node boot time, in unixtime."},
    {"node_forks_total", MetricType::kCounter, "Total number of forks."},
    {"node_procs_running", MetricType::kGauge, "Number of processes in runnable state."},
    {"node_procs_blocked", MetricType::kGauge,
     "Number of processes blocked waiting for I/O to complete."},
    {"node_softirqs_total", MetricType::kCounter, "Number of softirq calls."},
}};
constexpr const FamilySpec& kSoftirqs = kFamilies[6];

/// The line of /proc/stat whose first number is the value of kFamilies[i].
constexpr std::array<std::string_view, 6> kKeys{"intr",      "ctxt",          "btime",
                                                "processes", "procs_running", "procs_blocked"};

/// The columns after the total of the line softirq, in the kernel's order.
constexpr std::array<std::string_view, 10> kVectors{"hi",      "timer",        "net_tx",  "net_rx",
                                                    "block",   "block_iopoll", "tasklet", "sched",
                                                    "hrtimer", "rcu"};

constexpr std::array<CollectorFlag, 1> kFlags{{
    {"stat.softirq", "softirq", "Export softirq calls per vector", "false"},
}};

class StatCollector final : public Collector {
 public:
  StatCollector(const HostFs& fs, bool with_softirq)
      : file_(fs.File(fs.ProcPath("stat"))), with_softirq_(with_softirq) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsFailure(read.error());
    std::string_view text = *read;
    bool any = false;
    while (!text.empty()) {
      std::string_view line = TakeLine(text);
      if (line.starts_with("cpu")) continue;
      const std::string_view key = TakeField(line);
      if (const auto found = std::find(kKeys.begin(), kKeys.end(), key); found != kKeys.end()) {
        const std::string_view field = TakeField(line);
        const auto value = ParseInt<std::uint64_t>(field);
        if (!value) return MalformedText("stat", std::string(key) + " and a number", field);
        out.Add(kFamilies[static_cast<std::size_t>(found - kKeys.begin())], {},
                static_cast<double>(*value));
        any = true;
      } else if (with_softirq_ && key == "softirq") {
        TRY(AddSoftirqs(line, out));
      }
    }
    if (!any) return MalformedText("stat", "lines intr, ctxt, btime …", {});
    return Unit{};
  }

 private:
  static Status AddSoftirqs(std::string_view line, FamilySink& out) {
    TakeField(line);  // the total
    for (const std::string_view vector : kVectors) {
      const std::string_view field = TakeField(line);
      const auto value = ParseInt<std::uint64_t>(field);
      if (!value) return MalformedText("stat", "eleven numbers after softirq", field);
      out.Add(kSoftirqs, {{"vector", vector}}, static_cast<double>(*value));
    }
    return Unit{};
  }

  std::unique_ptr<HostFile> file_;
  const bool with_softirq_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields fields(deps.file, deps.settings, "collector stat");
  TRY_ASSIGN(const bool with_softirq, fields.Read<bool>("softirq", YamlBool, false));
  TRY(fields.Finish());
  return std::unique_ptr<Collector>(std::make_unique<StatCollector>(deps.fs, with_softirq));
}

}  // namespace

extern const CatalogEntry kStatCollector{
    .name = "stat",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help =
        "Interrupts, context switches, forks, boot time, tasks that run or wait, from /proc/stat.",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
