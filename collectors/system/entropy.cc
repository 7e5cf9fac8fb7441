#include <array>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 2> kFamilies{{
    {"node_entropy_available_bits", MetricType::kGauge, "Bits of available entropy."},
    {"node_entropy_pool_size_bits", MetricType::kGauge, "Bits of entropy pool."},
}};

class EntropyCollector final : public Collector {
 public:
  explicit EntropyCollector(const HostFs& fs)
      : files_{fs.File(fs.ProcPath("sys/kernel/random/entropy_avail")),
               fs.File(fs.ProcPath("sys/kernel/random/poolsize"))} {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const auto read = files_[i]->Read();
      if (!read) return AbsentIsFailure(read.error());
      const auto bits = ParseInt<std::uint64_t>(Trim(*read));
      if (!bits) return MalformedText("sys/kernel/random", "a number of bits", Trim(*read));
      out.Add(kFamilies[i], {}, static_cast<double>(*bits));
    }
    return Unit{};
  }

 private:
  std::array<std::unique_ptr<HostFile>, kFamilies.size()> files_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<EntropyCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kEntropyCollector{
    .name = "entropy",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "Entropy of the kernel's random number generator, from /proc/sys/kernel/random.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
