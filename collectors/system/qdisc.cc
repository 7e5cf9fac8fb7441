#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <array>
#include <string>

#include "collectors/filter.h"
#include "collectors/host_fs.h"
#include "collectors/link_names.h"
#include "collectors/netlink.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 7> kFamilies{{
    {"node_qdisc_bytes_total", MetricType::kCounter, "Number of bytes sent."},
    {"node_qdisc_packets_total", MetricType::kCounter, "Number of packets sent."},
    {"node_qdisc_drops_total", MetricType::kCounter, "Number of packets dropped."},
    {"node_qdisc_requeues_total", MetricType::kCounter,
     "Number of packets dequeued, not transmitted, and requeued."},
    {"node_qdisc_overlimits_total", MetricType::kCounter, "Number of overlimit packets."},
    {"node_qdisc_current_queue_length", MetricType::kGauge,
     "Number of packets currently in queue to be sent."},
    {"node_qdisc_backlog", MetricType::kGauge, "Number of bytes currently in queue to be sent."},
}};

constexpr std::array<CollectorFlag, 3> kFlags{{
    {"qdisk.device-include", "device_include",
     "Regexp of qdisk devices to include (mutually exclusive to device-exclude).", ""},
    {"qdisk.device-exclude", "device_exclude",
     "Regexp of qdisk devices to exclude (mutually exclusive to device-include).", ""},
    {"qdisc.fixtures", "fixtures",
     "Directory whose results.json stands for what the kernel would say, for tests", ""},
}};

/// In the order of kFamilies.
using Values = std::array<double, kFamilies.size()>;

void AddQdisc(std::string_view device, std::string_view kind, const Values& values,
              FamilySink& out) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    out.Add(kFamilies[i], {{"device", device}, {"kind", kind}}, values[i]);
  }
}

Values ReadStats(std::string_view attributes) {
  gnet_stats_basic basic{};
  gnet_stats_queue queue{};
  while (const auto attribute = TakeAttribute(attributes)) {
    if (attribute->type == TCA_STATS_BASIC) basic = ReadValue<gnet_stats_basic>(attribute->value);
    if (attribute->type == TCA_STATS_QUEUE) queue = ReadValue<gnet_stats_queue>(attribute->value);
  }
  return {static_cast<double>(basic.bytes),      static_cast<double>(basic.packets),
          static_cast<double>(queue.drops),      static_cast<double>(queue.requeues),
          static_cast<double>(queue.overlimits), static_cast<double>(queue.qlen),
          static_cast<double>(queue.backlog)};
}

class QdiscCollector final : public Collector {
 public:
  QdiscCollector(const HostFs& fs, NameFilter devices)
      : devices_(std::move(devices)), socket_(fs.Netlink(NETLINK_ROUTE)) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    TRY(links_.Refresh(*socket_));
    const NetlinkPayload any(tcmsg{});
    const NetlinkRequest request{RTM_GETQDISC, NetlinkRequest::Kind::kDump, any.bytes()};
    std::size_t row = 0;
    return ForEachMessage(*socket_, request, [&](const NetlinkMessage& message) {
      if (message.type == RTM_NEWQDISC) Add(message.payload, row, out);
    });
  }

 private:
  void Add(std::string_view attributes, std::size_t& row, FamilySink& out) {
    const auto header = TakeHeader<tcmsg>(attributes);
    if (!header || header->tcm_parent != TC_H_ROOT) return;
    const std::string_view device = links_.NameOf(static_cast<std::uint32_t>(header->tcm_ifindex));
    if (device.empty() || !kept_.At(row++, device, [this](std::string_view name) -> char {
          return devices_.Keeps(name);
        })) {
      return;
    }
    std::string_view kind;
    std::string_view stats;
    while (const auto attribute = TakeAttribute(attributes)) {
      if (attribute->type == TCA_KIND) kind = ReadText(attribute->value);
      if (attribute->type == TCA_STATS2) stats = attribute->value;
    }
    AddQdisc(device, kind, ReadStats(stats), out);
  }

  const NameFilter devices_;
  std::unique_ptr<NetlinkSocket> socket_;
  LinkNames links_;
  RowCache<char> kept_;  // of each device: whether the filter keeps it
};

/// What node_exporter's end-to-end test calls fixtures: a list of maps with the names of its own
/// structure. JSON is YAML enough.
class QdiscFixtures final : public Collector {
 public:
  QdiscFixtures(const HostFs& fs, NameFilter devices, std::string directory)
      : fs_(fs), devices_(std::move(devices)), path_(directory + "/results.json") {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    Status status = AddAll(out);
    return status ? status : InvalidIsMalformed(std::move(status).error());
  }

 private:
  Status AddAll(FamilySink& out) const {
    TRY_ASSIGN(const std::string text, fs_.Read(path_));
    TRY_ASSIGN(const YamlFile file, ParseYaml(text, path_));
    for (const YamlNode::Ptr& item : file.root->items) {
      YamlFields fields(file, *item, "qdisc");
      TRY_ASSIGN(const std::string device, fields.ReadRequired("IfaceName", YamlString));
      TRY_ASSIGN(const std::string kind, fields.ReadRequired("Kind", YamlString));
      Values values{};
      constexpr std::array<std::string_view, kFamilies.size()> kKeys{
          "Bytes", "Packets", "Drops", "Requeues", "Overlimits", "Qlen", "Backlog"};
      for (std::size_t i = 0; i < values.size(); ++i) {
        TRY_ASSIGN(values[i], fields.Read(kKeys[i], YamlDouble, 0.0));
      }
      TRY(fields.Finish());
      if (devices_.Keeps(device)) AddQdisc(device, kind, values, out);
    }
    return Unit{};
  }

  const HostFs& fs_;
  const NameFilter devices_;
  const std::string path_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector qdisc");
  TRY_ASSIGN(NameFilter devices,
             ReadNameFilter(settings, {.include = "device_include", .exclude = "device_exclude"}));
  TRY_ASSIGN(std::string fixtures, settings.Read("fixtures", YamlString, ""));
  TRY(settings.Finish());
  if (!fixtures.empty()) {
    return std::unique_ptr<Collector>(
        std::make_unique<QdiscFixtures>(deps.fs, std::move(devices), std::move(fixtures)));
  }
  return std::unique_ptr<Collector>(std::make_unique<QdiscCollector>(deps.fs, std::move(devices)));
}

}  // namespace

extern const CatalogEntry kQdiscCollector{
    .name = "qdisc",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(5),
    .help = "The root queueing discipline of each network device, from netlink.",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
