#include <array>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/seen_set.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

/// In the order of the columns after the name.
constexpr std::array<FamilySpec, 5> kFamilies{{
    {"node_slabinfo_active_objects", MetricType::kGauge,
     "The number of objects that are currently active (i.e., in use)."},
    {"node_slabinfo_objects", MetricType::kGauge,
     "The total number of allocated objects (i.e., objects that are both in use and not in use)."},
    {"node_slabinfo_object_size_bytes", MetricType::kGauge,
     "The size of objects in this slab, in bytes."},
    {"node_slabinfo_objects_per_slab", MetricType::kGauge,
     "The number of objects stored in each slab."},
    {"node_slabinfo_pages_per_slab", MetricType::kGauge,
     "The number of pages allocated for each slab."},
}};

class SlabinfoCollector final : public Collector {
 public:
  explicit SlabinfoCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("slabinfo"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    std::string_view text = *read;
    seen_.Clear();
    while (!text.empty()) {
      const std::string_view line = TakeLine(text);
      if (line.starts_with("slabinfo -") || line.starts_with("# name")) continue;
      TRY(AddSlab(line, out));
    }
    return Unit{};
  }

 private:
  Status AddSlab(std::string_view line, FamilySink& out) {
    const std::string_view name = TakeField(line);
    // A module loaded twice or a cgroup may repeat a name: the first one counts.
    if (!seen_.Insert(name)) return Unit{};
    for (const FamilySpec& family : kFamilies) {
      const std::string_view field = TakeField(line);
      const auto value = ParseInt<std::int64_t>(field);
      if (!value)
        return MalformedText("slabinfo", "five numbers after " + std::string(name), field);
      out.Add(family, {{"slab", name}}, static_cast<double>(*value));
    }
    return Unit{};
  }

  std::unique_ptr<HostFile> file_;
  SeenSet seen_;  // the names of this round
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<SlabinfoCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kSlabinfoCollector{
    .name = "slabinfo",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "Objects of each kernel slab cache, from /proc/slabinfo (root only).",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
