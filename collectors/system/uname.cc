#include <array>

#include "collectors/host_fs.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 1> kFamilies{{
    {"node_uname_info", MetricType::kGauge,
     "Labeled system information as provided by the uname system call."},
}};

class UnameCollector final : public Collector {
 public:
  explicit UnameCollector(const HostFs& fs) : fs_(fs) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    TRY_ASSIGN(const struct utsname info, fs_.Uname());
    out.Add(kFamilies[0],
            {{"domainname", info.domainname},
             {"machine", info.machine},
             {"nodename", info.nodename},
             {"release", info.release},
             {"sysname", info.sysname},
             {"version", info.version}},
            1);
    return Unit{};
  }

 private:
  const HostFs& fs_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<UnameCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kUnameCollector{
    .name = "uname",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(10),
    .help = "Names and version of the kernel and the host, from uname(2).",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
