#include <array>
#include <string>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

/// A key of /proc/drbd with a number.
struct Number {
  std::string_view key;
  FamilySpec family;
  double factor;
};
constexpr std::array<Number, 12> kNumbers{{
    {"ns",
     {"node_drbd_network_sent_bytes_total", MetricType::kCounter,
      "Total number of bytes sent via the network."},
     1024},
    // In kilobytes like "ns", but this is how the name has been exported since ever.
    {"nr",
     {"node_drbd_network_received_bytes_total", MetricType::kCounter,
      "Total number of bytes received via the network."},
     1},
    {"dw",
     {"node_drbd_disk_written_bytes_total", MetricType::kCounter,
      "Net data written on local hard disk; in bytes."},
     1024},
    {"dr",
     {"node_drbd_disk_read_bytes_total", MetricType::kCounter,
      "Net data read from local hard disk; in bytes."},
     1024},
    {"al",
     {"node_drbd_activitylog_writes_total", MetricType::kCounter,
      "Number of updates of the activity log area of the meta data."},
     1},
    {"bm",
     {"node_drbd_bitmap_writes_total", MetricType::kCounter,
      "Number of updates of the bitmap area of the meta data."},
     1},
    {"lo",
     {"node_drbd_local_pending", MetricType::kGauge,
      "Number of open requests to the local I/O sub-system."},
     1},
    {"pe",
     {"node_drbd_remote_pending", MetricType::kGauge,
      "Number of requests sent to the peer, but that have not yet been answered by the latter."},
     1},
    {"ua",
     {"node_drbd_remote_unacknowledged", MetricType::kGauge,
      "Number of requests received by the peer via the network connection, but that have not yet "
      "been answered."},
     1},
    {"ap",
     {"node_drbd_application_pending", MetricType::kGauge,
      "Number of block I/O requests forwarded to DRBD, but not yet answered by DRBD."},
     1},
    {"ep", {"node_drbd_epochs", MetricType::kGauge, "Number of Epochs currently on the fly."}, 1},
    {"oos",
     {"node_drbd_out_of_sync_bytes", MetricType::kGauge,
      "Amount of data known to be out of sync; in bytes."},
     1024},
}};

/// A key with a state of this node and one of its peer ("Primary/Secondary").
struct Pair {
  std::string_view key;
  FamilySpec family;
  std::string_view good;
};
constexpr std::array<Pair, 2> kPairs{{
    {"ro",
     {"node_drbd_node_role_is_primary", MetricType::kGauge,
      "Whether the role of the node is in the primary state."},
     "Primary"},
    {"ds",
     {"node_drbd_disk_state_is_up_to_date", MetricType::kGauge,
      "Whether the disk of the node is up to date."},
     "UpToDate"},
}};

constexpr FamilySpec kConnected{"node_drbd_connected", MetricType::kGauge,
                                "Whether DRBD is connected to the peer."};

constexpr auto kFamilies = [] {
  std::array<FamilySpec, kNumbers.size() + kPairs.size() + 1> families{};
  std::size_t i = 0;
  for (const Number& number : kNumbers) families[i++] = number.family;
  for (const Pair& pair : kPairs) families[i++] = pair.family;
  families[i] = kConnected;
  return families;
}();

class DrbdCollector final : public Collector {
 public:
  explicit DrbdCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("drbd"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    std::string_view text = *read;
    device_ = "unknown";
    for (auto field = TakeField(text); !field.empty(); field = TakeField(text)) {
      const auto colon = field.find(':');
      if (colon == std::string_view::npos || field.find(':', colon + 1) != std::string_view::npos)
        continue;
      TRY(AddField(field.substr(0, colon), field.substr(colon + 1), out));
    }
    return Unit{};
  }

 private:
  Status AddField(std::string_view key, std::string_view value, FamilySink& out) {
    if (value.empty() && ParseInt<std::uint32_t>(key)) {
      device_ = "drbd";
      device_ += key;
      return Unit{};
    }
    for (const Number& number : kNumbers) {
      if (number.key != key) continue;
      const auto count = ParseDouble(value);
      if (!count) return MalformedText("drbd", "a number", value);
      out.Add(number.family, {{"device", device_}}, *count * number.factor);
    }
    for (const Pair& pair : kPairs) {
      if (pair.key != key) continue;
      const auto slash = value.find('/');
      if (slash == std::string_view::npos) return MalformedText("drbd", "two states", value);
      const auto is_good = [&](std::string_view state) { return state == pair.good ? 1.0 : 0.0; };
      out.Add(pair.family, {{"device", device_}, {"node", "local"}},
              is_good(value.substr(0, slash)));
      out.Add(pair.family, {{"device", device_}, {"node", "remote"}},
              is_good(value.substr(slash + 1)));
    }
    if (key == "cs") out.Add(kConnected, {{"device", device_}}, value == "Connected" ? 1 : 0);
    return Unit{};
  }

  std::unique_ptr<HostFile> file_;
  std::string device_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<DrbdCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kDrbdCollector{
    .name = "drbd",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(5),
    .help = "State and traffic of DRBD 8 devices, from /proc/drbd.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
