#include <array>
#include <cstdint>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 10> kFamilies{{
    {"node_nf_conntrack_entries", MetricType::kGauge,
     "Number of currently allocated flow entries for connection tracking."},
    {"node_nf_conntrack_entries_limit", MetricType::kGauge,
     "Maximum size of connection tracking table."},
    {"node_nf_conntrack_stat_found", MetricType::kGauge,
     "Number of searched entries which were successful."},
    {"node_nf_conntrack_stat_invalid", MetricType::kGauge,
     "Number of packets seen which can not be tracked."},
    {"node_nf_conntrack_stat_ignore", MetricType::kGauge,
     "Number of packets seen which are already connected to a conntrack entry."},
    {"node_nf_conntrack_stat_insert", MetricType::kGauge,
     "Number of entries inserted into the list."},
    {"node_nf_conntrack_stat_insert_failed", MetricType::kGauge,
     "Number of entries for which list insertion was attempted but failed."},
    {"node_nf_conntrack_stat_drop", MetricType::kGauge,
     "Number of packets dropped due to conntrack failure."},
    {"node_nf_conntrack_stat_early_drop", MetricType::kGauge,
     "Number of dropped conntrack entries to make room for new ones, if maximum table size was "
     "reached."},
    {"node_nf_conntrack_stat_search_restart", MetricType::kGauge,
     "Number of conntrack table lookups which had to be restarted due to hashtable resizes."},
}};
constexpr std::size_t kFirstStat = 2;

/// The columns of /proc/net/stat/nf_conntrack (a line a CPU, hexadecimal) from kFamilies[2] on.
constexpr std::array<std::size_t, 8> kColumns{2, 4, 5, 8, 9, 10, 11, 16};
constexpr std::size_t kMinColumns = 17;

class ConntrackCollector final : public Collector {
 public:
  explicit ConntrackCollector(const HostFs& fs)
      : count_(fs.File(fs.ProcPath("sys/net/netfilter/nf_conntrack_count"))),
        max_(fs.File(fs.ProcPath("sys/net/netfilter/nf_conntrack_max"))),
        stat_(fs.File(fs.ProcPath("net/stat/nf_conntrack"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    TRY(AddNumber(*count_, kFamilies[0], out));
    TRY(AddNumber(*max_, kFamilies[1], out));
    const auto read = stat_->Read();
    // Kernels without CONFIG_NF_CONNTRACK_PROCFS count entries all the same.
    if (!read && read.error().code() == Errc::kNotFound) return Unit{};
    if (!read) return read.error();
    std::string_view text = *read;
    std::array<std::uint64_t, kColumns.size()> sums{};
    TakeLine(text);
    while (!text.empty()) TRY(AddCpu(TakeLine(text), sums));
    for (std::size_t i = 0; i < sums.size(); ++i) {
      out.Add(kFamilies[kFirstStat + i], {}, static_cast<double>(sums[i]));
    }
    return Unit{};
  }

 private:
  static Status AddNumber(HostFile& file, const FamilySpec& family, FamilySink& out) {
    const auto read = file.Read();
    if (!read) return AbsentIsUnsupported(read.error());
    const auto value = ParseInt<std::uint64_t>(Trim(*read));
    if (!value) return MalformedText(family.name, "a number", Trim(*read));
    out.Add(family, {}, static_cast<double>(*value));
    return Unit{};
  }

  static Status AddCpu(std::string_view line, std::array<std::uint64_t, kColumns.size()>& sums) {
    std::size_t wanted = 0;
    std::size_t column = 0;
    for (;; ++column) {
      const std::string_view field = TakeField(line);
      if (field.empty()) break;
      if (wanted == kColumns.size() || column != kColumns[wanted]) continue;
      const auto value = ParseInt<std::uint64_t>(field, 16);
      if (!value) return MalformedText("net/stat/nf_conntrack", "a hexadecimal number", field);
      sums[wanted++] += *value;
    }
    if (column < kMinColumns) {
      return MalformedText("net/stat/nf_conntrack", "17 columns a CPU", {});
    }
    return Unit{};
  }

  std::unique_ptr<HostFile> count_;
  std::unique_ptr<HostFile> max_;
  std::unique_ptr<HostFile> stat_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<ConntrackCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kConntrackCollector{
    .name = "conntrack",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "How full the connection tracking table is, from /proc/sys/net/netfilter.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
