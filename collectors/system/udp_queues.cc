#include <array>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 1> kFamilies{{
    {"node_udp_queues", MetricType::kGauge,
     "Number of allocated memory in the kernel for UDP datagrams in bytes."},
}};

struct Queues {
  std::uint64_t tx = 0;
  std::uint64_t rx = 0;
};

/// The sum over all sockets of a file like /proc/net/udp. The fifth field is "tx:rx", hexadecimal.
Result<Queues> SumQueues(std::string_view text) {
  constexpr int kFieldsBefore = 4;
  Queues sum;
  TakeLine(text);  // headings
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    for (int i = 0; i < kFieldsBefore; ++i) TakeField(line);
    const std::string_view field = TakeField(line);
    const auto colon = field.find(':');
    if (colon == std::string_view::npos) return MalformedText("udp", "tx:rx in column 5", field);
    const auto tx = ParseInt<std::uint64_t>(field.substr(0, colon), 16);
    const auto rx = ParseInt<std::uint64_t>(field.substr(colon + 1), 16);
    if (!tx || !rx) return MalformedText("udp", "tx:rx in column 5", field);
    sum.tx += *tx;
    sum.rx += *rx;
  }
  return sum;
}

class UdpQueuesCollector final : public Collector {
 public:
  explicit UdpQueuesCollector(const HostFs& fs)
      : v4_(fs.File(fs.ProcPath("net/udp"))), v6_(fs.File(fs.ProcPath("net/udp6"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    TRY_ASSIGN(const bool has_v4, Add(*v4_, "v4", out));
    TRY_ASSIGN(const bool has_v6, Add(*v6_, "v6", out));
    if (!has_v4 && !has_v6) {
      return Error{Errc::kUnsupported, "neither net/udp nor net/udp6 exists"};
    }
    return Unit{};
  }

 private:
  static Result<bool> Add(HostFile& file, std::string_view ip, FamilySink& out) {
    const auto text = file.Read();
    if (!text) {
      if (text.error().code() == Errc::kNotFound) return false;
      return text.error();
    }
    TRY_ASSIGN(const Queues queues, SumQueues(*text));
    out.Add(kFamilies[0], {{"ip", ip}, {"queue", "tx"}}, static_cast<double>(queues.tx));
    out.Add(kFamilies[0], {{"ip", ip}, {"queue", "rx"}}, static_cast<double>(queues.rx));
    return true;
  }

  std::unique_ptr<HostFile> v4_;
  std::unique_ptr<HostFile> v6_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<UdpQueuesCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kUdpQueuesCollector{
    .name = "udp_queues",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),  // the kernel walks every UDP socket
    .help = "Bytes waiting in the queues of all UDP sockets, from /proc/net/udp and udp6.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
