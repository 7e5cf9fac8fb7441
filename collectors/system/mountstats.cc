#include <array>
#include <span>
#include <string>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/seen_set.h"
#include "collectors/source.h"
#include "collectors/system/mountstats_families.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

using namespace mountstats;

constexpr auto kFamilies = [] {
  std::array<FamilySpec,
             1 + kBytes.size() + kEvents.size() - 1 + kTransport.size() - 3 + kOperations.size()>
      families{kAge};
  std::size_t i = 1;
  const auto add = [&](const auto& table) {
    for (const FamilySpec& family : table) {
      if (!family.name.empty()) families[i++] = family;
    }
  };
  add(kBytes);
  add(kEvents);
  add(kTransport);
  add(kOperations);
  return families;
}();

/// Times that the kernel counts below zero wrap around to near 2^64; node_exporter shows them
/// modulo 2^53, the integers that a float holds.
constexpr std::uint64_t kFloatIntegers = std::uint64_t{1} << 53;

/// The values of one mount.
struct Mount {
  std::string_view device;
  std::string_view type;
  std::string_view protocol;
  std::string_view address;
  double age_seconds = 0;
  std::array<std::uint64_t, kBytes.size()> bytes{};
  std::array<std::uint64_t, kEvents.size()> events{};
  std::array<std::uint64_t, kTransport.size()> transport{};
  std::string_view operations;  // the lines after "per-op statistics"
};

/// Reads as many numbers as `values` has. Fewer are an error; what newer kernels add is left out.
template <std::size_t kSize>
Status ReadNumbers(std::string_view line, std::string_view what,
                   std::array<std::uint64_t, kSize>& values, std::size_t from = 0) {
  for (std::size_t i = from; i < kSize; ++i) {
    const std::string_view field = TakeField(line);
    const auto value = ParseInt<std::uint64_t>(field);
    if (!value)
      return MalformedText("mountstats", "more numbers after " + std::string(what), field);
    values[i] = *value;
  }
  return Unit{};
}

/// "tcp 832 0 1 0 11 …"; udp has no connections and lacks the three numbers about them.
Status ReadTransport(std::string_view line, Mount& mount) {
  constexpr std::size_t kBeforeConnections = 2;
  constexpr std::size_t kAfterConnections = 5;
  mount.protocol = TakeField(line);
  if (mount.protocol != "udp") return ReadNumbers(line, "xprt:", mount.transport);
  for (std::size_t i = 0; i < kBeforeConnections; ++i) {
    mount.transport[i] = ParseInt<std::uint64_t>(TakeField(line)).value_or(0);
  }
  return ReadNumbers(line, "xprt: udp", mount.transport, kAfterConnections);
}

/// The option addr= of a line of mountinfo, whose last field is "rw,vers=4.0,addr=192.0.2.1".
std::string_view AddressOf(std::string_view line) {
  constexpr std::string_view kName = "addr=";
  std::string_view options = line.substr(line.rfind(' ') + 1);
  while (!options.empty()) {
    const auto comma = options.find(',');
    const std::string_view option = options.substr(0, comma);
    if (option.starts_with(kName)) return option.substr(kName.size());
    if (comma == std::string_view::npos) break;
    options.remove_prefix(comma + 1);
  }
  return {};
}

/// "device 192.0.2.1:/srv mounted on /mnt with fstype nfs4 statvers=1.1"; false if it has no
/// statistics.
bool ParseHeading(std::string_view line, Mount& mount) {
  std::array<std::string_view, 9> fields;
  for (std::string_view& field : fields) field = TakeField(line);
  if (fields[8].empty()) return false;
  mount = {};
  mount.device = fields[1];
  mount.type = fields[7];
  return mount.type == "nfs" || mount.type == "nfs4";
}

class MountstatsCollector final : public Collector {
 public:
  explicit MountstatsCollector(const HostFs& fs)
      : file_(fs.File(fs.ProcPath("self/mountstats"))),
        mountinfo_(fs.File(fs.ProcPath("self/mountinfo"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    const auto mounts = mountinfo_->Read();
    if (!mounts) return AbsentIsFailure(mounts.error());
    seen_.Clear();
    std::string_view text = *read;
    std::string_view mountinfo = *mounts;
    Mount mount;
    while (!text.empty()) {
      const std::string_view line = TakeLine(text);
      if (!line.starts_with("device ")) continue;
      // Both files list the same mounts in the same order.
      const std::string_view info = TakeLine(mountinfo);
      if (!ParseHeading(line, mount)) continue;
      mount.address = AddressOf(info);
      TRY(ReadMount(text, mount));
      // One server and export may be mounted in several places, with the same numbers.
      key_.assign(mount.device).append("\n").append(mount.protocol).append("\n");
      key_.append(mount.address);
      if (seen_.Insert(key_)) TRY(AddMount(mount, out));
    }
    return Unit{};
  }

 private:
  /// Takes the lines of one mount off `text`, up to the empty one after them.
  static Status ReadMount(std::string_view& text, Mount& mount) {
    while (!text.empty()) {
      std::string_view line = TakeLine(text);
      const std::string_view key = TakeField(line);
      if (key.empty()) return Unit{};
      if (key == "per-op") {
        const auto end = text.find("\n\n");
        mount.operations = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
      } else if (key == "age:") {
        mount.age_seconds = ParseDouble(TakeField(line)).value_or(0);
      } else if (key == "bytes:") {
        TRY(ReadNumbers(line, key, mount.bytes));
      } else if (key == "events:") {
        TRY(ReadNumbers(line, key, mount.events));
      } else if (key == "xprt:") {
        TRY(ReadTransport(line, mount));
      }
    }
    return Unit{};
  }

  static Status AddMount(const Mount& mount, FamilySink& out) {
    const std::array<LabelView, 3> labels{
        {{"export", mount.device}, {"mountaddr", mount.address}, {"protocol", mount.protocol}}};
    out.Add(kAge, labels, mount.age_seconds);
    AddTable(kBytes, mount.bytes, labels, out);
    AddTable(kTransport, mount.transport, labels, out);
    std::string_view operations = mount.operations;
    while (!operations.empty()) TRY(AddOperation(mount, TakeLine(operations), out));
    AddTable(kEvents, mount.events, labels, out);
    return Unit{};
  }

  template <std::size_t kSize>
  static void AddTable(const std::array<FamilySpec, kSize>& families,
                       const std::array<std::uint64_t, kSize>& values,
                       std::span<const LabelView> labels, FamilySink& out) {
    for (std::size_t i = 0; i < kSize; ++i) {
      if (families[i].name.empty()) continue;
      const bool time = &families[i] == &kTransport[4];
      const std::uint64_t value = time ? values[i] % kFloatIntegers : values[i];
      out.Add(families[i], labels, static_cast<double>(value));
    }
  }

  /// "READ: 1298 1298 0 207680 1210292152 6 79386 79407".
  static Status AddOperation(const Mount& mount, std::string_view line, FamilySink& out) {
    std::string_view name = TakeField(line);
    if (name.empty()) return Unit{};
    if (name.ends_with(':')) name.remove_suffix(1);
    std::array<std::uint64_t, kOperations.size()> values{};
    TRY(ReadNumbers(line, name, values));
    const std::array<LabelView, 4> labels{{{"export", mount.device},
                                           {"mountaddr", mount.address},
                                           {"operation", name},
                                           {"protocol", mount.protocol}}};
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool time = i >= values.size() - kOperationTimes;
      const double value = time ? static_cast<double>(values[i] % kFloatIntegers) / 1000.0
                                : static_cast<double>(values[i]);
      out.Add(kOperations[i], labels, value);
    }
    return Unit{};
  }

  std::unique_ptr<HostFile> file_;
  std::unique_ptr<HostFile> mountinfo_;
  SeenSet seen_;
  std::string key_;  // kept for its memory
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<MountstatsCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kMountstatsCollector{
    .name = "mountstats",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(5),
    .help = "Statistics of each NFS mount, from /proc/self/mountstats.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
