#include <array>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 5> kFamilies{{
    {"node_pressure_cpu_waiting_seconds_total", MetricType::kCounter,
     "Total time in seconds that processes have waited for CPU time"},
    {"node_pressure_io_waiting_seconds_total", MetricType::kCounter,
     "Total time in seconds that processes have waited due to IO congestion"},
    {"node_pressure_io_stalled_seconds_total", MetricType::kCounter,
     "Total time in seconds no process could make progress due to IO congestion"},
    {"node_pressure_memory_waiting_seconds_total", MetricType::kCounter,
     "Total time in seconds that processes have waited for memory"},
    {"node_pressure_memory_stalled_seconds_total", MetricType::kCounter,
     "Total time in seconds no process could make progress due to memory congestion"},
}};

struct Resource {
  std::string_view path;
  const FamilySpec* some;
  const FamilySpec* full;  // null where 1.5.0 of node_exporter exports none
};

constexpr std::array<Resource, 3> kResources{{
    {"pressure/cpu", &kFamilies[0], nullptr},
    {"pressure/io", &kFamilies[1], &kFamilies[2]},
    {"pressure/memory", &kFamilies[3], &kFamilies[4]},
}};

/// Adds the total= (microseconds) of the line that begins with `kind`.
Status AddTotal(const Resource& resource, std::string_view text, std::string_view kind,
                const FamilySpec& family, FamilySink& out) {
  constexpr std::string_view kTotal = "total=";
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    if (TakeField(line) != kind) continue;
    const auto at = line.find(kTotal);
    const std::string_view number =
        at == std::string_view::npos ? std::string_view{} : line.substr(at + kTotal.size());
    const auto micros = ParseInt<std::uint64_t>(number);
    if (!micros) return MalformedText(resource.path, "total= and a number", number);
    out.Add(family, {}, static_cast<double>(*micros) / 1000.0 / 1000.0);
    return Unit{};
  }
  return MalformedText(resource.path, std::string("a line \"").append(kind) + "\"", {});
}

class PressureCollector final : public Collector {
 public:
  explicit PressureCollector(const HostFs& fs) {
    for (std::size_t i = 0; i < kResources.size(); ++i) {
      files_[i] = fs.File(fs.ProcPath(kResources[i].path));
    }
  }

  Status Collect(const RoundContext&, FamilySink& out) override {
    for (std::size_t i = 0; i < kResources.size(); ++i) {
      const Resource& resource = kResources[i];
      const auto text = files_[i]->Read();
      if (!text) return AbsentIsUnsupported(text.error());
      TRY(AddTotal(resource, *text, "some", *resource.some, out));
      if (resource.full) TRY(AddTotal(resource, *text, "full", *resource.full, out));
    }
    return Unit{};
  }

 private:
  std::array<std::unique_ptr<HostFile>, kResources.size()> files_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<PressureCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kPressureCollector{
    .name = "pressure",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "Time in which tasks waited for CPU, memory or I/O, from /proc/pressure.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
