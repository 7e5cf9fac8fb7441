#include <string>

#include "base/ascii.h"
#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr double kBytesPerKb = 1024;

/// "Active(anon)" in kilobytes is node_memory_Active_anon_bytes.
HostFamily FamilyOf(std::string_view field, bool in_bytes) {
  std::string name;
  for (const char c : field) {
    if (c == ')') continue;
    name += IsAsciiAlphanumeric(c) ? c : '_';
  }
  if (in_bytes) name += "_bytes";
  return {.name = "node_memory_" + name,
          .help = "Memory information field " + name + ".",
          .type = name.ends_with("_total") ? MetricType::kCounter : MetricType::kGauge};
}

class MeminfoCollector final : public Collector {
 public:
  explicit MeminfoCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("meminfo"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsFailure(read.error());
    std::string_view text = *read;
    std::size_t row = 0;
    while (!text.empty()) {
      const std::string_view whole = TakeLine(text);
      std::string_view line = whole;
      const std::string_view key = TakeField(line);
      if (key.empty()) continue;
      const auto value = ParseDouble(TakeField(line));
      const std::string_view unit = TakeField(line);
      if (!value || !key.ends_with(':') || !TakeField(line).empty()) {
        return MalformedText("meminfo", "a name, a number and a unit", whole);
      }
      const bool in_kb = !unit.empty();
      const HostFamily& family = families_.At(row++, key, [&](std::string_view k) {
        return FamilyOf(k.substr(0, k.size() - 1), in_kb);
      });
      out.Add(family.spec(), {}, in_kb ? *value * kBytesPerKb : *value);
    }
    if (row == 0) return MalformedText("meminfo", "lines", {});
    families_.Truncate(row);
    return Unit{};
  }

 private:
  std::unique_ptr<HostFile> file_;
  RowCache<HostFamily> families_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<MeminfoCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kMeminfoCollector{
    .name = "meminfo",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "What the memory is used for, from /proc/meminfo.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
