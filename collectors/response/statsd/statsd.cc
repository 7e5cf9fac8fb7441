#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "base/outgoing/http_config.h"
#include "base/parse.h"
#include "collectors/response/own_names.h"
#include "collectors/response/response.h"
#include "collectors/response/statsd/address.h"
#include "collectors/response/statsd/mapping.h"
#include "collectors/response/statsd/receiver.h"

namespace tocsin {
namespace {

using statsd::Mapping;
using statsd::SeriesSpec;

// statsd_exporter's names: https://github.com/prometheus/statsd_exporter, pkg/telemetry.
constexpr FamilySpec kUdpPackets{"statsd_exporter_udp_packets_total", MetricType::kCounter,
                                 "StatsD datagrams received over UDP."};
constexpr FamilySpec kUnixPackets{"statsd_exporter_unixgram_packets_total", MetricType::kCounter,
                                  "StatsD datagrams received over unix sockets."};
constexpr FamilySpec kTcpConnections{"statsd_exporter_tcp_connections_total", MetricType::kCounter,
                                     "TCP connections of StatsD clients."};
constexpr FamilySpec kTcpErrors{"statsd_exporter_tcp_connection_errors_total", MetricType::kCounter,
                                "TCP connections that broke."};
constexpr FamilySpec kTcpTooLong{"statsd_exporter_tcp_too_long_lines_total", MetricType::kCounter,
                                 "TCP connections that were ended because of a line too long."};
constexpr FamilySpec kLines{"statsd_exporter_lines_total", MetricType::kCounter,
                            "StatsD lines received."};
constexpr FamilySpec kSamples{"statsd_exporter_samples_total", MetricType::kCounter,
                              "StatsD samples received."};
constexpr FamilySpec kSampleErrors{"statsd_exporter_sample_errors_total", MetricType::kCounter,
                                   "StatsD samples that could not be read, by what is wrong."};
constexpr FamilySpec kTags{"statsd_exporter_tags_total", MetricType::kCounter,
                           "StatsD samples with tags."};
constexpr FamilySpec kTagErrors{"statsd_exporter_tag_errors_total", MetricType::kCounter,
                                "Tags of StatsD samples that could not be read."};
constexpr FamilySpec kEvents{"statsd_exporter_events_total", MetricType::kCounter,
                             "StatsD samples that were counted, by type."};
constexpr FamilySpec kUnmapped{"statsd_exporter_events_unmapped_total", MetricType::kCounter,
                               "StatsD samples that no mapping fits."};
constexpr FamilySpec kEventErrors{"statsd_exporter_events_error_total", MetricType::kCounter,
                                  "StatsD samples that mean nothing, by why."};
constexpr FamilySpec kConflicts{
    "statsd_exporter_events_conflict_total", MetricType::kCounter,
    "StatsD samples whose name belongs to a metric of another type, or to this host's own."};
constexpr FamilySpec kActions{"statsd_exporter_events_actions_total", MetricType::kCounter,
                              "StatsD samples that a mapping fits, by what it does with them."};
constexpr FamilySpec kMappings{"statsd_exporter_loaded_mappings", MetricType::kGauge,
                               "Mappings in force."};
constexpr FamilySpec kKernelDropped{
    "tocsin_statsd_kernel_dropped_packets_total", MetricType::kCounter,
    "Datagrams that the kernel threw away because the socket's buffer was full."};
constexpr FamilySpec kBuffer{"tocsin_statsd_receive_buffer_bytes", MetricType::kGauge,
                             "Buffer that the kernel gave to the smallest of the sockets."};
constexpr FamilySpec kTcpOpen{"tocsin_statsd_tcp_open_connections", MetricType::kGauge,
                              "TCP connections that are open."};
constexpr FamilySpec kTcpClosed{
    "tocsin_statsd_tcp_closed_connections_total", MetricType::kCounter,
    "TCP connections that were ended because they were idle or past the limit, by why."};
constexpr FamilySpec kIgnored{"tocsin_statsd_ignored_lines_total", MetricType::kCounter,
                              "Lines of DogStatsD that are no metrics, by kind."};
constexpr FamilySpec kDropped{
    "tocsin_statsd_dropped_total", MetricType::kCounter,
    "Samples that would have been a series past max_series or max_bytes."};
constexpr FamilySpec kSeries{"tocsin_statsd_series", MetricType::kGauge,
                             "Series that StatsD clients have made; a histogram is one."};

constexpr std::array kFamilies{
    kUdpPackets,  kUnixPackets,  kTcpConnections, kTcpErrors, kTcpTooLong,    kLines,
    kSamples,     kSampleErrors, kTags,           kTagErrors, kEvents,        kUnmapped,
    kEventErrors, kConflicts,    kActions,        kMappings,  kKernelDropped, kBuffer,
    kTcpOpen,     kTcpClosed,    kIgnored,        kDropped,   kSeries};

/// Series copied at one time while the receiver waits.
constexpr std::size_t kChunk = 64;

struct StatsdSettings {
  statsd::ReceiverOptions receiver;
  statsd::TableLimits limits;
  Mapping mapping;
};

class StatsdCollector final : public Collector {
 public:
  explicit StatsdCollector(StatsdSettings settings)
      : settings_(std::move(settings)),
        shared_(settings_.mapping, settings_.limits, OwnNames(kFamilies)) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    const statsd::ReceiverOptions& listen = settings_.receiver;
    if (listen.udp.empty() && listen.tcp.empty() && listen.unixgram.empty()) {
      return Error{Errc::kUnsupported, "statsd: the configuration names nothing to listen on"};
    }
    if (!receiver_) {
      // Not before: a reload makes the new collector while the old one still has the address.
      TRY_ASSIGN(receiver_, statsd::Receiver::Start(settings_.receiver, shared_));
    }
    receiver_->MoveTo(round.deadline);
    {
      const MutexLock lock(shared_.mutex);
      shared_.table.MoveTo(round.deadline);
    }
    Copy();
    for (const Row& row : rows_) AddSeries(row, out);
    AddOwn(out);
    return Unit{};
  }

 private:
  struct Row {
    const SeriesSpec* spec;
    std::size_t at;  // of its first value
  };

  void Copy() {
    rows_.clear();
    values_.clear();
    for (std::size_t i = 0, end = 1; i < end;) {
      const MutexLock lock(shared_.mutex);
      end = shared_.table.end();
      for (const std::size_t stop = std::min(end, i + kChunk); i < stop; ++i) {
        const std::size_t at = values_.size();
        if (const SeriesSpec* spec = shared_.table.Read(i, values_)) rows_.push_back({spec, at});
      }
      counters_ = shared_.table.counters();
      tcp_ = shared_.tcp;
      series_ = shared_.table.size();
    }
  }

  void AddSeries(const Row& row, FamilySink& out) {
    const SeriesSpec& spec = *row.spec;
    const FamilySpec family{spec.family, spec.type, spec.help};
    labels_.clear();
    for (const LabelView label : spec.labels) labels_.push_back(label);
    const std::span<const double> values = std::span<const double>(values_).subspan(row.at);
    if (spec.type == MetricType::kHistogram) {
      const std::size_t n = spec.observer.bounds.size();
      out.AddHistogram(family, labels_,
                       {spec.observer.bounds, values.first(n), values[n], values[n + 1]});
    } else if (spec.type == MetricType::kSummary) {
      const std::size_t n = spec.observer.quantiles.size();
      out.AddSummary(family, labels_,
                     {spec.observer.quantiles, values.first(n), values[n], values[n + 1]});
    } else {
      out.Add(family, labels_, values[0]);
    }
  }

  void AddOwn(FamilySink& out) const {
    const auto add = [&](const FamilySpec& family, std::uint64_t value) {
      out.Add(family, {}, static_cast<double>(value));
    };
    const auto by = [&](const FamilySpec& family, std::string_view label, std::string_view text,
                        std::uint64_t value) {
      out.Add(family, {{label, text}}, static_cast<double>(value));
    };
    const auto types = [&](const FamilySpec& family, const auto& counts) {
      for (std::size_t i = 0; i < counts.size(); ++i) {
        by(family, "type", EventTypeText(static_cast<statsd::EventType>(i)), counts[i]);
      }
    };
    add(kUdpPackets, counters_.packets[0]);
    add(kUnixPackets, counters_.packets[1]);
    add(kTcpConnections, tcp_.connections);
    add(kTcpErrors, tcp_.errors);
    add(kTcpTooLong, tcp_.too_long);
    add(kLines, counters_.lines);
    add(kSamples, counters_.samples);
    for (std::size_t i = 0; i < statsd::kSampleErrors; ++i) {
      by(kSampleErrors, "reason", SampleErrorText(static_cast<statsd::SampleError>(i)),
         counters_.sample_errors[i]);
    }
    add(kTags, counters_.tags);
    add(kTagErrors, counters_.tag_errors);
    types(kEvents, counters_.events);
    add(kUnmapped, counters_.unmapped);
    for (std::size_t i = 0; i < statsd::kEventErrors; ++i) {
      by(kEventErrors, "reason", EventErrorText(static_cast<statsd::EventError>(i)),
         counters_.event_errors[i]);
    }
    types(kConflicts, counters_.conflicts);
    by(kActions, "action", "map", counters_.mapped);
    by(kActions, "action", "drop", counters_.dropped_by_rule);
    add(kMappings, settings_.mapping.size());
    add(kKernelDropped, receiver_->KernelDrops());
    add(kBuffer, receiver_->ReceiveBufferBytes());
    add(kTcpOpen, tcp_.open);
    by(kTcpClosed, "reason", "idle", tcp_.idle);
    by(kTcpClosed, "reason", "limit", tcp_.over_limit);
    by(kIgnored, "kind", "event", counters_.ignored_events);
    by(kIgnored, "kind", "service_check", counters_.ignored_checks);
    add(kDropped, counters_.dropped_by_limit);
    add(kSeries, series_);
  }

  const StatsdSettings settings_;
  statsd::SharedTable shared_;
  std::unique_ptr<statsd::Receiver> receiver_;
  std::vector<Row> rows_;
  std::vector<double> values_;
  std::vector<LabelView> labels_;
  statsd::TableCounters counters_;
  statsd::TcpCounters tcp_;
  std::size_t series_ = 0;
};

Result<std::vector<std::string>> ReadAddresses(const YamlFile& file, const YamlNode& node) {
  std::vector<std::string> addresses;
  if (node.IsSequence()) {
    TRY_ASSIGN(addresses, YamlStrings(file, node));
  } else {
    TRY_ASSIGN(std::string address, YamlString(file, node));
    if (!address.empty()) addresses.push_back(std::move(address));
  }
  for (const std::string& address : addresses) {
    if (const Status good = statsd::CheckAddress(address); !good) {
      return file.At(node, good.error().message());
    }
  }
  return addresses;
}

Result<std::uint32_t> ReadMode(const YamlFile& file, const YamlNode& node) {
  const auto mode = ParseInt<std::uint32_t>(node.scalar, 8);
  if (!mode || *mode > 0777) return file.At(node, "expected an octal mode: 0722");
  return *mode;
}

Result<Mapping> ReadMapping(YamlFields& fields) {
  const YamlNode* const path = fields.Find("mapping_config");
  const YamlNode* const own = fields.Find("mapping");
  const YamlFile& file = fields.file();
  if (path && own) return file.At(*own, "expected either mapping or mapping_config");
  if (own) return Mapping::Read(file, *own);
  if (!path) return Mapping();
  TRY_ASSIGN(const std::string name, YamlString(file, *path));
  auto read = ReadYamlFileOf(file, outgoing::ResolvePath(file, name));
  if (!read) return file.At(*path, read.error().message());
  return Mapping::Read(*read, *read->root);
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields fields(deps.file, deps.settings, "collector statsd");
  StatsdSettings settings;
  TRY_ASSIGN(settings.receiver.udp,
             fields.Read("listen_udp", ReadAddresses, std::vector<std::string>{}));
  TRY_ASSIGN(settings.receiver.tcp,
             fields.Read("listen_tcp", ReadAddresses, std::vector<std::string>{}));
  TRY_ASSIGN(settings.receiver.tcp_limits.connections,
             fields.ReadCount("tcp_max_connections", 256, {1, 10'000}));
  TRY_ASSIGN(settings.receiver.tcp_limits.idle,
             fields.Read("tcp_idle_timeout", YamlDuration, settings.receiver.tcp_limits.idle));
  if (settings.receiver.tcp_limits.idle < seconds(1)) {
    return deps.file.At(deps.settings, "tcp_idle_timeout: expected at least 1s");
  }
  TRY_ASSIGN(settings.receiver.unixgram, fields.Read("listen_unixgram", YamlString, ""));
  TRY_ASSIGN(settings.receiver.unixgram_mode,
             fields.Read("unix_socket_mode", ReadMode, settings.receiver.unixgram_mode));
  TRY_ASSIGN(const std::uint64_t buffer,
             fields.Read("read_buffer", YamlBytes, settings.receiver.receive_buffer));
  settings.receiver.receive_buffer = buffer;
  TRY_ASSIGN(settings.limits.max_series, fields.ReadCount("max_series", 2'000, {1, 1'000'000}));
  TRY_ASSIGN(const std::uint64_t max_bytes,
             fields.Read("max_bytes", YamlBytes, settings.limits.max_bytes));
  settings.limits.max_bytes = max_bytes;
  TRY_ASSIGN(settings.limits.set_interval,
             fields.Read("set_interval", YamlDuration, settings.limits.set_interval));
  TRY_ASSIGN(settings.mapping, ReadMapping(fields));
  TRY(fields.Finish());
  return std::unique_ptr<Collector>(std::make_unique<StatsdCollector>(std::move(settings)));
}

std::vector<std::string> SettingsFiles(const YamlFile& file, const YamlNode& own) {
  const YamlNode* const path = own.Find("mapping_config");
  if (!path || !path->IsScalar()) return {};
  return {outgoing::ResolvePath(file, path->scalar)};
}

}  // namespace

extern const CatalogEntry kStatsdCollector{
    .name = "statsd",
    .room = "response",
    .on_by_default = false,
    .interval = seconds(1),
    .help =
        "What programs send by StatsD and DogStatsD, over UDP, TCP and unix sockets; and the "
        "reception itself.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
    .settings_files = &SettingsFiles,
};

}  // namespace tocsin
