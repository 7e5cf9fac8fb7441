#include <array>
#include <string>

#include "base/parse.h"
#include "collectors/decimal_text.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 1> kFamilies{{
    {"node_buddyinfo_blocks", MetricType::kGauge, "Count of free blocks according to size."},
}};

class BuddyinfoCollector final : public Collector {
 public:
  explicit BuddyinfoCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("buddyinfo"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    std::string_view text = *read;
    while (!text.empty()) TRY(AddZone(TakeLine(text), out));
    return Unit{};
  }

 private:
  /// "Node 0, zone   Normal   4381   1093 …": free blocks of 2^i pages.
  static Status AddZone(std::string_view line, FamilySink& out) {
    const std::string_view whole = line;
    TakeField(line);
    std::string_view node = TakeField(line);
    if (node.ends_with(',')) node.remove_suffix(1);
    TakeField(line);
    const std::string_view zone = TakeField(line);
    if (zone.empty()) return MalformedText("buddyinfo", "node, zone and counts", whole);
    std::uint64_t size = 0;
    for (auto field = TakeField(line); !field.empty(); field = TakeField(line)) {
      const auto blocks = ParseInt<std::uint64_t>(field);
      if (!blocks) return MalformedText("buddyinfo", "a number of blocks", field);
      const DecimalText order(size++);
      out.Add(kFamilies[0], {{"node", node}, {"size", order.view()}, {"zone", zone}},
              static_cast<double>(*blocks));
    }
    return Unit{};
  }

  std::unique_ptr<HostFile> file_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<BuddyinfoCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kBuddyinfoCollector{
    .name = "buddyinfo",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(5),
    .help = "Free blocks of memory by size, which tell fragmentation, from /proc/buddyinfo.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
