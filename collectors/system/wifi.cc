#include <array>
#include <string>

#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"
#include "collectors/system/wifi_source.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 12> kFamilies{{
    {"node_wifi_interface_frequency_hertz", MetricType::kGauge,
     "The current frequency a WiFi interface is operating at, in hertz."},
    {"node_wifi_station_info", MetricType::kGauge,
     "Labeled WiFi interface station information as provided by the operating system."},
    {"node_wifi_station_connected_seconds_total", MetricType::kCounter,
     "The total number of seconds a station has been connected to an access point."},
    {"node_wifi_station_inactive_seconds", MetricType::kGauge,
     "The number of seconds since any wireless activity has occurred on a station."},
    {"node_wifi_station_receive_bits_per_second", MetricType::kGauge,
     "The current WiFi receive bitrate of a station, in bits per second."},
    {"node_wifi_station_transmit_bits_per_second", MetricType::kGauge,
     "The current WiFi transmit bitrate of a station, in bits per second."},
    {"node_wifi_station_receive_bytes_total", MetricType::kCounter,
     "The total number of bytes received by a WiFi station."},
    {"node_wifi_station_transmit_bytes_total", MetricType::kCounter,
     "The total number of bytes transmitted by a WiFi station."},
    {"node_wifi_station_signal_dbm", MetricType::kGauge,
     "The current WiFi signal strength, in decibel-milliwatts (dBm)."},
    {"node_wifi_station_transmit_retries_total", MetricType::kCounter,
     "The total number of times a station has had to retry while sending a packet."},
    {"node_wifi_station_transmit_failed_total", MetricType::kCounter,
     "The total number of times a station has failed to send a packet."},
    {"node_wifi_station_beacon_loss_total", MetricType::kCounter,
     "The total number of times a station has detected a beacon loss."},
}};

/// What kFamilies has from the third on.
constexpr std::array<double WifiStation::*, 10> kStationValues{
    &WifiStation::connected_seconds,
    &WifiStation::inactive_seconds,
    &WifiStation::receive_bits_per_second,
    &WifiStation::transmit_bits_per_second,
    &WifiStation::receive_bytes,
    &WifiStation::transmit_bytes,
    &WifiStation::signal_dbm,
    &WifiStation::transmit_retries,
    &WifiStation::transmit_failed,
    &WifiStation::beacon_loss,
};
constexpr std::size_t kFirstStationFamily = 2;

constexpr std::array<CollectorFlag, 1> kFlags{{
    {"wifi.fixtures", "fixtures",
     "Directory of JSON files that stand for what the kernel would say, for tests", ""},
}};

std::string_view ModeOf(BssStatus status) {
  switch (status) {
    case BssStatus::kAuthenticated:
    case BssStatus::kAssociated:
      return "client";
    case BssStatus::kIbssJoined:
      return "ad-hoc";
    case BssStatus::kOther:
      return "unknown";
  }
  return "unknown";
}

class WifiCollector final : public Collector {
 public:
  explicit WifiCollector(std::unique_ptr<WifiSource> source) : source_(std::move(source)) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    Status status = AddAll(out);
    return status ? status : InvalidIsMalformed(std::move(status).error());
  }

 private:
  Status AddAll(FamilySink& out) {
    TRY_ASSIGN(const auto interfaces, source_->Interfaces());
    for (const WifiInterface& interface : interfaces) {
      if (interface.name.empty()) continue;
      out.Add(kFamilies[0], {{"device", interface.name}}, interface.frequency_mhz * 1000 * 1000);
      TRY_ASSIGN(const auto bss, source_->Bss(interface));
      if (bss) {
        out.Add(kFamilies[1],
                {{"bssid", bss->bssid},
                 {"device", interface.name},
                 {"mode", ModeOf(bss->status)},
                 {"ssid", bss->ssid}},
                1);
      }
      TRY_ASSIGN(const auto stations, source_->Stations(interface));
      for (const WifiStation& station : stations) {
        for (std::size_t i = 0; i < kStationValues.size(); ++i) {
          out.Add(kFamilies[kFirstStationFamily + i],
                  {{"device", interface.name}, {"mac_address", station.mac}},
                  station.*kStationValues[i]);
        }
      }
    }
    return Unit{};
  }

  std::unique_ptr<WifiSource> source_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector wifi");
  TRY_ASSIGN(std::string fixtures, settings.Read("fixtures", YamlString, ""));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(std::make_unique<WifiCollector>(
      fixtures.empty() ? MakeNl80211Source(deps.fs)
                       : MakeWifiFixtures(deps.fs, std::move(fixtures))));
}

}  // namespace

extern const CatalogEntry kWifiCollector{
    .name = "wifi",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "Wireless interfaces, their networks and stations, from nl80211.",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
