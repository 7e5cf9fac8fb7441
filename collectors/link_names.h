#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/netlink.h"

namespace tocsin {

/// The names of this host's network interfaces by their index. One thread at a time.
class LinkNames {
 public:
  /// Asks the kernel again, over a socket of NETLINK_ROUTE. Errors: those of NetlinkSocket.
  Status Refresh(NetlinkSocket& socket);
  /// Empty for an interface that was not there.
  std::string_view NameOf(std::uint32_t index) const;

 private:
  std::vector<std::pair<std::uint32_t, std::string>> links_;  // strings are kept for their memory
  std::size_t count_ = 0;
};

}  // namespace tocsin
