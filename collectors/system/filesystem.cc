#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/parse.h"
#include "collectors/filter.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/mounts.h"
#include "collectors/system/slow_mounts.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 7> kFamilies{{
    {"node_filesystem_device_error", MetricType::kGauge,
     "Whether an error occurred while getting statistics for the given device."},
    {"node_filesystem_size_bytes", MetricType::kGauge, "Filesystem size in bytes."},
    {"node_filesystem_free_bytes", MetricType::kGauge, "Filesystem free space in bytes."},
    {"node_filesystem_avail_bytes", MetricType::kGauge,
     "Filesystem space available to non-root users in bytes."},
    {"node_filesystem_files", MetricType::kGauge, "Filesystem total file nodes."},
    {"node_filesystem_files_free", MetricType::kGauge, "Filesystem total free file nodes."},
    {"node_filesystem_readonly", MetricType::kGauge, "Filesystem read-only status."},
}};

constexpr std::string_view kMountPointsExclude =
    "^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)";
constexpr std::string_view kTypesExclude =
    "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|"
    "mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|"
    "tracefs)$";
constexpr std::array<CollectorFlag, 2> kFlags{{
    {"filesystem.mount-points-exclude", "mount_points_exclude",
     "Regexp of mount points to exclude for filesystem collector.", kMountPointsExclude},
    {"filesystem.fs-types-exclude", "fs_types_exclude",
     "Regexp of filesystem types to exclude for filesystem collector.", kTypesExclude},
}};

/// What is left of a round's time when it stops waiting for slow mounts.
constexpr milliseconds kReserve(500);

struct Filters {
  NameFilter mount_points;
  NameFilter types;
};

class FilesystemCollector final : public Collector {
 public:
  FilesystemCollector(const HostFs& fs, Filters filters)
      : fs_(fs),
        files_{fs.File(fs.ProcPath("1/mounts")), fs.File(fs.ProcPath("self/mounts")),
               fs.File(fs.ProcPath("mounts"))},
        filters_(std::move(filters)),
        statvfs_(fs.StatVfs()),
        slow_(statvfs_) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    TRY(RefreshMounts());
    slow_.Ask(round.deadline - kReserve);
    std::size_t next_slow = 0;
    for (const Row& row : rows_) {
      if (row.is_slow) {
        AddMount(row, slow_.Take(next_slow++), out);
      } else if (const auto info = statvfs_(row.path)) {
        AddMount(row, *info, out);
      } else {
        AddMount(row, std::nullopt, out);
      }
    }
    return Unit{};
  }

 private:
  struct Row {
    Mount mount;
    std::string path;  // as this process reaches it
    bool is_slow;
  };

  /// The mounts of the host rather than of the agent's own namespace, where they may be read.
  Status RefreshMounts() {
    Result<std::string_view> read = files_[0]->Read();
    for (std::size_t i = 1; i < files_.size() && !read; ++i) read = files_[i]->Read();
    if (!read) return AbsentIsFailure(read.error());
    if (text_ && *read == *text_) return Unit{};
    TRY_ASSIGN(std::vector<Mount> mounts, ParseMounts(*read));
    rows_.clear();
    std::vector<SlowMounts::Mount> slow;
    for (Mount& mount : mounts) {
      mount.point = WithoutRootfs(mount.point);
      const auto same = [&](const Row& row) { return row.mount.IsAs(mount); };
      if (!filters_.mount_points.Keeps(mount.point) || !filters_.types.Keeps(mount.type) ||
          std::any_of(rows_.begin(), rows_.end(), same)) {
        continue;
      }
      const bool is_slow = IsSlowFilesystem(mount.type);
      std::string path = fs_.RootPath(mount.point);
      if (is_slow) slow.push_back({path, std::string(ServerOf(mount.device))});
      rows_.push_back({std::move(mount), std::move(path), is_slow});
    }
    slow_.SetMounts(std::move(slow));
    text_ = *read;
    return Unit{};
  }

  /// Where the host calls what is mounted under the agent's view of the host's root.
  std::string WithoutRootfs(const std::string& point) const {
    const std::string& rootfs = fs_.paths().rootfs;
    if (rootfs == "/" || !point.starts_with(rootfs)) return point;
    return point.size() == rootfs.size() ? "/" : point.substr(rootfs.size());
  }

  static void AddMount(const Row& row, const std::optional<struct statvfs>& info, FamilySink& out) {
    const Mount& mount = row.mount;
    const std::array<LabelView, 3> labels{
        {{"device", mount.device}, {"fstype", mount.type}, {"mountpoint", mount.point}}};
    out.Add(kFamilies[0], labels, info ? 0 : 1);
    if (!info) return;
    // The kernel counts blocks in units of f_bsize.
    const auto block = static_cast<double>(info->f_bsize);
    const std::array<double, 6> values{
        static_cast<double>(info->f_blocks) * block, static_cast<double>(info->f_bfree) * block,
        static_cast<double>(info->f_bavail) * block, static_cast<double>(info->f_files),
        static_cast<double>(info->f_ffree),          mount.read_only ? 1.0 : 0.0};
    for (std::size_t i = 0; i < values.size(); ++i) out.Add(kFamilies[i + 1], labels, values[i]);
  }

  const HostFs& fs_;
  std::array<std::unique_ptr<HostFile>, 3> files_;
  const Filters filters_;
  const HostFs::StatVfsCall statvfs_;
  SlowMounts slow_;
  std::optional<std::string> text_;  // of the mounts in rows_
  std::vector<Row> rows_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector filesystem");
  Filters filters;
  TRY_ASSIGN(filters.mount_points,
             ReadNameFilter(settings, {.exclude = "mount_points_exclude",
                                       .default_exclude = kMountPointsExclude}));
  TRY_ASSIGN(filters.types, ReadNameFilter(settings, {.exclude = "fs_types_exclude",
                                                      .default_exclude = kTypesExclude}));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(
      std::make_unique<FilesystemCollector>(deps.fs, std::move(filters)));
}

}  // namespace

extern const CatalogEntry kFilesystemCollector{
    .name = "filesystem",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "Space and inodes of each mounted filesystem, from /proc/1/mounts and statfs(2).",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
