#include <array>
#include <cmath>
#include <string>

#include "base/parse.h"
#include "collectors/device_dir.h"
#include "collectors/folder_metrics.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr FamilySpec kInfo{"node_infiniband_info", MetricType::kGauge,
                           "Non-numeric data from /sys/class/infiniband/<device>, value is always "
                           "1."};
constexpr FamilySpec kState{"node_infiniband_state_id", MetricType::kGauge,
                            "State of the InfiniBand port (0: no change, 1: down, 2: init, 3: "
                            "armed, 4: active, 5: act defer)"};
constexpr FamilySpec kPhysicalState{
    "node_infiniband_physical_state_id", MetricType::kGauge,
    "Physical state of the InfiniBand port (0: no change, 1: sleep, 2: polling, 3: disable, 4: "
    "shift, 5: link up, 6: link error recover, 7: phytest)"};
constexpr FamilySpec kRate{"node_infiniband_rate_bytes_per_second", MetricType::kGauge,
                           "Maximum signal transfer rate"};

/// Data is counted per lane, and every port has four.
constexpr double kLanes = 4;

constexpr std::array<FileMetric, 24> kCounters{{
    {"counters_ext/port_multicast_rcv_packets",
     {"node_infiniband_legacy_multicast_packets_received_total", MetricType::kCounter,
      "Number of multicast packets received"}},
    {"counters_ext/port_multicast_xmit_packets",
     {"node_infiniband_legacy_multicast_packets_transmitted_total", MetricType::kCounter,
      "Number of multicast packets transmitted"}},
    {"counters_ext/port_rcv_data_64",
     {"node_infiniband_legacy_data_received_bytes_total", MetricType::kCounter,
      "Number of data octets received on all links"},
     kLanes},
    {"counters_ext/port_rcv_packets_64",
     {"node_infiniband_legacy_packets_received_total", MetricType::kCounter,
      "Number of data packets received on all links"}},
    {"counters_ext/port_unicast_rcv_packets",
     {"node_infiniband_legacy_unicast_packets_received_total", MetricType::kCounter,
      "Number of unicast packets received"}},
    {"counters_ext/port_unicast_xmit_packets",
     {"node_infiniband_legacy_unicast_packets_transmitted_total", MetricType::kCounter,
      "Number of unicast packets transmitted"}},
    {"counters_ext/port_xmit_data_64",
     {"node_infiniband_legacy_data_transmitted_bytes_total", MetricType::kCounter,
      "Number of data octets transmitted on all links"},
     kLanes},
    {"counters_ext/port_xmit_packets_64",
     {"node_infiniband_legacy_packets_transmitted_total", MetricType::kCounter,
      "Number of data packets received on all links"}},
    {"counters/link_downed",
     {"node_infiniband_link_downed_total", MetricType::kCounter,
      "Number of times the link failed to recover from an error state and went down"}},
    {"counters/link_error_recovery",
     {"node_infiniband_link_error_recovery_total", MetricType::kCounter,
      "Number of times the link successfully recovered from an error state"}},
    {"counters/multicast_rcv_packets",
     {"node_infiniband_multicast_packets_received_total", MetricType::kCounter,
      "Number of multicast packets received (including errors)"}},
    {"counters/multicast_xmit_packets",
     {"node_infiniband_multicast_packets_transmitted_total", MetricType::kCounter,
      "Number of multicast packets transmitted (including errors)"}},
    {"counters/port_rcv_constraint_errors",
     {"node_infiniband_port_constraint_errors_received_total", MetricType::kCounter,
      "Number of packets received on the switch physical port that are discarded"}},
    {"counters/port_xmit_constraint_errors",
     {"node_infiniband_port_constraint_errors_transmitted_total", MetricType::kCounter,
      "Number of packets not transmitted from the switch physical port"}},
    {"counters/port_rcv_data",
     {"node_infiniband_port_data_received_bytes_total", MetricType::kCounter,
      "Number of data octets received on all links"},
     kLanes},
    {"counters/port_xmit_data",
     {"node_infiniband_port_data_transmitted_bytes_total", MetricType::kCounter,
      "Number of data octets transmitted on all links"},
     kLanes},
    {"counters/port_rcv_discards",
     {"node_infiniband_port_discards_received_total", MetricType::kCounter,
      "Number of inbound packets discarded by the port because the port is down or congested"}},
    {"counters/port_xmit_discards",
     {"node_infiniband_port_discards_transmitted_total", MetricType::kCounter,
      "Number of outbound packets discarded by the port because the port is down or congested"}},
    {"counters/port_rcv_errors",
     {"node_infiniband_port_errors_received_total", MetricType::kCounter,
      "Number of packets containing an error that were received on this port"}},
    {"counters/port_rcv_packets",
     {"node_infiniband_port_packets_received_total", MetricType::kCounter,
      "Number of packets received on all VLs by this port (including errors)"}},
    {"counters/port_xmit_packets",
     {"node_infiniband_port_packets_transmitted_total", MetricType::kCounter,
      "Number of packets transmitted on all VLs from this port (including errors)"}},
    {"counters/port_xmit_wait",
     {"node_infiniband_port_transmit_wait_total", MetricType::kCounter,
      "Number of ticks during which the port had data to transmit but no data was sent during the "
      "entire tick"}},
    {"counters/unicast_rcv_packets",
     {"node_infiniband_unicast_packets_received_total", MetricType::kCounter,
      "Number of unicast packets received (including errors)"}},
    {"counters/unicast_xmit_packets",
     {"node_infiniband_unicast_packets_transmitted_total", MetricType::kCounter,
      "Number of unicast packets transmitted (including errors)"}},
}};

constexpr auto kFamilies = [] {
  std::array<FamilySpec, kCounters.size() + 4> families{kInfo, kState, kPhysicalState, kRate};
  for (std::size_t i = 0; i < kCounters.size(); ++i) families[i + 4] = kCounters[i].family;
  return families;
}();

constexpr double kBytesPerGigabit = 125000000;

class InfinibandCollector final : public Collector {
 public:
  explicit InfinibandCollector(const HostFs& fs)
      : fs_(fs), files_(fs), devices_(fs, fs.SysPath("class/infiniband")) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const Status status = devices_.ForEach(
        [this](std::string_view, const std::string& path) { return MakeDevice(path); },
        [&](std::string_view name, Device& device) {
          AddDevice(name, device, out);
          return Status(Unit{});
        });
    return status ? status : AbsentIsUnsupported(status.error());
  }

 private:
  struct Port {
    std::string state_path, physical_state_path, rate_path;
    FolderMetrics counters;
  };
  struct Device {
    std::array<std::string, 3> text_paths;
    std::array<std::string, 3> texts;  // board_id, fw_ver, hca_type
    std::unique_ptr<HostDir> port_dir;
    RowCache<Port> ports;
    std::string ports_path;
  };

  Device MakeDevice(const std::string& path) const {
    Device device;
    device.text_paths = {path + "board_id", path + "fw_ver", path + "hca_type"};
    device.ports_path = path + "ports/";
    device.port_dir = fs_.Dir(path + "ports");
    return device;
  }

  static Port MakePort(const std::string& path) {
    return {path + "/state", path + "/phys_state", path + "/rate", FolderMetrics(path, kCounters)};
  }

  void AddDevice(std::string_view name, Device& device, FamilySink& out) {
    for (std::size_t i = 0; i < device.texts.size(); ++i) {
      device.texts[i] = files_.Read(device.text_paths[i]).text;
    }
    out.Add(kInfo,
            {{"board_id", device.texts[0]},
             {"device", name},
             {"firmware_version", device.texts[1]},
             {"hca_type", device.texts[2]}},
            1);
    const auto ports = device.port_dir->List();
    if (!ports) return;  // unplugged just now
    for (std::size_t i = 0; i < ports->size(); ++i) {
      const std::string_view number = (*ports)[i];
      const Port& port = device.ports.At(i, number, [&](std::string_view n) {
        return MakePort(device.ports_path + std::string(n));
      });
      const std::array<LabelView, 2> labels{{{"device", name}, {"port", number}}};
      AddState(port.state_path, kState, labels, out);
      AddState(port.physical_state_path, kPhysicalState, labels, out);
      AddRate(port.rate_path, labels, out);
      port.counters.Add(files_, labels, out);
    }
    device.ports.Truncate(ports->size());
  }

  /// "4: ACTIVE"
  void AddState(const std::string& path, const FamilySpec& family,
                std::span<const LabelView> labels, FamilySink& out) {
    const std::string_view text = files_.Read(path).text;
    const auto id = ParseInt<std::uint32_t>(Trim(text.substr(0, text.find(':'))));
    if (id) out.Add(family, labels, *id);
  }

  /// "40 Gb/sec (4X QDR)"
  void AddRate(const std::string& path, std::span<const LabelView> labels, FamilySink& out) {
    std::string_view text = files_.Read(path).text;
    const auto gigabits = ParseDouble(TakeField(text));
    if (gigabits) out.Add(kRate, labels, std::floor(*gigabits * kBytesPerGigabit));
  }

  const HostFs& fs_;
  SmallFiles files_;
  DeviceDir<Device> devices_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<InfinibandCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kInfinibandCollector{
    .name = "infiniband",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "State and traffic of InfiniBand ports, from /sys/class/infiniband.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
