#include <array>
#include <optional>

#include "base/parse.h"
#include "collectors/every.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 3> kFamilies{{
    {"node_selinux_enabled", MetricType::kGauge, "SELinux is enabled, 1 is true, 0 is false"},
    {"node_selinux_config_mode", MetricType::kGauge, "Configured SELinux enforcement mode"},
    {"node_selinux_current_mode", MetricType::kGauge, "Current SELinux enforcement mode"},
}};

constexpr double kEnforcing = 1;
constexpr double kPermissive = 0;
constexpr double kDisabled = -1;
constexpr seconds kLookAgain(60);

/// The mode that SELINUX= asks for at the next boot.
double ConfiguredMode(std::string_view config) {
  constexpr std::string_view kKey = "SELINUX";
  while (!config.empty()) {
    const std::string_view line = Trim(TakeLine(config));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || Trim(line.substr(0, equals)) != kKey) continue;
    const std::string_view mode = Trim(line.substr(equals + 1));
    if (mode == "enforcing") return kEnforcing;
    if (mode == "permissive") return kPermissive;
    return kDisabled;
  }
  return kDisabled;
}

class SelinuxCollector final : public Collector {
 public:
  explicit SelinuxCollector(const HostFs& fs)
      : enforce_(fs.File(fs.SysPath("fs/selinux/enforce"))),
        context_(fs.File(fs.ProcPath("self/attr/current"))),
        config_(fs.File(fs.RootPath("etc/selinux/config"))) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    // Most hosts have none, and are not asked in every round.
    if (!present_ && !look_again_.Due(round)) {
      out.Add(kFamilies[0], {}, 0);
      return Unit{};
    }
    const auto enforce = enforce_->Read();
    present_ = enforce.ok();
    if (!enforce || !HasPolicy()) {
      out.Add(kFamilies[0], {}, 0);
      return Unit{};
    }
    out.Add(kFamilies[0], {}, 1);
    const auto config = config_->Read();
    out.Add(kFamilies[1], {}, config ? ConfiguredMode(*config) : kDisabled);
    const auto mode = ParseInt<std::int64_t>(Trim(*enforce));
    out.Add(kFamilies[2], {}, mode ? static_cast<double>(*mode) : kDisabled);
    return Unit{};
  }

 private:
  /// Without a loaded policy every process, also this one, has the context "kernel".
  bool HasPolicy() {
    const auto context = context_->Read();
    if (!context) return false;
    return Trim(context->substr(0, context->find('\0'))) != "kernel";
  }

  bool present_ = false;
  Every look_again_{kLookAgain};
  std::unique_ptr<HostFile> enforce_;
  std::unique_ptr<HostFile> context_;
  std::unique_ptr<HostFile> config_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<SelinuxCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kSelinuxCollector{
    .name = "selinux",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(15),
    .help = "Whether SELinux is on and enforcing, from /sys/fs/selinux and /etc/selinux/config.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
