#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/ipvs_table.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 8> kFamilies{{
    {"node_ipvs_connections_total", MetricType::kCounter, "The total number of connections made."},
    {"node_ipvs_incoming_packets_total", MetricType::kCounter,
     "The total number of incoming packets."},
    {"node_ipvs_outgoing_packets_total", MetricType::kCounter,
     "The total number of outgoing packets."},
    {"node_ipvs_incoming_bytes_total", MetricType::kCounter, "The total amount of incoming data."},
    {"node_ipvs_outgoing_bytes_total", MetricType::kCounter, "The total amount of outgoing data."},
    {"node_ipvs_backend_connections_active", MetricType::kGauge,
     "The current active connections by local and remote address."},
    {"node_ipvs_backend_connections_inactive", MetricType::kGauge,
     "The current inactive connections by local and remote address."},
    {"node_ipvs_backend_weight", MetricType::kGauge,
     "The current backend weight by local and remote address."},
}};
constexpr std::size_t kFirstBackend = 5;

/// The labels that a backend can have, sorted.
constexpr std::array<std::string_view, 6> kLabels{"local_address", "local_mark",     "local_port",
                                                  "proto",         "remote_address", "remote_port"};
constexpr std::string_view kDefaultLabels =
    "local_address,local_port,remote_address,remote_port,proto,local_mark";

constexpr std::array<CollectorFlag, 1> kFlags{{
    {"ipvs.backend-labels", "backend_labels", "Comma separated list for IPVS backend stats labels.",
     kDefaultLabels},
}};

using ChosenLabels = std::array<bool, kLabels.size()>;

class IpvsCollector final : public Collector {
 public:
  IpvsCollector(const HostFs& fs, const ChosenLabels& chosen)
      : totals_(fs.File(fs.ProcPath("net/ip_vs_stats"))),
        table_(fs.File(fs.ProcPath("net/ip_vs"))),
        chosen_(chosen) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    TRY(AddTotals(out));
    const auto read = table_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    TRY(ParseIpvsBackends(*read, backends_));
    if (!SameBackends()) TRY(MakeGroups());
    for (Group& group : groups_) group.sums = {};
    for (std::size_t i = 0; i < backends_.size(); ++i) {
      std::array<double, 3>& sums = groups_[known_[i].group].sums;
      sums[0] += static_cast<double>(backends_[i].active);
      sums[1] += static_cast<double>(backends_[i].inactive);
      sums[2] += static_cast<double>(backends_[i].weight);
    }
    for (const Group& group : groups_) {
      labels_.clear();
      for (std::size_t i = 0; i < kLabels.size(); ++i) {
        if (chosen_[i]) labels_.push_back({kLabels[i], group.labels[i]});
      }
      for (std::size_t i = 0; i < group.sums.size(); ++i) {
        out.Add(kFamilies[kFirstBackend + i], labels_, group.sums[i]);
      }
    }
    return Unit{};
  }

 private:
  /// What tells one row of the table from another, as the kernel prints it.
  struct Known {
    std::string protocol, local, mark, remote;
    std::size_t group;
  };
  /// Backends that do not differ in the labels chosen.
  struct Group {
    std::array<std::string, kLabels.size()> labels;
    std::array<double, 3> sums;
  };

  Status AddTotals(FamilySink& out) {
    const auto read = totals_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    TRY_ASSIGN(const IpvsTotals totals, ParseIpvsTotals(*read));
    const std::array<std::uint64_t, kFirstBackend> values{
        totals.connections, totals.incoming_packets, totals.outgoing_packets, totals.incoming_bytes,
        totals.outgoing_bytes};
    for (std::size_t i = 0; i < values.size(); ++i) {
      out.Add(kFamilies[i], {}, static_cast<double>(values[i]));
    }
    return Unit{};
  }

  bool SameBackends() const {
    return std::equal(backends_.begin(), backends_.end(), known_.begin(), known_.end(),
                      [](const IpvsBackend& b, const Known& k) {
                        return b.protocol == k.protocol && b.local == k.local && b.mark == k.mark &&
                               b.remote == k.remote;
                      });
  }

  Status MakeGroups() {
    known_.clear();
    groups_.clear();
    for (const IpvsBackend& backend : backends_) {
      IpvsEndpoint local{{}, "0"};
      if (!backend.local.empty()) {
        TRY_ASSIGN(local, ParseIpvsEndpoint(backend.local));
      }
      TRY_ASSIGN(IpvsEndpoint remote, ParseIpvsEndpoint(backend.remote));
      Group group{
          {std::move(local.address), std::string(backend.mark), std::move(local.port),
           std::string(backend.protocol), std::move(remote.address), std::move(remote.port)},
          {}};
      for (std::size_t i = 0; i < kLabels.size(); ++i) {
        if (!chosen_[i]) group.labels[i].clear();
      }
      const auto same = std::find_if(groups_.begin(), groups_.end(),
                                     [&](const Group& g) { return g.labels == group.labels; });
      const auto index = static_cast<std::size_t>(same - groups_.begin());
      if (same == groups_.end()) groups_.push_back(std::move(group));
      known_.push_back({std::string(backend.protocol), std::string(backend.local),
                        std::string(backend.mark), std::string(backend.remote), index});
    }
    return Unit{};
  }

  std::unique_ptr<HostFile> totals_;
  std::unique_ptr<HostFile> table_;
  const ChosenLabels chosen_;
  std::vector<IpvsBackend> backends_;
  std::vector<Known> known_;
  std::vector<Group> groups_;
  std::vector<LabelView> labels_;
};

Result<ChosenLabels> ReadLabels(YamlFields& settings) {
  const YamlNode* const node = settings.Find("backend_labels");
  std::string text(kDefaultLabels);
  if (node) {
    TRY_ASSIGN(text, YamlString(settings.file(), *node));
  }
  ChosenLabels chosen{};
  for (std::string_view rest = text; !rest.empty();) {
    const auto comma = rest.find(',');
    const std::string_view word = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    const auto label = std::find(kLabels.begin(), kLabels.end(), word);
    if (label == kLabels.end()) {
      return settings.file().At(*node, "unknown label \"" + std::string(word) +
                                           "\": expected some of " + std::string(kDefaultLabels));
    }
    chosen[static_cast<std::size_t>(label - kLabels.begin())] = true;
  }
  return chosen;
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector ipvs");
  TRY_ASSIGN(const ChosenLabels labels, ReadLabels(settings));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(std::make_unique<IpvsCollector>(deps.fs, labels));
}

}  // namespace

extern const CatalogEntry kIpvsCollector{
    .name = "ipvs",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "Connections of the kernel's load balancer, from /proc/net/ip_vs.",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
