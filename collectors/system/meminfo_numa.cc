#include <array>

#include "base/parse.h"
#include "collectors/device_dir.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

/// The files of one node, and the family of each of their lines.
struct Node {
  std::unique_ptr<HostFile> meminfo;  // null if the entry is no node
  std::unique_ptr<HostFile> numastat;
  RowCache<HostFamily> memory;
  RowCache<HostFamily> counters;
};

HostFamily MakeFamily(std::string_view name, MetricType type) {
  HostFamily family{"node_memory_numa_", "Memory information field ", type};
  family.name.append(name);
  family.help.append(name).append(".");
  return family;
}

/// "Active(anon):" is Active_anon.
HostFamily MemoryFamily(std::string_view key) {
  std::string name(key.substr(0, key.find(':')));
  if (const auto open = name.find('('); open != std::string::npos && name.ends_with(')')) {
    name[open] = '_';
    name.pop_back();
  }
  return MakeFamily(name, MetricType::kGauge);
}

HostFamily CounterFamily(std::string_view key) {
  return MakeFamily(std::string(key) + "_total", MetricType::kCounter);
}

class MeminfoNumaCollector final : public Collector {
 public:
  explicit MeminfoNumaCollector(const HostFs& fs)
      : fs_(fs), nodes_(fs, fs.SysPath("devices/system/node")) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    bool any = false;
    const Status status = nodes_.ForEach(
        [this](std::string_view name, const std::string& path) {
          if (NumberAfter("node", name).empty()) return Node{};
          return Node{fs_.File(path + "meminfo"), fs_.File(path + "numastat"), {}, {}};
        },
        [&](std::string_view name, Node& node) -> Status {
          if (!node.meminfo) return Unit{};
          any = true;
          TRY(AddMemory(node, out));
          return AddCounters(NumberAfter("node", name), node, out);
        });
    if (!status) return AbsentIsUnsupported(status.error());
    if (!any) return Error{Errc::kUnsupported, "there is no NUMA node"};
    return Unit{};
  }

 private:
  /// Lines "Node 0 MemTotal: 134182340 kB".
  static Status AddMemory(Node& node, FamilySink& out) {
    const auto read = node.meminfo->Read();
    if (!read) return AbsentIsFailure(read.error());
    std::string_view text = *read;
    for (std::size_t row = 0; !text.empty();) {
      std::string_view line = TakeLine(text);
      if (Trim(line).empty()) continue;
      TakeField(line);
      const std::string_view number = TakeField(line);
      const HostFamily& family = node.memory.At(row++, TakeField(line), &MemoryFamily);
      const std::string_view field = TakeField(line);
      const auto value = ParseDouble(field);
      const std::string_view unit = TakeField(line);
      if (!value || (!unit.empty() && unit != "kB")) {
        return MalformedText("node meminfo", "a number, alone or of kB", field);
      }
      out.Add(family.spec(), {{"node", number}}, unit.empty() ? *value : *value * 1024);
    }
    return Unit{};
  }

  /// Lines "numa_hit 193460335812".
  static Status AddCounters(std::string_view number, Node& node, FamilySink& out) {
    const auto read = node.numastat->Read();
    if (!read) return AbsentIsFailure(read.error());
    std::string_view text = *read;
    for (std::size_t row = 0; !text.empty();) {
      std::string_view line = TakeLine(text);
      const std::string_view key = TakeField(line);
      if (key.empty()) continue;
      const HostFamily& family = node.counters.At(row++, key, &CounterFamily);
      const std::string_view field = TakeField(line);
      const auto value = ParseDouble(field);
      if (!value) return MalformedText("numastat", "a number", field);
      out.Add(family.spec(), {{"node", number}}, *value);
    }
    return Unit{};
  }

  const HostFs& fs_;
  DeviceDir<Node> nodes_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<MeminfoNumaCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kMeminfoNumaCollector{
    .name = "meminfo_numa",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(5),
    .help = "Memory of each NUMA node, from /sys/devices/system/node.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
