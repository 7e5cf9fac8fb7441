#include <array>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "base/parse.h"
#include "collectors/decimal_text.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr FamilySpec kInfo{"node_sysctl_info", MetricType::kGauge, "sysctl info"};

constexpr std::array<CollectorFlag, 2> kFlags{{
    {"sysctl.include", "include",
     "Select sysctl metrics to include: NAME, or NAME:KEY,KEY… to name the values of a list", ""},
    {"sysctl.include-info", "include_info", "Select sysctl metrics to include as info metrics", ""},
}};

struct Sysctl {
  std::string name;  // "fs.file-nr"
  std::unique_ptr<HostFile> file;
  std::vector<HostFamily> families;  // one a key, or one for all values; none for info
  bool has_keys = false;
};

std::string Sanitized(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (!IsWordChar(c)) c = '_';
  }
  return out;
}

/// "kernel.threads-max" is sys/kernel/threads-max; dots inside a name are written as slashes, as
/// sysctl(8) has it: "net.ipv4.conf.eth0/100.forwarding".
std::string PathOf(std::string name) {
  for (char& c : name) c = c == '.' ? '/' : c == '/' ? '.' : c;
  return "sys/" + name;
}

Sysctl MakeSysctl(const HostFs& fs, std::string_view text, bool numeric) {
  const auto colon = text.find(':');
  Sysctl sysctl;
  sysctl.name = text.substr(0, colon);
  sysctl.file = fs.File(fs.ProcPath(PathOf(sysctl.name)));
  if (!numeric) return sysctl;
  const std::string base = "node_sysctl_" + Sanitized(sysctl.name);
  if (colon == std::string_view::npos) {
    sysctl.families.push_back({base, "sysctl " + sysctl.name, MetricType::kUnknown});
    return sysctl;
  }
  sysctl.has_keys = true;
  std::string_view keys = text.substr(colon + 1);
  while (true) {
    const auto comma = keys.find(',');
    const std::string number = std::to_string(sysctl.families.size());
    sysctl.families.push_back({base + "_" + Sanitized(keys.substr(0, comma)),
                               "sysctl " + sysctl.name + ", field " + number,
                               MetricType::kUnknown});
    if (comma == std::string_view::npos) return sysctl;
    keys.remove_prefix(comma + 1);
  }
}

std::size_t CountFields(std::string_view text) {
  std::size_t count = 0;
  while (!TakeField(text).empty()) ++count;
  return count;
}

class SysctlCollector final : public Collector {
 public:
  explicit SysctlCollector(std::vector<Sysctl> sysctls) : sysctls_(std::move(sysctls)) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    for (const Sysctl& sysctl : sysctls_) {
      const auto text = sysctl.file->Read();
      if (!text) return AbsentIsFailure(text.error());
      const std::size_t count = CountFields(*text);
      if (count == 0) return Error{Errc::kMalformed, sysctl.name + " has no value"};
      if (sysctl.has_keys && count != sysctl.families.size()) {
        return Error{Errc::kMalformed, sysctl.name + " has " + std::to_string(count) +
                                           " values, but the settings name " +
                                           std::to_string(sysctl.families.size())};
      }
      TRY(sysctl.families.empty() ? AddInfo(sysctl, *text, out)
                                  : AddNumbers(sysctl, *text, count, out));
    }
    return Unit{};
  }

 private:
  static Status AddInfo(const Sysctl& sysctl, std::string_view text, FamilySink& out) {
    std::uint64_t index = 0;
    for (auto value = TakeField(text); !value.empty(); value = TakeField(text)) {
      const DecimalText number(index++);
      out.Add(kInfo, {{"index", number.view()}, {"name", sysctl.name}, {"value", value}}, 1);
    }
    return Unit{};
  }

  static Status AddNumbers(const Sysctl& sysctl, std::string_view text, std::size_t count,
                           FamilySink& out) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view field = TakeField(text);
      const auto value = ParseInt<std::int64_t>(field);
      if (!value) return MalformedText(sysctl.name, "whole numbers", field);
      if (sysctl.has_keys) {
        out.Add(sysctl.families[i].spec(), {}, static_cast<double>(*value));
      } else if (count == 1) {
        out.Add(sysctl.families[0].spec(), {}, static_cast<double>(*value));
      } else {
        const DecimalText index(i);
        out.Add(sysctl.families[0].spec(), {{"index", index.view()}}, static_cast<double>(*value));
      }
    }
    return Unit{};
  }

  const std::vector<Sysctl> sysctls_;
};

/// A list of names, or one name: a flag can be given only once.
Status ReadNames(YamlFields& settings, std::string_view key, const HostFs& fs, bool numeric,
                 std::vector<Sysctl>& sysctls) {
  const YamlNode* node = settings.Find(key);
  if (!node) return Unit{};
  std::vector<std::string> names;
  if (node->IsSequence()) {
    TRY_ASSIGN(names, YamlStrings(settings.file(), *node));
  } else {
    TRY_ASSIGN(names.emplace_back(), YamlString(settings.file(), *node));
  }
  for (const std::string& name : names) sysctls.push_back(MakeSysctl(fs, name, numeric));
  return Unit{};
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector sysctl");
  std::vector<Sysctl> sysctls;
  TRY(ReadNames(settings, "include", deps.fs, true, sysctls));
  TRY(ReadNames(settings, "include_info", deps.fs, false, sysctls));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(std::make_unique<SysctlCollector>(std::move(sysctls)));
}

}  // namespace

extern const CatalogEntry kSysctlCollector{
    .name = "sysctl",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "Kernel parameters that the settings name, from /proc/sys.",
    .families = {},
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
