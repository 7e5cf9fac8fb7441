#include <array>
#include <string>

#include "base/parse.h"
#include "collectors/decimal_text.h"
#include "collectors/device_dir.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

class LnstatCollector final : public Collector {
 public:
  explicit LnstatCollector(const HostFs& fs) : fs_(fs), tables_(fs, fs.ProcPath("net/stat")) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const Status status = tables_.ForEach(
        [this](std::string_view name, const std::string&) {
          return Table{fs_.File(fs_.ProcPath("net/stat/" + std::string(name))), {}};
        },
        [&](std::string_view name, Table& table) { return AddTable(name, table, out); });
    return status ? status : AbsentIsUnsupported(status.error());
  }

 private:
  struct Table {
    std::unique_ptr<HostFile> file;
    RowCache<HostFamily> columns;
  };

  /// A line of names, then a line a CPU of hexadecimal counts.
  static Status AddTable(std::string_view name, Table& table, FamilySink& out) {
    const auto read = table.file->Read();
    if (!read) return AbsentIsFailure(read.error());
    std::string_view text = *read;
    const std::string_view header = TakeLine(text);
    for (std::uint64_t cpu = 0; !text.empty(); ++cpu) {
      const DecimalText number(cpu);
      std::string_view names = header;
      std::string_view line = TakeLine(text);
      std::size_t column = 0;
      for (auto field = TakeField(line); !field.empty(); field = TakeField(line)) {
        const std::string_view counter = TakeField(names);
        const auto value = ParseInt<std::uint64_t>(field, 16);
        if (counter.empty() || !value) {
          return MalformedText("net/stat", "a hexadecimal number under each name", field);
        }
        const HostFamily& family = table.columns.At(column++, counter, [](std::string_view c) {
          return HostFamily{"node_lnstat_" + std::string(c) + "_total", "linux network cache stats",
                            MetricType::kCounter};
        });
        out.Add(family.spec(), {{"cpu", number.view()}, {"subsystem", name}},
                static_cast<double>(*value));
      }
    }
    return Unit{};
  }

  const HostFs& fs_;
  DeviceDir<Table> tables_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<LnstatCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kLnstatCollector{
    .name = "lnstat",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(5),
    .help = "Caches of the network stack by CPU, from /proc/net/stat.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
