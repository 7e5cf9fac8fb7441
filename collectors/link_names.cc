#include "collectors/link_names.h"

#include <linux/rtnetlink.h>

namespace tocsin {

Status LinkNames::Refresh(NetlinkSocket& socket) {
  count_ = 0;
  const NetlinkPayload any(ifinfomsg{});
  TRY(socket.Start({RTM_GETLINK, NetlinkRequest::Kind::kDump, any.bytes()}));
  while (true) {
    TRY_ASSIGN(std::string_view batch, socket.Next());
    if (batch.empty()) return Unit{};
    while (const auto message = TakeMessage(batch)) {
      std::string_view attributes = message->payload;
      const auto header = TakeHeader<ifinfomsg>(attributes);
      if (message->type != RTM_NEWLINK || !header) continue;
      while (const auto attribute = TakeAttribute(attributes)) {
        if (attribute->type != IFLA_IFNAME) continue;
        if (count_ == links_.size()) links_.emplace_back();
        links_[count_].first = static_cast<std::uint32_t>(header->ifi_index);
        links_[count_++].second.assign(ReadText(attribute->value));
        break;
      }
    }
  }
}

std::string_view LinkNames::NameOf(std::uint32_t index) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (links_[i].first == index) return links_[i].second;
  }
  return {};
}

}  // namespace tocsin
