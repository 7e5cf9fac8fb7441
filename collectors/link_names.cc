#include "collectors/link_names.h"

#include <linux/rtnetlink.h>

namespace tocsin {

Status LinkNames::Refresh(NetlinkSocket& socket) {
  count_ = 0;
  const NetlinkPayload any(ifinfomsg{});
  const NetlinkRequest request{RTM_GETLINK, NetlinkRequest::Kind::kDump, any.bytes()};
  return ForEachMessage(socket, request, [this](const NetlinkMessage& message) {
    std::string_view attributes = message.payload;
    const auto header = TakeHeader<ifinfomsg>(attributes);
    if (message.type != RTM_NEWLINK || !header) return;
    while (const auto attribute = TakeAttribute(attributes)) {
      if (attribute->type != IFLA_IFNAME) continue;
      if (count_ == links_.size()) links_.emplace_back();
      links_[count_].first = static_cast<std::uint32_t>(header->ifi_index);
      links_[count_++].second.assign(ReadText(attribute->value));
      return;
    }
  });
}

std::string_view LinkNames::NameOf(std::uint32_t index) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (links_[i].first == index) return links_[i].second;
  }
  return {};
}

}  // namespace tocsin
