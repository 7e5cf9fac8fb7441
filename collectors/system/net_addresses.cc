#include "collectors/system/net_addresses.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <array>

#include "collectors/decimal_text.h"

namespace tocsin {
namespace {

/// node_exporter's words for how far an address reaches; empty for unspecified and multicast ones.
std::string_view ScopeOf(int family, const in6_addr& address) {
  if (family == AF_INET) {
    std::uint32_t ip = 0;
    std::memcpy(&ip, &address, sizeof ip);
    ip = ntohl(ip);
    const bool link_local = ip >> 16 == 0xa9fe || ip >> 8 == 0xe00000;  // 169.254/16, 224.0.0/24
    if (ip >> 24 == 127 || link_local) return "link-local";
    const bool multicast = ip >> 28 == 0xe;
    return ip == 0 || ip == 0xffffffff || multicast ? "" : "global";
  }
  if (IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_LINKLOCAL(&address) ||
      IN6_IS_ADDR_MC_LINKLOCAL(&address)) {
    return "link-local";
  }
  if (IN6_IS_ADDR_MC_NODELOCAL(&address)) return "interface-local";
  return IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_MULTICAST(&address) ? "" : "global";
}

}  // namespace

Status NetAddresses::Collect(FamilySink& out) {
  TRY(links_.Refresh(socket_));
  const NetlinkPayload any(ifaddrmsg{});
  const NetlinkRequest request{RTM_GETADDR, NetlinkRequest::Kind::kDump, any.bytes()};
  return ForEachMessage(socket_, request, [&](const NetlinkMessage& message) {
    if (message.type == RTM_NEWADDR) AddAddress(message.payload, out);
  });
}

void NetAddresses::AddAddress(std::string_view payload, FamilySink& out) const {
  const auto header = TakeHeader<ifaddrmsg>(payload);
  if (!header || (header->ifa_family != AF_INET && header->ifa_family != AF_INET6)) return;
  const std::string_view device = links_.NameOf(header->ifa_index);
  if (device.empty()) return;  // came up between the two dumps
  // A point-to-point link has its peer in IFA_ADDRESS and its own address in IFA_LOCAL.
  std::string_view address;
  std::string_view local;
  while (const auto attribute = TakeAttribute(payload)) {
    if (attribute->type == IFA_ADDRESS) address = attribute->value;
    if (attribute->type == IFA_LOCAL) local = attribute->value;
  }
  if (!local.empty()) address = local;
  if (address.size() < (header->ifa_family == AF_INET ? 4u : 16u)) return;
  const auto ip = ReadValue<in6_addr>(address);
  std::array<char, INET6_ADDRSTRLEN> text;
  if (!::inet_ntop(header->ifa_family, &ip, text.data(), text.size())) return;
  const DecimalText netmask(header->ifa_prefixlen);
  out.Add(kNetworkAddressInfo,
          {{"address", text.data()},
           {"device", device},
           {"netmask", netmask.view()},
           {"scope", ScopeOf(header->ifa_family, ip)}},
          1);
}

}  // namespace tocsin
