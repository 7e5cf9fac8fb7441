#include <array>

#include "base/parse.h"
#include "collectors/decimal_text.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 3> kFamilies{{
    {"node_softnet_processed_total", MetricType::kCounter, "Number of processed packets"},
    {"node_softnet_dropped_total", MetricType::kCounter, "Number of dropped packets"},
    {"node_softnet_times_squeezed_total", MetricType::kCounter,
     "Number of times processing packets ran out of quota"},
}};

constexpr std::size_t kMinColumns = 9;
/// Since Linux 5.10 a line names its CPU here; before, lines are numbered, which is wrong only
/// after a CPU went offline.
constexpr std::size_t kCpuColumn = 12;

class SoftnetCollector final : public Collector {
 public:
  explicit SoftnetCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("net/softnet_stat"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    std::string_view text = *read;
    for (std::uint64_t line_number = 0; !text.empty(); ++line_number) {
      TRY(AddCpu(TakeLine(text), line_number, out));
    }
    return Unit{};
  }

 private:
  static Status AddCpu(std::string_view line, std::uint64_t line_number, FamilySink& out) {
    std::array<std::uint32_t, kFamilies.size()> counts{};
    std::uint64_t cpu = line_number;
    std::size_t column = 0;
    for (;; ++column) {
      const std::string_view field = TakeField(line);
      if (field.empty()) break;
      if (column >= counts.size() && column != kCpuColumn) continue;
      const auto value = ParseInt<std::uint32_t>(field, 16);
      if (!value) return MalformedText("softnet_stat", "a hexadecimal number", field);
      if (column == kCpuColumn) {
        cpu = *value;
      } else {
        counts[column] = *value;
      }
    }
    if (column < kMinColumns) return MalformedText("softnet_stat", "nine columns a CPU", {});
    const DecimalText label(cpu);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      out.Add(kFamilies[i], {{"cpu", label.view()}}, counts[i]);
    }
    return Unit{};
  }

  std::unique_ptr<HostFile> file_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<SoftnetCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kSoftnetCollector{
    .name = "softnet",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "Packets taken from the network cards by each CPU, from /proc/net/softnet_stat.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
