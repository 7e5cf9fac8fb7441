#pragma once
// The processes of the host, looked at again and again at a bounded cost.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/proc_dir.h"
#include "collectors/process/process_files.h"
#include "collectors/process/process_groups.h"
#include "collectors/process/process_names.h"
#include "collectors/process/process_threads.h"
#include "collectors/process/users.h"

namespace tocsin {

struct ProcessTableOptions {
  ProcessNames names;
  ProcessGroups::Options groups;
  bool children = true;  // an unnamed process joins its nearest named ancestor
  bool recheck = true;   // a process whose comm changed is named anew
  bool threads = false;  // per-thread counts
  bool wait_channels = false;
  bool smaps = false;
  std::size_t max_reads;      // files read in one round
  std::size_t max_processes;  // remembered at once
};

/// One process as it was last read.
struct WatchedProcess {
  std::uint32_t pid = 0;
  std::uint32_t group = 0;  // kUnwatched, kUndecided or a group's number
  std::uint64_t start_ticks = 0;
  double start_seconds = 0;  // since the Unix epoch
  std::size_t comm_hash = 0;
  std::uint32_t parent = 0;
  std::uint32_t sweep = 0;  // the last one that saw it
  MonoTime read_at{};       // when `last` was read
  MonoTime look_at{};       // when to read it again
  MonoTime details_at{};
  MonoTime limit_at{};
  ProcessCounts last;
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t swapped_bytes = 0;
  std::uint64_t anon_bytes = 0;
  ProportionalMemory proportional;
  std::uint64_t open_files_limit = 0;  // 0: not known
  std::int64_t open_files = -1;        // -1: not known
  std::uint32_t threads = 0;
  char state = '?';
  std::uint8_t unchanged = 0;      // times that it was read and had done nothing
  std::uint16_t wait_channel = 0;  // number of its wchan; 0: none
  bool from_birth = false;         // began after a sweep that did not see it

  static constexpr std::uint32_t kUnwatched = 0xFFFFFFFF;
  static constexpr std::uint32_t kUndecided = 0xFFFFFFFE;  // unnamed, ancestors not yet known
  bool watched() const { return group < kUndecided; }
};

/// Reads at most max_reads files a round; what is left is read in the next one, where a sweep over
/// all processes then goes on. A process that does nothing is read more rarely, and what costs more
/// than /proc/PID/stat only after it did something, or once a minute. One thread at a time.
class ProcessTable {
 public:
  ProcessTable(const HostFs& fs, ProcessTableOptions options);

  /// Looks at processes until the sweep or the budget ends. Errors: kIo without a proc file system,
  /// kCancelled.
  Status Round(const RoundContext& round);

  const ProcessGroups& groups() const { return groups_; }
  /// Sorted by pid.
  const std::vector<WatchedProcess>& processes() const { return processes_; }
  /// The names of wchan by number; [0] is empty.
  const std::vector<std::string>& wait_channels() const { return wait_channels_; }

  /// True if the last round ended a sweep.
  bool sweep_ended() const { return sweep_ended_; }
  /// Processes past max_processes, in the last whole sweep.
  std::uint64_t dropped() const { return dropped_; }
  std::uint64_t read_errors() const { return read_errors_; }
  std::uint64_t partial_errors() const { return partial_errors_; }

 private:
  bool Visit(std::uint32_t pid, const RoundContext& round);
  void Begin(WatchedProcess& process, const ProcessStat& stat, MonoTime now);
  void Update(WatchedProcess& process, const ProcessStat& stat, MonoTime now);
  void ReadDetails(WatchedProcess& process, MonoTime now, ProcessCounts& counts);
  void ReadLimit(WatchedProcess& process, MonoTime now);
  void ReadThreads(WatchedProcess& process, ProcessCounts& counts);
  /// Decides its group by its names, or by its parent's where that is known.
  void Name(WatchedProcess& process, const ProcessStat& stat, MonoTime now);
  std::uint32_t GroupOfAncestor(std::uint32_t parent);
  /// Decides the undecided; with `all_known` also those whose ancestors do not exist.
  void JoinAncestors(bool all_known);
  void Join(WatchedProcess& process, std::uint32_t group);
  void MergeBorn();
  void DropUnseen();
  void Sum();

  WatchedProcess* Find(std::uint32_t pid);
  WatchedProcess* FindBorn(std::uint32_t pid);
  /// Reads /proc/PID/FILE into `text`; counts it against the budget.
  RawRead Read(std::uint32_t pid, std::string_view file, std::vector<char>& text);
  /// The same for a watched process's details, of which a failure counts as a partial error.
  RawRead ReadDetail(std::uint32_t pid, std::string_view file);
  const char* PathOf(std::uint32_t pid, std::string_view file);
  std::uint16_t WaitChannel(std::string_view name);
  Status RefreshBootTime(MonoTime now);

  const HostFs& fs_;
  const ProcessTableOptions options_;
  const std::unique_ptr<ProcDir> proc_;
  const double page_bytes_;
  Users users_;
  ProcessGroups groups_;
  ThreadTable threads_;

  std::vector<WatchedProcess> processes_;  // sorted by pid
  std::vector<WatchedProcess> born_;       // of this round, not yet among them
  std::size_t hint_ = 0;                   // where the next pid is likely to be
  std::vector<std::string> wait_channels_{1};

  std::uint32_t sweep_ = 1;
  bool sweep_ended_ = false;
  bool in_sweep_ = false;
  std::uint32_t whole_sweeps_ = 0;
  WallTime sweep_began_{};       // of this sweep
  WallTime last_sweep_began_{};  // of the one before
  MonoTime last_sweep_ended_{};
  std::uint64_t past_limit_ = 0;  // of this sweep
  std::uint64_t dropped_ = 0;
  std::uint64_t read_errors_ = 0;
  std::uint64_t partial_errors_ = 0;
  std::size_t reads_ = 0;  // of this round
  std::size_t names_ = 0;  // of /proc, of this round

  double boot_seconds_ = 0;
  MonoTime boot_read_at_{};
  std::string boot_buffer_;
  std::array<char, 64> path_;
  std::vector<char> text_;
  // For naming, which may come between two reads into text_.
  std::vector<char> arguments_text_;
  std::vector<char> cgroups_text_;
  std::vector<char> status_text_;
  std::vector<std::string_view> arguments_;
  std::vector<std::string_view> cgroups_;
  std::vector<std::uint32_t> thread_ids_;
  std::vector<ThreadReading> thread_readings_;
  std::string thread_names_;
};

}  // namespace tocsin
