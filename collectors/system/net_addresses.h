#pragma once
// node_network_address_info: every address of every interface, by netlink.

#include <string_view>

#include "collectors/link_names.h"
#include "collectors/netlink.h"
#include "metrics/writer.h"

namespace tocsin {

inline constexpr FamilySpec kNetworkAddressInfo{"node_network_address_info", MetricType::kGauge,
                                                "node network address by device"};

/// One thread at a time.
class NetAddresses {
 public:
  /// `socket` is of NETLINK_ROUTE and outlives this; it is used only within Collect().
  explicit NetAddresses(NetlinkSocket& socket) : socket_(socket) {}

  /// Errors: those of NetlinkSocket.
  Status Collect(FamilySink& out);

 private:
  void AddAddress(std::string_view payload, FamilySink& out) const;

  NetlinkSocket& socket_;
  LinkNames links_;
};

}  // namespace tocsin
