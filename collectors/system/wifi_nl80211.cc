#include <linux/genetlink.h>
#include <linux/nl80211.h>

#include "base/hex.h"
#include "collectors/host_fs.h"
#include "collectors/netlink.h"
#include "collectors/system/wifi_source.h"

namespace tocsin {
namespace {

/// Takes the value of the first attribute of that type.
std::optional<std::string_view> FindAttribute(std::string_view attributes, int type) {
  while (const auto attribute = TakeAttribute(attributes)) {
    if (attribute->type == type) return attribute->value;
  }
  return std::nullopt;
}

/// Bit rates come in units of 100 kbit/s, in 16 bits or, from newer kernels, in 32.
double BitRate(std::string_view rate_info) {
  double rate = 0;
  if (const auto narrow = FindAttribute(rate_info, NL80211_RATE_INFO_BITRATE)) {
    rate = ReadValue<std::uint16_t>(*narrow);
  }
  if (const auto wide = FindAttribute(rate_info, NL80211_RATE_INFO_BITRATE32)) {
    rate = ReadValue<std::uint32_t>(*wide);
  }
  return rate * 100 * 1000;
}

/// The SSID is information element 0: a type, a length, then that many bytes.
std::string SsidOf(std::string_view elements) {
  while (elements.size() >= 2) {
    const auto type = static_cast<std::uint8_t>(elements[0]);
    const auto length = static_cast<std::uint8_t>(elements[1]);
    elements.remove_prefix(2);
    if (length > elements.size()) break;
    if (type == 0) return std::string(elements.substr(0, length));
    elements.remove_prefix(length);
  }
  return {};
}

WifiInterface ParseInterface(std::string_view attributes) {
  WifiInterface interface;
  while (const auto attribute = TakeAttribute(attributes)) {
    if (attribute->type == NL80211_ATTR_IFINDEX) {
      interface.index = ReadValue<std::uint32_t>(attribute->value);
    } else if (attribute->type == NL80211_ATTR_IFNAME) {
      interface.name = ReadText(attribute->value);
    } else if (attribute->type == NL80211_ATTR_WIPHY_FREQ) {
      interface.frequency_mhz = ReadValue<std::uint32_t>(attribute->value);
    }
  }
  return interface;
}

/// Of the networks that a scan has found only one has a status: that of this interface.
std::optional<WifiBss> ParseBss(std::string_view attributes) {
  const auto bss = FindAttribute(attributes, NL80211_ATTR_BSS);
  const auto status = bss ? FindAttribute(*bss, NL80211_BSS_STATUS) : std::nullopt;
  if (!status) return std::nullopt;
  WifiBss out;
  const auto number = ReadValue<std::uint32_t>(*status);
  out.status = number < 3 ? static_cast<BssStatus>(number) : BssStatus::kOther;
  out.bssid = MacText(FindAttribute(*bss, NL80211_BSS_BSSID).value_or(""));
  out.ssid = SsidOf(FindAttribute(*bss, NL80211_BSS_INFORMATION_ELEMENTS).value_or(""));
  return out;
}

WifiStation ParseStation(std::string_view attributes) {
  WifiStation station;
  station.mac = MacText(FindAttribute(attributes, NL80211_ATTR_MAC).value_or(""));
  std::string_view info = FindAttribute(attributes, NL80211_ATTR_STA_INFO).value_or("");
  bool wide_rx = false;
  bool wide_tx = false;
  while (const auto attribute = TakeAttribute(info)) {
    const std::string_view value = attribute->value;
    const auto number = ReadValue<std::uint32_t>(value);
    switch (attribute->type) {
      case NL80211_STA_INFO_CONNECTED_TIME:
        station.connected_seconds = number;
        break;
      case NL80211_STA_INFO_INACTIVE_TIME:
        station.inactive_seconds = number / 1000.0;
        break;
      case NL80211_STA_INFO_RX_BYTES:
        if (!wide_rx) station.receive_bytes = number;
        break;
      case NL80211_STA_INFO_TX_BYTES:
        if (!wide_tx) station.transmit_bytes = number;
        break;
      case NL80211_STA_INFO_RX_BYTES64:
        station.receive_bytes = static_cast<double>(ReadValue<std::uint64_t>(value));
        wide_rx = true;
        break;
      case NL80211_STA_INFO_TX_BYTES64:
        station.transmit_bytes = static_cast<double>(ReadValue<std::uint64_t>(value));
        wide_tx = true;
        break;
      case NL80211_STA_INFO_SIGNAL:
        station.signal_dbm = ReadValue<std::int8_t>(value);
        break;
      case NL80211_STA_INFO_RX_BITRATE:
        station.receive_bits_per_second = BitRate(value);
        break;
      case NL80211_STA_INFO_TX_BITRATE:
        station.transmit_bits_per_second = BitRate(value);
        break;
      case NL80211_STA_INFO_TX_RETRIES:
        station.transmit_retries = number;
        break;
      case NL80211_STA_INFO_TX_FAILED:
        station.transmit_failed = number;
        break;
      case NL80211_STA_INFO_BEACON_LOSS:
        station.beacon_loss = number;
        break;
      default:
        break;
    }
  }
  return station;
}

class Nl80211Source final : public WifiSource {
 public:
  explicit Nl80211Source(const HostFs& fs) : socket_(fs.Netlink(NETLINK_GENERIC)) {}

  Result<std::vector<WifiInterface>> Interfaces() override {
    // The number may change when the module is loaded anew.
    TRY_ASSIGN(family_, FindFamily());
    std::vector<WifiInterface> interfaces;
    TRY(ForEach(NL80211_CMD_GET_INTERFACE, nullptr, [&](std::string_view attributes) {
      interfaces.push_back(ParseInterface(attributes));
    }));
    return interfaces;
  }

  Result<std::optional<WifiBss>> Bss(const WifiInterface& interface) override {
    std::optional<WifiBss> found;
    TRY(ForEach(NL80211_CMD_GET_SCAN, &interface, [&](std::string_view attributes) {
      if (!found) found = ParseBss(attributes);
    }));
    return found;
  }

  Result<std::vector<WifiStation>> Stations(const WifiInterface& interface) override {
    std::vector<WifiStation> stations;
    TRY(ForEach(NL80211_CMD_GET_STATION, &interface, [&](std::string_view attributes) {
      stations.push_back(ParseStation(attributes));
    }));
    return stations;
  }

 private:
  Result<std::uint16_t> FindFamily() {
    NetlinkPayload payload(genlmsghdr{CTRL_CMD_GETFAMILY, 1, 0});
    payload.Attribute(CTRL_ATTR_FAMILY_NAME,
                      std::string_view(NL80211_GENL_NAME, sizeof NL80211_GENL_NAME));
    TRY(socket_->Start({GENL_ID_CTRL, NetlinkRequest::Kind::kAsk, payload.bytes()}));
    std::optional<std::uint16_t> family;
    while (true) {
      const auto batch = socket_->Next();
      if (!batch && batch.error().code() == Errc::kNotFound) break;
      if (!batch) return batch.error();
      if (batch->empty()) break;
      std::string_view rest = *batch;
      while (const auto message = TakeMessage(rest)) {
        std::string_view attributes = message->payload;
        if (!TakeHeader<genlmsghdr>(attributes)) continue;
        if (const auto id = FindAttribute(attributes, CTRL_ATTR_FAMILY_ID)) {
          family = ReadValue<std::uint16_t>(*id);
        }
      }
    }
    if (!family) return Error{Errc::kUnsupported, "this kernel has no nl80211"};
    return *family;
  }

  /// Gives the attributes of each answer to a dump, for one interface if not null. An interface
  /// that does not know the command (a monitor, one just removed) has no answers.
  template <class Visit>
  Status ForEach(std::uint8_t command, const WifiInterface* interface, Visit&& visit) {
    NetlinkPayload payload(genlmsghdr{command, 0, 0});
    if (interface) payload.Attribute32(NL80211_ATTR_IFINDEX, interface->index);
    TRY(socket_->Start({family_, NetlinkRequest::Kind::kDump, payload.bytes()}));
    while (true) {
      const auto batch = socket_->Next();
      if (!batch && interface &&
          (batch.error().code() == Errc::kNotFound || batch.error().code() == Errc::kUnsupported)) {
        return Unit{};
      }
      if (!batch) return batch.error();
      if (batch->empty()) return Unit{};
      std::string_view rest = *batch;
      while (const auto message = TakeMessage(rest)) {
        std::string_view attributes = message->payload;
        if (TakeHeader<genlmsghdr>(attributes)) visit(attributes);
      }
    }
  }

  std::unique_ptr<NetlinkSocket> socket_;
  std::uint16_t family_ = 0;
};

}  // namespace

std::unique_ptr<WifiSource> MakeNl80211Source(const HostFs& fs) {
  return std::make_unique<Nl80211Source>(fs);
}

std::string MacText(std::string_view bytes) {
  std::string text;
  for (const char c : bytes.substr(0, 6)) {
    if (!text.empty()) text += ':';
    AppendHex(static_cast<unsigned char>(c), text);
  }
  return text;
}

}  // namespace tocsin
