#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "collectors/decimal_text.h"
#include "collectors/host_fs.h"
#include "collectors/link_names.h"
#include "collectors/netlink.h"
#include "collectors/seen_set.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 2> kFamilies{{
    {"node_network_route_info", MetricType::kGauge, "network routing table information"},
    {"node_network_routes", MetricType::kGauge, "network routes by interface"},
}};

struct Protocol {
  std::uint8_t number;
  std::string_view name;
};

/// Who installed a route (RTPROT_* of linux/rtnetlink.h), as node_exporter spells them.
constexpr std::array<Protocol, 21> kProtocols{{
    {0, "unspec"}, {1, "redirect"}, {2, "kernel"},   {3, "boot"},   {4, "static"},    {8, "gated"},
    {9, "ra"},     {10, "mrt"},     {11, "zebra"},   {12, "bird"},  {13, "dnrouted"}, {14, "xorp"},
    {15, "ntk"},   {16, "dhcp"},    {17, "mrouted"}, {42, "babel"}, {186, "bgp"},     {187, "isis"},
    {188, "ospf"}, {189, "rip"},    {192, "eigrp"},
}};

std::string_view ProtocolName(std::uint8_t number) {
  for (const Protocol& protocol : kProtocols) {
    if (protocol.number == number) return protocol.name;
  }
  return "unknown";
}

/// An address as text, with or without a prefix length.
class AddressText {
 public:
  AddressText(int family, std::string_view bytes) { Write(family, bytes); }
  /// "default" for a prefix of no bits.
  AddressText(int family, std::string_view bytes, std::uint8_t prefix_bits) {
    if (prefix_bits == 0) {
      size_ = std::string_view("default").copy(text_.data(), text_.size());
      return;
    }
    Write(family, bytes);
    if (size_ == 0) return;
    text_[size_++] = '/';
    size_ += DecimalText(prefix_bits).view().copy(text_.data() + size_, text_.size() - size_);
  }

  std::string_view view() const { return {text_.data(), size_}; }

 private:
  void Write(int family, std::string_view bytes) {
    if (bytes.size() != (family == AF_INET ? 4u : 16u)) return;
    if (!::inet_ntop(family, bytes.data(), text_.data(), INET6_ADDRSTRLEN)) return;
    size_ = std::string_view(text_.data()).size();
  }

  std::array<char, INET6_ADDRSTRLEN + 8> text_{};
  std::size_t size_ = 0;
};

/// What one message says.
struct Route {
  rtmsg header{};
  std::string_view destination;
  std::string_view source;
  std::string_view gateway;
  std::string_view multipath;
  std::uint32_t priority = 0;
  std::uint32_t interface = 0;
};

std::optional<Route> ParseRoute(std::string_view payload) {
  Route route;
  const auto header = TakeHeader<rtmsg>(payload);
  if (!header || header->rtm_type != RTN_UNICAST) return std::nullopt;
  if (header->rtm_family != AF_INET && header->rtm_family != AF_INET6) return std::nullopt;
  route.header = *header;
  while (const auto attribute = TakeAttribute(payload)) {
    switch (attribute->type) {
      case RTA_DST:
        route.destination = attribute->value;
        break;
      case RTA_PREFSRC:
        route.source = attribute->value;
        break;
      case RTA_GATEWAY:
        route.gateway = attribute->value;
        break;
      case RTA_MULTIPATH:
        route.multipath = attribute->value;
        break;
      case RTA_PRIORITY:
        route.priority = ReadValue<std::uint32_t>(attribute->value);
        break;
      case RTA_OIF:
        route.interface = ReadValue<std::uint32_t>(attribute->value);
        break;
      default:
        break;
    }
  }
  return route;
}

class NetworkRouteCollector final : public Collector {
 public:
  explicit NetworkRouteCollector(const HostFs& fs) : socket_(fs.Netlink(NETLINK_ROUTE)) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    seen_.Clear();
    counts_.clear();
    TRY(links_.Refresh(*socket_));
    const NetlinkPayload any(rtmsg{});
    const NetlinkRequest request{RTM_GETROUTE, NetlinkRequest::Kind::kDump, any.bytes()};
    TRY(ForEachMessage(*socket_, request, [&](const NetlinkMessage& message) {
      if (message.type != RTM_NEWROUTE) return;
      if (const auto route = ParseRoute(message.payload)) AddRoute(*route, out);
    }));
    for (const Count& count : counts_) {
      out.Add(kFamilies[1], {{"device", links_.NameOf(count.interface)}},
              static_cast<double>(count.routes));
    }
    return Unit{};
  }

 private:
  struct Count {
    std::uint32_t interface;
    std::uint64_t routes;
  };

  void AddRoute(const Route& route, FamilySink& out) {
    if (route.multipath.empty()) {
      AddHop(route, route.interface, route.gateway, {}, out);
      return;
    }
    std::string_view hops = route.multipath;
    while (hops.size() >= sizeof(rtnexthop)) {
      const auto hop = ReadValue<rtnexthop>(hops);
      if (hop.rtnh_len < sizeof hop || hop.rtnh_len > hops.size()) return;
      std::string_view attributes = hops.substr(sizeof hop, hop.rtnh_len - sizeof hop);
      std::string_view gateway;
      while (const auto attribute = TakeAttribute(attributes)) {
        if (attribute->type == RTA_GATEWAY) gateway = attribute->value;
      }
      const DecimalText weight(hop.rtnh_hops + std::uint64_t{1});
      AddHop(route, static_cast<std::uint32_t>(hop.rtnh_ifindex), gateway, weight.view(), out);
      hops.remove_prefix(std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), hops.size()));
    }
  }

  void AddHop(const Route& route, std::uint32_t interface, std::string_view gateway,
              std::string_view weight, FamilySink& out) {
    const int family = route.header.rtm_family;
    const AddressText destination(family, route.destination, route.header.rtm_dst_len);
    const AddressText source(family, route.source);
    const AddressText via(family, gateway);
    const DecimalText priority(route.priority);
    const std::array<LabelView, 7> labels{{{"dest", destination.view()},
                                           {"device", links_.NameOf(interface)},
                                           {"gw", via.view()},
                                           {"priority", priority.view()},
                                           {"proto", ProtocolName(route.header.rtm_protocol)},
                                           {"src", source.view()},
                                           {"weight", weight}}};
    CountFor(interface).routes += 1;
    // Several tables may hold the same route.
    key_.clear();
    for (const LabelView& label : labels) key_.append(label.value).push_back('\n');
    if (seen_.Insert(key_)) out.Add(kFamilies[0], labels, 1);
  }

  Count& CountFor(std::uint32_t interface) {
    for (Count& count : counts_) {
      if (links_.NameOf(count.interface) == links_.NameOf(interface)) return count;
    }
    return counts_.emplace_back(Count{interface, 0});
  }

  std::unique_ptr<NetlinkSocket> socket_;
  LinkNames links_;
  SeenSet seen_;
  std::vector<Count> counts_;
  std::string key_;  // kept for its memory
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<NetworkRouteCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kNetworkRouteCollector{
    .name = "network_route",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "The unicast routes of all tables, from netlink.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
