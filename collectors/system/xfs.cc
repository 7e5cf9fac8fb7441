#include <array>
#include <span>

#include "base/parse.h"
#include "collectors/device_dir.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

/// In the order of the numbers in the file, line by line.
constexpr std::array<FamilySpec, 39> kFamilies{{
    {"node_xfs_extent_allocation_extents_allocated_total", MetricType::kCounter,
     "Number of extents allocated for a filesystem."},
    {"node_xfs_extent_allocation_blocks_allocated_total", MetricType::kCounter,
     "Number of blocks allocated for a filesystem."},
    {"node_xfs_extent_allocation_extents_freed_total", MetricType::kCounter,
     "Number of extents freed for a filesystem."},
    {"node_xfs_extent_allocation_blocks_freed_total", MetricType::kCounter,
     "Number of blocks freed for a filesystem."},
    {"node_xfs_allocation_btree_lookups_total", MetricType::kCounter,
     "Number of allocation B-tree lookups for a filesystem."},
    {"node_xfs_allocation_btree_compares_total", MetricType::kCounter,
     "Number of allocation B-tree compares for a filesystem."},
    {"node_xfs_allocation_btree_records_inserted_total", MetricType::kCounter,
     "Number of allocation B-tree records inserted for a filesystem."},
    {"node_xfs_allocation_btree_records_deleted_total", MetricType::kCounter,
     "Number of allocation B-tree records deleted for a filesystem."},
    {"node_xfs_block_mapping_reads_total", MetricType::kCounter,
     "Number of block map for read operations for a filesystem."},
    {"node_xfs_block_mapping_writes_total", MetricType::kCounter,
     "Number of block map for write operations for a filesystem."},
    {"node_xfs_block_mapping_unmaps_total", MetricType::kCounter,
     "Number of block unmaps (deletes) for a filesystem."},
    {"node_xfs_block_mapping_extent_list_insertions_total", MetricType::kCounter,
     "Number of extent list insertions for a filesystem."},
    {"node_xfs_block_mapping_extent_list_deletions_total", MetricType::kCounter,
     "Number of extent list deletions for a filesystem."},
    {"node_xfs_block_mapping_extent_list_lookups_total", MetricType::kCounter,
     "Number of extent list lookups for a filesystem."},
    {"node_xfs_block_mapping_extent_list_compares_total", MetricType::kCounter,
     "Number of extent list compares for a filesystem."},
    {"node_xfs_block_map_btree_lookups_total", MetricType::kCounter,
     "Number of block map B-tree lookups for a filesystem."},
    {"node_xfs_block_map_btree_compares_total", MetricType::kCounter,
     "Number of block map B-tree compares for a filesystem."},
    {"node_xfs_block_map_btree_records_inserted_total", MetricType::kCounter,
     "Number of block map B-tree records inserted for a filesystem."},
    {"node_xfs_block_map_btree_records_deleted_total", MetricType::kCounter,
     "Number of block map B-tree records deleted for a filesystem."},
    {"node_xfs_directory_operation_lookup_total", MetricType::kCounter,
     "Number of file name directory lookups which miss the operating systems directory name lookup "
     "cache."},
    {"node_xfs_directory_operation_create_total", MetricType::kCounter,
     "Number of times a new directory entry was created for a filesystem."},
    {"node_xfs_directory_operation_remove_total", MetricType::kCounter,
     "Number of times an existing directory entry was created for a filesystem."},
    {"node_xfs_directory_operation_getdents_total", MetricType::kCounter,
     "Number of times the directory getdents operation was performed for a filesystem."},
    {"node_xfs_inode_operation_attempts_total", MetricType::kCounter,
     "Number of times the OS looked for an XFS inode in the inode cache."},
    {"node_xfs_inode_operation_found_total", MetricType::kCounter,
     "Number of times the OS looked for and found an XFS inode in the inode cache."},
    {"node_xfs_inode_operation_recycled_total", MetricType::kCounter,
     "Number of times the OS found an XFS inode in the cache, but could not use it as it was being "
     "recycled."},
    {"node_xfs_inode_operation_missed_total", MetricType::kCounter,
     "Number of times the OS looked for an XFS inode in the cache, but did not find it."},
    {"node_xfs_inode_operation_duplicates_total", MetricType::kCounter,
     "Number of times the OS tried to add a missing XFS inode to the inode cache, but found it had "
     "already been added by another process."},
    {"node_xfs_inode_operation_reclaims_total", MetricType::kCounter,
     "Number of times the OS reclaimed an XFS inode from the inode cache to free memory for "
     "another purpose."},
    {"node_xfs_inode_operation_attribute_changes_total", MetricType::kCounter,
     "Number of times the OS explicitly changed the attributes of an XFS inode."},
    {"node_xfs_write_calls_total", MetricType::kCounter,
     "Number of write(2) system calls made to files in a filesystem."},
    {"node_xfs_read_calls_total", MetricType::kCounter,
     "Number of read(2) system calls made to files in a filesystem."},
    {"node_xfs_vnode_active_total", MetricType::kCounter,
     "Number of vnodes not on free lists for a filesystem."},
    {"node_xfs_vnode_allocate_total", MetricType::kCounter,
     "Number of times vn_alloc called for a filesystem."},
    {"node_xfs_vnode_get_total", MetricType::kCounter,
     "Number of times vn_get called for a filesystem."},
    {"node_xfs_vnode_hold_total", MetricType::kCounter,
     "Number of times vn_hold called for a filesystem."},
    {"node_xfs_vnode_release_total", MetricType::kCounter,
     "Number of times vn_rele called for a filesystem."},
    {"node_xfs_vnode_reclaim_total", MetricType::kCounter,
     "Number of times vn_reclaim called for a filesystem."},
    {"node_xfs_vnode_remove_total", MetricType::kCounter,
     "Number of times vn_remove called for a filesystem."},
}};

/// A line of the statistics: its first numbers are kFamilies[first …].
struct Line {
  std::string_view key;
  std::size_t first;
  std::size_t count;
};

constexpr std::array<Line, 8> kLines{{
    {"extent_alloc", 0, 4},
    {"abt", 4, 4},
    {"blk_map", 8, 7},
    {"bmbt", 15, 4},
    {"dir", 19, 4},
    {"ig", 23, 7},
    {"rw", 30, 2},
    {"vnodes", 32, 7},
}};

class XfsCollector final : public Collector {
 public:
  explicit XfsCollector(const HostFs& fs) : fs_(fs), mounts_(fs, fs.SysPath("fs/xfs")) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    bool any = false;
    const Status status =
        mounts_.ForEach([this](std::string_view,
                               const std::string& path) { return fs_.File(path + "stats/stats"); },
                        [&](std::string_view device, std::unique_ptr<HostFile>& file) -> Status {
                          const auto text = file->Read();
                          // Beside the devices are directories of the whole file system type.
                          if (!text && text.error().code() == Errc::kNotFound) return Unit{};
                          if (!text) return text.error();
                          any = true;
                          return AddDevice(device, *text, out);
                        });
    if (!status) return AbsentIsUnsupported(status.error());
    if (!any) return Error{Errc::kUnsupported, "no XFS is mounted"};
    return Unit{};
  }

 private:
  static Status AddDevice(std::string_view device, std::string_view text, FamilySink& out) {
    while (!text.empty()) {
      std::string_view line = TakeLine(text);
      const std::string_view key = TakeField(line);
      for (const Line& known : kLines) {
        if (known.key == key) TRY(AddLine(device, known, line, out));
      }
    }
    return Unit{};
  }

  static Status AddLine(std::string_view device, const Line& known, std::string_view numbers,
                        FamilySink& out) {
    for (const FamilySpec& family : std::span(kFamilies).subspan(known.first, known.count)) {
      const std::string_view field = TakeField(numbers);
      const auto value = ParseInt<std::uint32_t>(field);
      if (!value)
        return MalformedText("xfs", "more numbers after " + std::string(known.key), field);
      out.Add(family, {{"device", device}}, *value);
    }
    return Unit{};
  }

  const HostFs& fs_;
  DeviceDir<std::unique_ptr<HostFile>> mounts_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<XfsCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kXfsCollector{
    .name = "xfs",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "Statistics of each mounted XFS, from /sys/fs/xfs.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
