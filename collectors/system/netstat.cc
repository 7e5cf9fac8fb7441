#include <array>
#include <optional>
#include <vector>

#include "base/parse.h"
#include "collectors/filter.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::string_view kDefaultFields =
    "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|"
    "TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts)|Tcp_(ActiveOpens|InSegs|OutSegs|"
    "OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|"
    "RcvbufErrors|SndbufErrors))$";

constexpr std::array<CollectorFlag, 1> kFlags{{
    {"netstat.fields", "fields", "Regexp of fields to return for netstat collector.",
     kDefaultFields},
}};

std::optional<HostFamily> FamilyOf(const NameFilter& fields, std::string_view protocol,
                                   std::string_view name) {
  std::string key(protocol);
  key.append("_").append(name);
  if (!fields.Keeps(key)) return std::nullopt;
  HostFamily family{"node_netstat_" + key, "Statistic ", MetricType::kUnknown};
  family.help.append(protocol).append(name).append(".");
  return family;
}

Status AddValue(const HostFamily& family, std::string_view field, FamilySink& out) {
  const auto value = ParseDouble(field);
  if (!value) return MalformedText("netstat", "a number for " + family.name, field);
  out.Add(family.spec(), {}, *value);
  return Unit{};
}

/// A field that is exported and the column it stands in.
struct Column {
  std::size_t index;
  HostFamily family;
};

/// The columns kept of one line of names.
struct Names {
  std::vector<Column> kept;
  std::size_t count = 0;
};

/// /proc/net/netstat and /proc/net/snmp: a line "Proto: name name …", then "Proto: number number
/// …".
class PairedFile {
 public:
  PairedFile(const HostFs& fs, std::string_view path, const NameFilter& fields)
      : path_(path), file_(fs.File(fs.ProcPath(path))), fields_(fields) {}

  Status Collect(FamilySink& out) {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    std::string_view text = *read;
    for (std::size_t row = 0; !text.empty(); ++row) {
      const std::string_view names_line = TakeLine(text);
      const std::string_view values_line = TakeLine(text);
      const Names& names =
          rows_.At(row, names_line, [this](std::string_view l) { return Parse(l); });
      TRY(AddValues(names_line, names, values_line, out));
    }
    return Unit{};
  }

 private:
  Names Parse(std::string_view line) const {
    Names names;
    const std::string_view protocol = ProtocolOf(line);
    TakeField(line);
    for (std::string_view name = TakeField(line); !name.empty(); name = TakeField(line)) {
      if (auto family = FamilyOf(fields_, protocol, name)) {
        names.kept.push_back({names.count, *std::move(family)});
      }
      ++names.count;
    }
    return names;
  }

  static std::string_view ProtocolOf(std::string_view line) {
    return line.substr(0, line.find(':'));
  }

  Status AddValues(std::string_view names_line, const Names& names, std::string_view line,
                   FamilySink& out) const {
    if (ProtocolOf(line) != ProtocolOf(names_line)) {
      return MalformedText(path_, "the values of " + std::string(ProtocolOf(names_line)), line);
    }
    TakeField(line);
    std::size_t index = 0;
    auto next = names.kept.begin();
    for (std::string_view field = TakeField(line); !field.empty(); field = TakeField(line)) {
      if (next != names.kept.end() && next->index == index) {
        TRY(AddValue(next->family, field, out));
        ++next;
      }
      ++index;
    }
    if (index != names.count) {
      return Error{Errc::kMalformed, std::string(path_) + ": " +
                                         std::string(ProtocolOf(names_line)) + " has " +
                                         std::to_string(names.count) + " names and " +
                                         std::to_string(index) + " values"};
    }
    return Unit{};
  }

  const std::string_view path_;
  std::unique_ptr<HostFile> file_;
  const NameFilter& fields_;
  RowCache<Names> rows_;
};

/// /proc/net/snmp6: lines "Ip6InReceives 12", the protocol ending with its 6.
class Snmp6File {
 public:
  Snmp6File(const HostFs& fs, const NameFilter& fields)
      : file_(fs.File(fs.ProcPath("net/snmp6"))), fields_(fields) {}

  Status Collect(FamilySink& out) {
    const auto read = file_->Read();
    if (!read) {
      if (read.error().code() == Errc::kNotFound) return Unit{};  // IPv6 is off
      return read.error();
    }
    std::string_view text = *read;
    for (std::size_t row = 0; !text.empty(); ++row) {
      std::string_view line = TakeLine(text);
      const std::string_view key = TakeField(line);
      const auto& family = rows_.At(row, key, [this](std::string_view k) {
        const auto six = k.find('6');
        return six == std::string_view::npos
                   ? std::nullopt
                   : FamilyOf(fields_, k.substr(0, six + 1), k.substr(six + 1));
      });
      if (family) TRY(AddValue(*family, TakeField(line), out));
    }
    return Unit{};
  }

 private:
  std::unique_ptr<HostFile> file_;
  const NameFilter& fields_;
  RowCache<std::optional<HostFamily>> rows_;
};

class NetstatCollector final : public Collector {
 public:
  NetstatCollector(const HostFs& fs, NameFilter fields)
      : fields_(std::move(fields)),
        netstat_(fs, "net/netstat", fields_),
        snmp_(fs, "net/snmp", fields_),
        snmp6_(fs, fields_) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    TRY(netstat_.Collect(out));
    TRY(snmp_.Collect(out));
    return snmp6_.Collect(out);
  }

 private:
  const NameFilter fields_;
  PairedFile netstat_;
  PairedFile snmp_;
  Snmp6File snmp6_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector netstat");
  TRY_ASSIGN(NameFilter fields,
             ReadNameFilter(settings, {.include = "fields", .default_include = kDefaultFields}));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(std::make_unique<NetstatCollector>(deps.fs, std::move(fields)));
}

}  // namespace

extern const CatalogEntry kNetstatCollector{
    .name = "netstat",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "Counters of IP, ICMP, TCP and UDP, from /proc/net/netstat, snmp and snmp6.",
    .families = {},
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
