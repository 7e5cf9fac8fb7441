#pragma once
// The numbers of one cgroup, from either version of the cgroup file system. In base units.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/host_fs.h"

namespace tocsin {

/// Bytes and operations on one block device ("8:0").
struct CgroupIo {
  std::string device;
  double read_bytes = 0;
  double written_bytes = 0;
  double reads = 0;
  double writes = 0;
};

/// What a file did not say is absent: an older kernel, a controller that is not switched on.
struct CgroupValues {
  std::optional<double> cpu_usage_seconds;
  std::optional<double> cpu_user_seconds;
  std::optional<double> cpu_system_seconds;
  std::optional<double> cpu_periods;
  std::optional<double> cpu_throttled_periods;
  std::optional<double> cpu_throttled_seconds;

  std::optional<double> memory_usage;
  std::optional<double> memory_inactive_file;
  std::optional<double> memory_anon;
  std::optional<double> memory_file;
  std::optional<double> memory_mapped_file;
  std::optional<double> memory_swap;
  std::optional<double> memory_peak;
  std::optional<double> memory_limit;  // absent: no limit
  std::optional<double> memory_high;   // absent: none
  std::optional<double> memory_high_events;
  std::optional<double> memory_max_events;
  std::optional<double> oom_kills;

  std::optional<double> pids;
  std::optional<double> pids_limit;  // absent: none

  std::optional<double> cpu_waiting_seconds;
  std::optional<double> cpu_stalled_seconds;  // since Linux 5.13
  std::optional<double> io_waiting_seconds;
  std::optional<double> io_stalled_seconds;
  std::optional<double> memory_waiting_seconds;
  std::optional<double> memory_stalled_seconds;

  /// The kernel's number of it (bpf_get_current_cgroup_id's, the inode of its folder): another one
  /// under the same path means that it was removed and made anew.
  std::optional<double> id;

  std::vector<CgroupIo> io;  // in the kernel's order

  /// Nothing known any more; keeps the memory of `io`.
  void Clear() {
    std::vector<CgroupIo> kept = std::move(io);
    kept.clear();
    *this = {};
    io = std::move(kept);
  }
};

/// Where the cgroup file systems are; a missing one is empty.
struct CgroupRoots {
  std::string v2;  // the unified hierarchy, if the controllers live there
  std::string v1_memory;
  std::string v1_cpu;
  std::string v1_cpuacct;
  std::string v1_pids;

  /// The tree that has a folder for every cgroup.
  const std::string& tree() const { return v2.empty() ? v1_memory : v2; }
};

/// Errors: kUnsupported if there is no cgroup file system with a memory controller.
Result<CgroupRoots> FindCgroupRoots(const HostFs& fs);

/// Which of a cgroup's files are not there: a bit each, in the order of reading.
using AbsentFiles = std::uint32_t;

/// Reads cgroups without heap. One thread at a time.
class CgroupReader {
 public:
  explicit CgroupReader(const HostFs& fs) : fs_(fs) {}

  /// `path` is relative to the roots and begins with '/'. A cgroup that is gone gives no values.
  /// Files in `absent` are not asked for; those found missing join it, unless all are.
  void Read(const CgroupRoots& roots, std::string_view path, AbsentFiles& absent,
            CgroupValues& values);

 private:
  const HostFs& fs_;
  std::string path_;  // both kept for their memory
  std::string text_;
};

/// True for the files that the kernel puts into a cgroup's folder, false for cgroups below it.
bool IsCgroupFile(std::string_view name);

}  // namespace tocsin
