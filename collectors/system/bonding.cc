#include <array>
#include <string>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 2> kFamilies{{
    {"node_bonding_slaves", MetricType::kGauge,
     "Number of configured slaves per bonding interface."},
    {"node_bonding_active", MetricType::kGauge, "Number of active slaves per bonding interface."},
}};

class BondingCollector final : public Collector {
 public:
  explicit BondingCollector(const HostFs& fs)
      : fs_(fs),
        root_(fs.SysPath("class/net/")),
        masters_(fs.File(fs.SysPath("class/net/bonding_masters"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = masters_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    std::string_view masters = *read;
    std::size_t row = 0;
    for (auto name = TakeField(masters); !name.empty(); name = TakeField(masters)) {
      Master& master = known_.At(row++, name, [this](std::string_view n) {
        return Master{root_ + std::string(n), root_ + std::string(n) + "/bonding/slaves", {}, {}};
      });
      TRY(AddMaster(name, master, out));
    }
    known_.Truncate(row);
    return Unit{};
  }

 private:
  /// The places where a slave's state is: since Linux 3.13, and before.
  struct Slave {
    std::string path;
    std::string old_path;
  };
  struct Master {
    std::string path;
    std::string slaves_path;
    std::string slaves_text;
    RowCache<Slave> slaves;
  };

  Status AddMaster(std::string_view name, Master& master, FamilySink& out) {
    const RawRead read = fs_.ReadInto(master.slaves_path, buffer_);
    if (!read) return Error{Errc::kIo, master.slaves_path + ": cannot be read"};
    master.slaves_text = read.text;
    std::string_view slaves = master.slaves_text;
    std::size_t count = 0;
    std::size_t active = 0;
    for (auto slave = TakeField(slaves); !slave.empty(); slave = TakeField(slaves)) {
      const Slave& known = master.slaves.At(count++, slave, [&](std::string_view s) {
        const auto place = [&](std::string_view prefix) {
          std::string path = master.path + "/";
          return path.append(prefix).append(s).append("/bonding_slave/mii_status");
        };
        return Slave{place("lower_"), place("slave_")};
      });
      RawRead state = fs_.ReadInto(known.path, buffer_);
      if (!state) state = fs_.ReadInto(known.old_path, buffer_);
      if (!state) return Error{Errc::kIo, known.path + ": cannot be read"};
      if (Trim(state.text) == "up") ++active;
    }
    master.slaves.Truncate(count);
    out.Add(kFamilies[0], {{"master", name}}, static_cast<double>(count));
    out.Add(kFamilies[1], {{"master", name}}, static_cast<double>(active));
    return Unit{};
  }

  const HostFs& fs_;
  const std::string root_;
  std::unique_ptr<HostFile> masters_;
  std::string buffer_;
  RowCache<Master> known_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<BondingCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kBondingCollector{
    .name = "bonding",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "Slaves of bonded network devices, from /sys/class/net.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
