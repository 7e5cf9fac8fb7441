#include <array>
#include <limits>
#include <string>

#include "base/parse.h"
#include "collectors/device_dir.h"
#include "collectors/host_fs.h"
#include "collectors/small_file.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

struct Counter {
  std::string_view file;  // in statistics/
  FamilySpec family;
};
constexpr std::array<Counter, 14> kCounters{{
    {"dumped_frames",
     {"node_fibrechannel_dumped_frames_total", MetricType::kCounter, "Number of dumped frames"}},
    {"error_frames",
     {"node_fibrechannel_error_frames_total", MetricType::kCounter, "Number of errors in frames"}},
    {"fcp_packet_aborts",
     {"node_fibrechannel_fcp_packet_aborts_total", MetricType::kCounter,
      "Number of aborted packets"}},
    {"invalid_crc_count",
     {"node_fibrechannel_invalid_crc_total", MetricType::kCounter,
      "Invalid Cyclic Redundancy Check count"}},
    {"invalid_tx_word_count",
     {"node_fibrechannel_invalid_tx_words_total", MetricType::kCounter,
      "Number of invalid words transmitted by host port"}},
    {"link_failure_count",
     {"node_fibrechannel_link_failure_total", MetricType::kCounter,
      "Number of times the host port link has failed"}},
    {"loss_of_signal_count",
     {"node_fibrechannel_loss_of_signal_total", MetricType::kCounter,
      "Number of times signal has been lost"}},
    {"loss_of_sync_count",
     {"node_fibrechannel_loss_of_sync_total", MetricType::kCounter,
      "Number of failures on either bit or transmission word boundaries"}},
    {"nos_count",
     {"node_fibrechannel_nos_total", MetricType::kCounter,
      "Number Not_Operational Primitive Sequence received by host port"}},
    {"rx_frames",
     {"node_fibrechannel_rx_frames_total", MetricType::kCounter, "Number of frames received"}},
    {"rx_words",
     {"node_fibrechannel_rx_words_total", MetricType::kCounter,
      "Number of words received by host port"}},
    {"seconds_since_last_reset",
     {"node_fibrechannel_seconds_since_last_reset_total", MetricType::kCounter,
      "Number of seconds since last host port reset"}},
    {"tx_frames",
     {"node_fibrechannel_tx_frames_total", MetricType::kCounter,
      "Number of frames transmitted by host port"}},
    {"tx_words",
     {"node_fibrechannel_tx_words_total", MetricType::kCounter,
      "Number of words transmitted by host port"}},
}};
constexpr FamilySpec kInfo{"node_fibrechannel_info", MetricType::kGauge,
                           "Non-numeric data from /sys/class/fc_host/<host>, value is always 1."};

/// Labels of the info, each the name of its file.
constexpr std::array<std::string_view, 10> kTexts{
    "dev_loss_tmo", "fabric_name", "port_id",           "port_name",        "port_state",
    "port_type",    "speed",       "supported_classes", "supported_speeds", "symbolic_name"};

constexpr auto kFamilies = [] {
  std::array<FamilySpec, kCounters.size() + 1> families{kInfo};
  for (std::size_t i = 0; i < kCounters.size(); ++i) families[i + 1] = kCounters[i].family;
  return families;
}();

/// What a driver says of a counter that it does not keep.
constexpr auto kNotKept = std::numeric_limits<std::uint64_t>::max();

bool IsHexadecimalName(std::string_view label) {
  return label == "fabric_name" || label == "port_id" || label == "port_name";
}

class FibrechannelCollector final : public Collector {
 public:
  explicit FibrechannelCollector(const HostFs& fs)
      : files_(fs), hosts_(fs, fs.SysPath("class/fc_host")) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const Status status = hosts_.ForEach(&MakeHost, [&](std::string_view name, Host& host) {
      AddHost(name, host, out);
      return Status(Unit{});
    });
    return status ? status : AbsentIsUnsupported(status.error());
  }

 private:
  struct Host {
    std::array<std::string, kTexts.size()> text_paths;
    std::array<std::string, kTexts.size()> texts;
    std::array<std::string, kCounters.size()> counter_paths;
  };

  static Host MakeHost(std::string_view, const std::string& path) {
    Host host;
    for (std::size_t i = 0; i < kTexts.size(); ++i) {
      host.text_paths[i] = path + std::string(kTexts[i]);
    }
    for (std::size_t i = 0; i < kCounters.size(); ++i) {
      host.counter_paths[i] = path + "statistics/" + std::string(kCounters[i].file);
    }
    return host;
  }

  void AddHost(std::string_view name, Host& host, FamilySink& out) {
    std::array<LabelView, kTexts.size() + 1> labels;
    labels[0] = {"fc_host", name};
    for (std::size_t i = 0; i < kTexts.size(); ++i) {
      std::string_view text = files_.Read(host.text_paths[i]).text;
      if (IsHexadecimalName(kTexts[i]) && text.starts_with("0x")) text.remove_prefix(2);
      host.texts[i] = text;
      labels[i + 1] = {kTexts[i], host.texts[i]};
    }
    out.Add(kInfo, labels, 1);
    for (std::size_t i = 0; i < kCounters.size(); ++i) {
      const auto count = files_.PrefixedInt(host.counter_paths[i]);
      if (!count || *count == kNotKept) continue;
      out.Add(kCounters[i].family, {{"fc_host", name}}, static_cast<double>(*count));
    }
  }

  SmallFiles files_;
  DeviceDir<Host> hosts_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<FibrechannelCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kFibrechannelCollector{
    .name = "fibrechannel",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(10),
    .help = "State and errors of Fibre Channel ports, from /sys/class/fc_host.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
