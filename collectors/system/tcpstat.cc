#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include <array>

#include "collectors/host_fs.h"
#include "collectors/netlink.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 1> kFamilies{{
    {"node_tcp_connection_states", MetricType::kGauge, "Number of connection states."},
}};

/// By the kernel's number of the state, from 1 (include/net/tcp_states.h).
constexpr std::array<std::string_view, 11> kStates{
    "established", "syn_sent",   "syn_recv", "fin_wait1", "fin_wait2", "time_wait",
    "close",       "close_wait", "last_ack", "listen",    "closing"};

struct Totals {
  std::array<std::uint64_t, kStates.size()> by_state{};
  std::uint64_t unknown = 0;
  std::uint64_t sockets = 0;
  std::uint64_t rx_bytes = 0;
  std::uint64_t tx_bytes = 0;
};

class TcpstatCollector final : public Collector {
 public:
  explicit TcpstatCollector(const HostFs& fs)
      : socket_(fs.Netlink(NETLINK_SOCK_DIAG)), tcp6_(fs.ProcPath("net/tcp6")), fs_(fs) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    Totals totals;
    if (Status status = Count(AF_INET, totals); !status) {
      return AbsentIsUnsupported(std::move(status).error());
    }
    if (fs_.Exists(tcp6_)) TRY(Count(AF_INET6, totals));
    for (std::size_t i = 0; i < kStates.size(); ++i) Add(kStates[i], totals.by_state[i], out);
    Add("unknown", totals.unknown, out);
    if (totals.sockets == 0) return Unit{};
    out.Add(kFamilies[0], {{"state", "rx_queued_bytes"}}, static_cast<double>(totals.rx_bytes));
    out.Add(kFamilies[0], {{"state", "tx_queued_bytes"}}, static_cast<double>(totals.tx_bytes));
    return Unit{};
  }

 private:
  static void Add(std::string_view state, std::uint64_t count, FamilySink& out) {
    if (count > 0) out.Add(kFamilies[0], {{"state", state}}, static_cast<double>(count));
  }

  /// Adds up the sockets of one address family.
  Status Count(std::uint8_t family, Totals& totals) {
    inet_diag_req_v2 request{};
    request.sdiag_family = family;
    request.sdiag_protocol = IPPROTO_TCP;
    request.idiag_states = ~0u;
    const NetlinkPayload payload(request);
    const NetlinkRequest all{SOCK_DIAG_BY_FAMILY, NetlinkRequest::Kind::kDump, payload.bytes()};
    return ForEachMessage(*socket_, all, [&](const NetlinkMessage& message) {
      std::string_view rest = message.payload;
      const auto socket = TakeHeader<inet_diag_msg>(rest);
      if (message.type != SOCK_DIAG_BY_FAMILY || !socket) return;
      const std::size_t state = socket->idiag_state;
      ++(state >= 1 && state <= kStates.size() ? totals.by_state[state - 1] : totals.unknown);
      ++totals.sockets;
      totals.rx_bytes += socket->idiag_rqueue;
      totals.tx_bytes += socket->idiag_wqueue;
    });
  }

  std::unique_ptr<NetlinkSocket> socket_;
  const std::string tcp6_;
  const HostFs& fs_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<TcpstatCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kTcpstatCollector{
    .name = "tcpstat",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "TCP sockets by state and the bytes they have queued, from sock_diag(7).",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
