#include "base/yaml.h"
#include "collectors/host_fs.h"
#include "collectors/system/wifi_source.h"

namespace tocsin {
namespace {

constexpr double kNanosPerSecond = 1e9;

/// Base64, as Go's JSON has byte slices. What is no base64 ends it.
std::string FromBase64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return bytes;
}

class WifiFixtures final : public WifiSource {
 public:
  WifiFixtures(const HostFs& fs, std::string directory)
      : fs_(fs), directory_(std::move(directory) + "/") {}

  Result<std::vector<WifiInterface>> Interfaces() override {
    TRY_ASSIGN(const YamlFile file, ReadFile("interfaces.json"));
    std::vector<WifiInterface> interfaces;
    for (const YamlNode::Ptr& item : file.root->items) {
      WifiInterface interface;
      YamlFields fields(file, *item, "interface");
      TRY_ASSIGN(interface.name, fields.Read("name", YamlString, ""));
      TRY_ASSIGN(interface.frequency_mhz, fields.Read("frequency", YamlDouble, 0.0));
      interfaces.push_back(std::move(interface));
    }
    return interfaces;
  }

  Result<std::optional<WifiBss>> Bss(const WifiInterface& interface) override {
    const auto file = ReadFile(interface.name + "/bss.json");
    if (!file) {
      if (file.error().code() != Errc::kNotFound) return file.error();
      return std::optional<WifiBss>();
    }
    WifiBss bss;
    YamlFields fields(*file, *file->root, "bss");
    TRY_ASSIGN(bss.ssid, fields.Read("ssid", YamlString, ""));
    TRY_ASSIGN(const std::string bssid, fields.Read("bssid", YamlString, ""));
    bss.bssid = MacText(FromBase64(bssid));
    TRY_ASSIGN(const std::int64_t status, fields.Read("status", YamlInt, 0));
    bss.status = status >= 0 && status < 3 ? static_cast<BssStatus>(status) : BssStatus::kOther;
    return std::optional<WifiBss>(std::move(bss));
  }

  Result<std::vector<WifiStation>> Stations(const WifiInterface& interface) override {
    std::vector<WifiStation> stations;
    const auto file = ReadFile(interface.name + "/stationinfo.json");
    if (!file) {
      if (file.error().code() != Errc::kNotFound) return file.error();
      return stations;
    }
    for (const YamlNode::Ptr& item : file->root->items) {
      WifiStation s;
      YamlFields fields(*file, *item, "station");
      TRY_ASSIGN(const std::string mac, fields.Read("hardwareaddr", YamlString, ""));
      s.mac = MacText(FromBase64(mac));
      TRY_ASSIGN(const double connected, fields.Read("connected", YamlDouble, 0.0));
      TRY_ASSIGN(const double inactive, fields.Read("inactive", YamlDouble, 0.0));
      s.connected_seconds = connected / kNanosPerSecond;
      s.inactive_seconds = inactive / kNanosPerSecond;
      TRY_ASSIGN(s.receive_bits_per_second, fields.Read("receivebitrate", YamlDouble, 0.0));
      TRY_ASSIGN(s.transmit_bits_per_second, fields.Read("transmitbitrate", YamlDouble, 0.0));
      TRY_ASSIGN(s.receive_bytes, fields.Read("receivedbytes", YamlDouble, 0.0));
      TRY_ASSIGN(s.transmit_bytes, fields.Read("transmittedbytes", YamlDouble, 0.0));
      TRY_ASSIGN(s.signal_dbm, fields.Read("signal", YamlDouble, 0.0));
      TRY_ASSIGN(s.transmit_retries, fields.Read("transmitretries", YamlDouble, 0.0));
      TRY_ASSIGN(s.transmit_failed, fields.Read("transmitfailed", YamlDouble, 0.0));
      TRY_ASSIGN(s.beacon_loss, fields.Read("beaconloss", YamlDouble, 0.0));
      stations.push_back(std::move(s));
    }
    return stations;
  }

 private:
  /// JSON is YAML enough.
  Result<YamlFile> ReadFile(const std::string& name) const {
    TRY_ASSIGN(const std::string text, fs_.Read(directory_ + name));
    return ParseYaml(text, directory_ + name);
  }

  const HostFs& fs_;
  const std::string directory_;
};

}  // namespace

std::unique_ptr<WifiSource> MakeWifiFixtures(const HostFs& fs, std::string directory) {
  return std::make_unique<WifiFixtures>(fs, std::move(directory));
}

}  // namespace tocsin
