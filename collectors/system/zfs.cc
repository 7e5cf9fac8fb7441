#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/parse.h"
#include "collectors/device_dir.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/small_file.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::string_view kBase = "spl/kstat/zfs";

/// A file of statistics of the whole module, and what its metrics are called after.
struct Subsystem {
  std::string_view prefix;
  std::string_view file;
  std::string_view renamed = {};  // what newer versions of ZFS call the file
};

constexpr std::array<Subsystem, 11> kSubsystems{{
    {"node_zfs_abd_", "abdstats"},
    {"node_zfs_arc_", "arcstats"},
    {"node_zfs_dbuf_", "dbuf_stats", "dbufstats"},
    {"node_zfs_dmu_tx_", "dmu_tx"},
    {"node_zfs_dnode_", "dnodestats"},
    {"node_zfs_fm_", "fm"},
    {"node_zfs_vdev_cache_", "vdev_cache_stats"},
    {"node_zfs_vdev_mirror_", "vdev_mirror_stats"},
    {"node_zfs_xuio_", "xuio_stats"},
    {"node_zfs_zfetch_", "zfetchstats"},
    {"node_zfs_zil_", "zil"},
}};

constexpr FamilySpec kPoolState{"node_zfs_zpool_state", MetricType::kGauge, "kstat.zfs.misc.state"};
constexpr std::array<std::string_view, 6> kPoolStates{"online",  "degraded", "faulted",
                                                      "offline", "removed",  "unavail"};

/// The kinds of data of a kstat (sys/kstat.h) that are counted; the others are texts.
constexpr std::string_view kUint64 = "4";

HostFamily MakeFamily(std::string_view prefix, std::string_view kstat, std::string_view field) {
  HostFamily family{std::string(prefix), "kstat.zfs.misc.", MetricType::kUnknown};
  family.name.append(field);
  for (char& c : family.name) c = c == '-' ? '_' : c;
  family.help.append(kstat).append(".").append(field);
  return family;
}

/// Calls `visit(name, type, data)` for each line after the heading "name type data". Errors: those
/// of `visit`, kMalformed if there is no heading.
template <class Visit>
Status ForEachStat(std::string_view what, std::string_view text, Visit&& visit) {
  bool started = false;
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    const std::string_view name = TakeField(line);
    const std::string_view type = TakeField(line);
    const std::string_view data = TakeField(line);
    if (!started) {
      started = name == "name" && type == "type" && data == "data";
    } else if (!data.empty()) {
      TRY(visit(name, type, data));
    }
  }
  if (!started) return MalformedText(what, "a line \"name type data\"", {});
  return Unit{};
}

/// One file of kSubsystems.
class SubsystemFile {
 public:
  SubsystemFile(const HostFs& fs, const Subsystem& subsystem)
      : subsystem_(subsystem),
        path_(PathOf(fs, subsystem.file)),
        renamed_path_(subsystem.renamed.empty() ? "" : PathOf(fs, subsystem.renamed)) {}

  Status Collect(SmallFiles& files, FamilySink& out) {
    RawRead read = files.Read(path_);
    if (!read && !renamed_path_.empty()) read = files.Read(renamed_path_);
    if (!read) return Unit{};  // this version of ZFS does not have it
    std::size_t row = 0;
    return ForEachStat(
        subsystem_.file, read.text,
        [&](std::string_view name, std::string_view type, std::string_view data) -> Status {
          if (type != kUint64) return Unit{};
          const HostFamily& family = families_.At(row++, name, [this](std::string_view field) {
            return MakeFamily(subsystem_.prefix, subsystem_.file, field);
          });
          const auto value = ParseInt<std::uint64_t>(data);
          if (!value) return MalformedText(subsystem_.file, "a number", data);
          out.Add(family.spec(), {}, static_cast<double>(*value));
          return Unit{};
        });
  }

 private:
  static std::string PathOf(const HostFs& fs, std::string_view file) {
    return fs.ProcPath(std::string(kBase) + "/" + std::string(file));
  }

  const Subsystem& subsystem_;
  const std::string path_;
  const std::string renamed_path_;  // empty if it has only one name
  RowCache<HostFamily> families_;
};

/// What is kept of a directory entry; without `path` it is no pool.
struct Pool {
  std::string path;
  std::unique_ptr<HostDir> entries;
  RowCache<std::string> datasets;  // the paths of the files objset-*
};

class ZfsCollector final : public Collector {
 public:
  explicit ZfsCollector(const HostFs& fs) : fs_(fs), files_(fs), pools_(fs, fs.ProcPath(kBase)) {
    for (const Subsystem& subsystem : kSubsystems) subsystems_.emplace_back(fs, subsystem);
  }

  Status Collect(const RoundContext&, FamilySink& out) override {
    const Status status = pools_.ForEach(
        [this](std::string_view, const std::string& path) {
          if (!fs_.List(path)) return Pool{};
          return Pool{path, fs_.Dir(path), {}};
        },
        [&](std::string_view name, Pool& pool) -> Status {
          return pool.path.empty() ? Status(Unit{}) : AddPool(name, pool, out);
        });
    if (!status) return AbsentIsUnsupported(status.error());
    for (SubsystemFile& subsystem : subsystems_) TRY(subsystem.Collect(files_, out));
    return Unit{};
  }

 private:
  /// A pool that is exported loses its files while they are read: what is missing is left out.
  Status AddPool(std::string_view name, Pool& pool, FamilySink& out) {
    const auto entries = pool.entries->List();
    if (!entries) return Unit{};
    std::size_t dataset = 0;
    for (const std::string_view entry : *entries) {
      if (entry == "io") {
        TRY(AddIo(name, pool, out));
      } else if (entry == "state") {
        AddState(name, pool, out);
      } else if (entry.starts_with("objset-")) {
        const std::string& path = pool.datasets.At(
            dataset++, entry, [&](std::string_view file) { return pool.path + std::string(file); });
        TRY(AddDataset(name, path, out));
      }
    }
    return Unit{};
  }

  /// A line of names, then a line of numbers.
  Status AddIo(std::string_view pool, const Pool& paths, FamilySink& out) {
    path_.assign(paths.path).append("io");
    const RawRead read = files_.Read(path_);
    std::string_view text = read.text;
    std::string_view names;
    while (!names.starts_with("nread")) {
      if (text.empty()) return Unit{};
      names = TakeLine(text);
    }
    std::string_view values = TakeLine(text);
    for (std::size_t i = 0;; ++i) {
      const std::string_view name = TakeField(names);
      if (name.empty()) return Unit{};
      const HostFamily& family = io_families_.At(i, name, [](std::string_view field) {
        return MakeFamily("node_zfs_zpool_", "io", field);
      });
      const std::string_view field = TakeField(values);
      const auto value = ParseInt<std::uint64_t>(field);
      if (!value) return MalformedText("zpool io", "a number for each name", field);
      out.Add(family.spec(), {{"zpool", pool}}, static_cast<double>(*value));
    }
  }

  void AddState(std::string_view pool, const Pool& paths, FamilySink& out) {
    path_.assign(paths.path).append("state");
    const auto state = files_.Text(path_);
    if (!state) return;
    for (const std::string_view known : kPoolStates) {
      out.Add(kPoolState, {{"state", known}, {"zpool", pool}}, SameLetters(*state, known) ? 1 : 0);
    }
  }

  /// Whether `text`, in any case, is `lower`.
  static bool SameLetters(std::string_view text, std::string_view lower) {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool upper = text[i] >= 'A' && text[i] <= 'Z';
      if ((upper ? static_cast<char>(text[i] - 'A' + 'a') : text[i]) != lower[i]) return false;
    }
    return true;
  }

  Status AddDataset(std::string_view pool, const std::string& path, FamilySink& out) {
    const RawRead read = files_.Read(path);
    if (!read) return Unit{};
    std::string_view dataset;
    std::size_t row = 0;
    return ForEachStat(
        "objset", read.text,
        [&](std::string_view name, std::string_view type, std::string_view data) -> Status {
          if (name == "dataset_name") dataset = data;
          if (name == "dataset_name" || type != kUint64) return Unit{};
          // All datasets have the same rows.
          const HostFamily& family = dataset_families_.At(row++, name, [](std::string_view field) {
            return MakeFamily("node_zfs_zpool_dataset_", "objset", field);
          });
          const auto value = ParseInt<std::uint64_t>(data);
          if (!value) return MalformedText("objset", "a number", data);
          out.Add(family.spec(), {{"dataset", dataset}, {"zpool", pool}},
                  static_cast<double>(*value));
          return Unit{};
        });
  }

  const HostFs& fs_;
  SmallFiles files_;
  DeviceDir<Pool> pools_;
  std::vector<SubsystemFile> subsystems_;
  RowCache<HostFamily> io_families_;
  RowCache<HostFamily> dataset_families_;
  std::string path_;  // kept for its memory
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<ZfsCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kZfsCollector{
    .name = "zfs",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "Statistics of ZFS, its pools and datasets, from /proc/spl/kstat/zfs.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
