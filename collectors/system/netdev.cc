#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <array>
#include <span>
#include <vector>

#include "base/parse.h"
#include "collectors/filter.h"
#include "collectors/host_fs.h"
#include "collectors/netlink.h"
#include "collectors/row_cache.h"
#include "collectors/seen_set.h"
#include "collectors/source.h"
#include "collectors/system/net_addresses.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

using Stats = rtnl_link_stats64;

struct Statistic {
  FamilySpec family;
  std::uint64_t (*value)(const Stats&);
};

#define TOCSIN_NETDEV(key, formula)                                                            \
  {                                                                                            \
    {"node_network_" key "_total", MetricType::kCounter, "Network device statistic " key "."}, \
        [](const Stats& s) -> std::uint64_t { return formula; }                                \
  }

/// The same in both sets of names and from both sources.
constexpr std::array<Statistic, 6> kCommon{{
    TOCSIN_NETDEV("receive_bytes", s.rx_bytes),
    TOCSIN_NETDEV("receive_packets", s.rx_packets),
    TOCSIN_NETDEV("receive_compressed", s.rx_compressed),
    TOCSIN_NETDEV("transmit_bytes", s.tx_bytes),
    TOCSIN_NETDEV("transmit_packets", s.tx_packets),
    TOCSIN_NETDEV("transmit_compressed", s.tx_compressed),
}};

constexpr std::array<Statistic, 1> kNetlinkOnly{{
    TOCSIN_NETDEV("receive_nohandler", s.rx_nohandler),
}};

/// The columns of /proc/net/dev, as dev_seq_printf_stats() of the kernel adds them up. From the
/// fifth on, /proc/net/dev has nothing more detailed.
constexpr std::array<Statistic, 10> kColumns{{
    TOCSIN_NETDEV("receive_errs", s.rx_errors),
    TOCSIN_NETDEV("receive_drop", s.rx_dropped + s.rx_missed_errors),
    TOCSIN_NETDEV("transmit_errs", s.tx_errors),
    TOCSIN_NETDEV("transmit_drop", s.tx_dropped),
    TOCSIN_NETDEV("receive_fifo", s.rx_fifo_errors),
    TOCSIN_NETDEV("receive_frame",
                  s.rx_frame_errors + s.rx_length_errors + s.rx_over_errors + s.rx_crc_errors),
    TOCSIN_NETDEV("receive_multicast", s.multicast),
    TOCSIN_NETDEV("transmit_fifo", s.tx_fifo_errors),
    TOCSIN_NETDEV("transmit_colls", s.collisions),
    TOCSIN_NETDEV("transmit_carrier", s.tx_carrier_errors + s.tx_aborted_errors +
                                          s.tx_heartbeat_errors + s.tx_window_errors),
}};
constexpr std::size_t kColumnsWithDetail = 4;

/// What enable_detailed_metrics shows instead; the first four come from /proc/net/dev too.
constexpr std::array<Statistic, 17> kDetails{{
    TOCSIN_NETDEV("receive_errors", s.rx_errors),
    TOCSIN_NETDEV("receive_dropped", s.rx_dropped),
    TOCSIN_NETDEV("transmit_errors", s.tx_errors),
    TOCSIN_NETDEV("transmit_dropped", s.tx_dropped),
    TOCSIN_NETDEV("multicast", s.multicast),
    TOCSIN_NETDEV("collisions", s.collisions),
    TOCSIN_NETDEV("receive_length_errors", s.rx_length_errors),
    TOCSIN_NETDEV("receive_over_errors", s.rx_over_errors),
    TOCSIN_NETDEV("receive_crc_errors", s.rx_crc_errors),
    TOCSIN_NETDEV("receive_frame_errors", s.rx_frame_errors),
    TOCSIN_NETDEV("receive_fifo_errors", s.rx_fifo_errors),
    TOCSIN_NETDEV("receive_missed_errors", s.rx_missed_errors),
    TOCSIN_NETDEV("transmit_aborted_errors", s.tx_aborted_errors),
    TOCSIN_NETDEV("transmit_carrier_errors", s.tx_carrier_errors),
    TOCSIN_NETDEV("transmit_fifo_errors", s.tx_fifo_errors),
    TOCSIN_NETDEV("transmit_heartbeat_errors", s.tx_heartbeat_errors),
    TOCSIN_NETDEV("transmit_window_errors", s.tx_window_errors),
}};

#undef TOCSIN_NETDEV

constexpr auto kFamilies = [] {
  std::array<FamilySpec,
             kCommon.size() + kNetlinkOnly.size() + kColumns.size() + kDetails.size() + 1>
      families{};
  std::size_t i = 0;
  for (const Statistic& s : kCommon) families[i++] = s.family;
  for (const Statistic& s : kNetlinkOnly) families[i++] = s.family;
  for (const Statistic& s : kColumns) families[i++] = s.family;
  for (const Statistic& s : kDetails) families[i++] = s.family;
  families[i] = kNetworkAddressInfo;
  return families;
}();

constexpr std::array<CollectorFlag, 5> kFlags{{
    {"netdev.device-include", "device_include",
     "Regexp of net devices to include (mutually exclusive to device-exclude).", ""},
    {"netdev.device-exclude", "device_exclude",
     "Regexp of net devices to exclude (mutually exclusive to device-include).", ""},
    {"netdev.address-info", "address_info", "Collect address-info for every device", "false"},
    {"netdev.enable-detailed-metrics", "enable_detailed_metrics",
     "Use (incompatible) metric names that provide more detailed stats on Linux", "false"},
    {"netdev.netlink", "netlink", "Use netlink to gather stats instead of /proc/net/dev.", "true"},
}};

struct Options {
  NameFilter devices;
  bool address_info;
  bool detailed;
  bool netlink;
};

class NetdevCollector final : public Collector {
 public:
  NetdevCollector(const HostFs& fs, Options options)
      : options_(std::move(options)),
        socket_(fs.Netlink(NETLINK_ROUTE)),
        file_(fs.File(fs.ProcPath("net/dev"))),
        addresses_(*socket_) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    TRY(CollectStats(out));
    return options_.address_info ? addresses_.Collect(out) : Status(Unit{});
  }

 private:
  Status CollectStats(FamilySink& out) {
    if (options_.netlink) {
      Status status = CollectNetlink(out);
      // A sandbox may forbid netlink; /proc/net/dev has all but one statistic.
      if (status || status.error().code() != Errc::kUnsupported) return status;
    }
    return CollectProc(out);
  }

  Status CollectNetlink(FamilySink& out) {
    const NetlinkPayload any(ifinfomsg{});
    const NetlinkRequest request{RTM_GETLINK, NetlinkRequest::Kind::kDump, any.bytes()};
    std::size_t row = 0;
    seen_.Clear();
    return ForEachMessage(*socket_, request, [&](const NetlinkMessage& message) {
      if (message.type == RTM_NEWLINK) AddLink(message.payload, row, out);
    });
  }

  void AddLink(std::string_view payload, std::size_t& row, FamilySink& out) {
    if (!TakeHeader<ifinfomsg>(payload)) return;
    std::string_view name;
    Stats stats{};
    enum { kNone, kNarrow, kWide } found = kNone;
    while (const auto attribute = TakeAttribute(payload)) {
      if (attribute->type == IFLA_IFNAME) {
        name = ReadText(attribute->value);
      } else if (attribute->type == IFLA_STATS64) {
        stats = ReadValue<Stats>(attribute->value);
        found = kWide;
      } else if (attribute->type == IFLA_STATS && found == kNone) {
        stats = Widen(ReadValue<rtnl_link_stats>(attribute->value));
        found = kNarrow;
      }
    }
    if (name.empty() || found == kNone || !Keeps(row++, name)) return;
    // Where devices come and go between two parts of the answer, older kernels list one again.
    if (!seen_.Insert(name)) return;
    Add(kCommon, name, stats, out);
    Add(kNetlinkOnly, name, stats, out);
    Add(options_.detailed ? std::span<const Statistic>(kDetails) : kColumns, name, stats, out);
  }

  /// The same counters in the same order, of kernels before IFLA_STATS64.
  static Stats Widen(const rtnl_link_stats& narrow) {
    std::array<std::uint32_t, sizeof narrow / sizeof(std::uint32_t)> from;
    std::array<std::uint64_t, sizeof(Stats) / sizeof(std::uint64_t)> to{};
    std::memcpy(from.data(), &narrow, sizeof narrow);
    std::copy_n(from.begin(), std::min(from.size(), to.size()), to.begin());
    Stats wide;
    std::memcpy(&wide, to.data(), sizeof wide);
    return wide;
  }

  Status CollectProc(FamilySink& out) {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    std::string_view text = *read;
    TakeLine(text);
    TakeLine(text);
    for (std::size_t row = 0; !text.empty(); ++row) {
      std::string_view line = TakeLine(text);
      const auto colon = line.rfind(':');  // an alias like "eth0:1" has one of its own
      if (colon == std::string_view::npos)
        return MalformedText("net/dev", "a name and a colon", line);
      const std::string_view name = Trim(line.substr(0, colon));
      if (!Keeps(row, name)) continue;
      TRY_ASSIGN(const Stats stats, ParseColumns(line.substr(colon + 1)));
      Add(kCommon, name, stats, out);
      if (options_.detailed) {
        Add(std::span(kDetails).first(kColumnsWithDetail), name, stats, out);
        Add(std::span(kColumns).subspan(kColumnsWithDetail), name, stats, out);
      } else {
        Add(kColumns, name, stats, out);
      }
    }
    return Unit{};
  }

  static Result<Stats> ParseColumns(std::string_view columns) {
    Stats s{};
    for (__u64* const column :
         {&s.rx_bytes, &s.rx_packets, &s.rx_errors, &s.rx_dropped, &s.rx_fifo_errors,
          &s.rx_frame_errors, &s.rx_compressed, &s.multicast, &s.tx_bytes, &s.tx_packets,
          &s.tx_errors, &s.tx_dropped, &s.tx_fifo_errors, &s.collisions, &s.tx_carrier_errors,
          &s.tx_compressed}) {
      const std::string_view field = TakeField(columns);
      const auto value = ParseInt<std::uint64_t>(field);
      if (!value) return MalformedText("net/dev", "sixteen numbers a device", field);
      *column = *value;
    }
    return s;
  }

  bool Keeps(std::size_t row, std::string_view name) {
    return kept_.At(row, name, [this](std::string_view n) { return options_.devices.Keeps(n); });
  }

  static void Add(std::span<const Statistic> statistics, std::string_view name, const Stats& stats,
                  FamilySink& out) {
    for (const Statistic& statistic : statistics) {
      out.Add(statistic.family, {{"device", name}}, static_cast<double>(statistic.value(stats)));
    }
  }

  const Options options_;
  std::unique_ptr<NetlinkSocket> socket_;
  std::unique_ptr<HostFile> file_;
  NetAddresses addresses_;
  SeenSet seen_;
  RowCache<char> kept_;  // of each device: whether the filter keeps it (bool has no reference)
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector netdev");
  Options options{};
  TRY_ASSIGN(options.devices,
             ReadNameFilter(settings, {.include = "device_include", .exclude = "device_exclude"}));
  TRY_ASSIGN(options.address_info, settings.Read<bool>("address_info", YamlBool, false));
  TRY_ASSIGN(options.detailed, settings.Read<bool>("enable_detailed_metrics", YamlBool, false));
  TRY_ASSIGN(options.netlink, settings.Read<bool>("netlink", YamlBool, true));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(std::make_unique<NetdevCollector>(deps.fs, std::move(options)));
}

}  // namespace

extern const CatalogEntry kNetdevCollector{
    .name = "netdev",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "Bytes, packets and errors of each network device, from netlink or /proc/net/dev.",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
