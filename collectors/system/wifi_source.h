#pragma once
// What the wifi collector knows about the host's wireless interfaces, and where from.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin {

class HostFs;

struct WifiInterface {
  std::uint32_t index = 0;
  std::string name;  // empty for devices without a network interface
  double frequency_mhz = 0;
};

enum class BssStatus : std::uint8_t { kAuthenticated, kAssociated, kIbssJoined, kOther };

/// The network that an interface takes part in.
struct WifiBss {
  std::string bssid;  // "aa:bb:cc:dd:ee:ff"
  std::string ssid;
  BssStatus status = BssStatus::kOther;
};

/// A peer of an interface.
struct WifiStation {
  std::string mac;
  double connected_seconds = 0;
  double inactive_seconds = 0;
  double receive_bits_per_second = 0;
  double transmit_bits_per_second = 0;
  double receive_bytes = 0;
  double transmit_bytes = 0;
  double signal_dbm = 0;
  double transmit_retries = 0;
  double transmit_failed = 0;
  double beacon_loss = 0;
};

/// One thread at a time.
class WifiSource {
 public:
  virtual ~WifiSource() = default;
  /// Errors: kUnsupported if this host has no wireless subsystem, kIo.
  virtual Result<std::vector<WifiInterface>> Interfaces() = 0;
  /// Nothing if the interface takes part in none, or cannot tell.
  virtual Result<std::optional<WifiBss>> Bss(const WifiInterface& interface) = 0;
  virtual Result<std::vector<WifiStation>> Stations(const WifiInterface& interface) = 0;
};

/// nl80211, over generic netlink.
std::unique_ptr<WifiSource> MakeNl80211Source(const HostFs& fs);

/// interfaces.json, NAME/bss.json and NAME/stationinfo.json, as node_exporter's end-to-end test
/// has them.
std::unique_ptr<WifiSource> MakeWifiFixtures(const HostFs& fs, std::string directory);

/// Six bytes as "aa:bb:cc:dd:ee:ff".
std::string MacText(std::string_view bytes);

}  // namespace tocsin
