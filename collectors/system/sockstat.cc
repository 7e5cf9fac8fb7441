#include <algorithm>
#include <array>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr FamilySpec kUsed{"node_sockstat_sockets_used", MetricType::kGauge,
                           "Number of IPv4 sockets in use."};

/// What the kernel counts per protocol and node_exporter names.
constexpr std::array<std::string_view, 6> kStates{"inuse", "orphan", "tw",
                                                  "alloc", "mem",    "memory"};

HostFamily MakeFamily(std::string_view protocol, std::string_view state) {
  HostFamily family{"node_sockstat_", "Number of ", MetricType::kGauge};
  family.name.append(protocol).append("_").append(state);
  family.help.append(protocol).append(" sockets in state ").append(state).append(".");
  return family;
}

/// The rows of one protocol: its states in the order of the file, and what mem is in bytes.
struct Protocol {
  RowCache<HostFamily> states;
  HostFamily mem_bytes;
};

class SockstatFile {
 public:
  SockstatFile(const HostFs& fs, std::string_view path)
      : name_(path),
        page_bytes_(static_cast<double>(fs.PageBytes())),
        file_(fs.File(fs.ProcPath(path))) {}

  /// False if this kernel lacks the protocol family.
  Result<bool> Collect(FamilySink& out) {
    const auto read = file_->Read();
    if (!read) {
      if (read.error().code() == Errc::kNotFound) return false;
      return read.error();
    }
    std::string_view text = *read;
    for (std::size_t row = 0; !text.empty();) {
      std::string_view line = TakeLine(text);
      std::string_view name = TakeField(line);
      if (!name.ends_with(':')) return MalformedText(name_, "a protocol and a colon", name);
      name.remove_suffix(1);
      if (name == "sockets") {
        TRY(AddUsed(line, out));
        continue;
      }
      Protocol& protocol = protocols_.At(row++, name, [](std::string_view made_for) {
        return Protocol{{}, MakeFamily(made_for, "mem_bytes")};
      });
      TRY(AddProtocol(name, protocol, line, out));
    }
    return true;
  }

 private:
  Status AddUsed(std::string_view line, FamilySink& out) const {
    TakeField(line);  // "used"
    const std::string_view field = TakeField(line);
    const auto used = ParseInt<std::int64_t>(field);
    if (!used) return MalformedText(name_, "the number of sockets used", field);
    out.Add(kUsed, {}, static_cast<double>(*used));
    return Unit{};
  }

  Status AddProtocol(std::string_view name, Protocol& protocol, std::string_view line,
                     FamilySink& out) const {
    for (std::size_t row = 0;;) {
      const std::string_view state = TakeField(line);
      if (state.empty()) return Unit{};
      const std::string_view field = TakeField(line);
      const auto value = ParseInt<std::int64_t>(field);
      if (!value) return MalformedText(name_, "a number after each state", field);
      if (std::find(kStates.begin(), kStates.end(), state) == kStates.end()) continue;
      const HostFamily& family = protocol.states.At(
          row++, state, [&](std::string_view) { return MakeFamily(name, state); });
      out.Add(family.spec(), {}, static_cast<double>(*value));
      if (state == "mem") {
        out.Add(protocol.mem_bytes.spec(), {}, static_cast<double>(*value) * page_bytes_);
      }
    }
  }

  const std::string_view name_;
  const double page_bytes_;
  std::unique_ptr<HostFile> file_;
  RowCache<Protocol> protocols_;
};

class SockstatCollector final : public Collector {
 public:
  explicit SockstatCollector(const HostFs& fs)
      : ipv4_(fs, "net/sockstat"), ipv6_(fs, "net/sockstat6") {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    TRY_ASSIGN(const bool has_ipv4, ipv4_.Collect(out));
    TRY_ASSIGN(const bool has_ipv6, ipv6_.Collect(out));
    if (!has_ipv4 && !has_ipv6) {
      return Error{Errc::kUnsupported, "neither net/sockstat nor net/sockstat6 exists"};
    }
    return Unit{};
  }

 private:
  SockstatFile ipv4_;
  SockstatFile ipv6_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<SockstatCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kSockstatCollector{
    .name = "sockstat",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "Sockets by protocol and state, from /proc/net/sockstat and /proc/net/sockstat6.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
