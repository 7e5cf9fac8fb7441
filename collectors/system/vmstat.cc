#include <array>
#include <optional>

#include "base/parse.h"
#include "collectors/filter.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::string_view kDefaultFields = "^(oom_kill|pgpg|pswp|pg.*fault).*";

constexpr std::array<CollectorFlag, 1> kFlags{{
    {"vmstat.fields", "fields", "Regexp of fields to return for vmstat collector.", kDefaultFields},
}};

class VmstatCollector final : public Collector {
 public:
  VmstatCollector(const HostFs& fs, NameFilter fields)
      : file_(fs.File(fs.ProcPath("vmstat"))), fields_(std::move(fields)) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsFailure(read.error());
    std::string_view text = *read;
    for (std::size_t row = 0; !text.empty(); ++row) {
      std::string_view line = TakeLine(text);
      const std::string_view key = TakeField(line);
      const std::optional<HostFamily>& family =
          rows_.At(row, key, [this](std::string_view name) { return FamilyOf(name); });
      if (!family) continue;
      const std::string_view field = TakeField(line);
      const auto value = ParseDouble(field);
      if (!value) return MalformedText("vmstat", std::string(key) + " and a number", field);
      out.Add(family->spec(), {}, *value);
    }
    return Unit{};
  }

 private:
  std::optional<HostFamily> FamilyOf(std::string_view name) const {
    if (name.empty() || !fields_.Keeps(name)) return std::nullopt;
    HostFamily family{"node_vmstat_", "/proc/vmstat information field ", MetricType::kUnknown};
    family.name.append(name);
    family.help.append(name).append(".");
    return family;
  }

  std::unique_ptr<HostFile> file_;
  const NameFilter fields_;
  RowCache<std::optional<HostFamily>> rows_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector vmstat");
  TRY_ASSIGN(NameFilter fields,
             ReadNameFilter(settings, {.include = "fields", .default_include = kDefaultFields}));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(std::make_unique<VmstatCollector>(deps.fs, std::move(fields)));
}

}  // namespace

extern const CatalogEntry kVmstatCollector{
    .name = "vmstat",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "Counters of the memory management, from /proc/vmstat.",
    .families = {},
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
