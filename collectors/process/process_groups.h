#pragma once
// Process groups: what their processes did since the group is known, and what they are now.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/window_extremes.h"

namespace tocsin {

/// What a process (or a thread) only ever adds to.
struct ProcessCounts {
  std::uint64_t user_ticks = 0;  // USER_HZ
  std::uint64_t system_ticks = 0;
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;

  friend bool operator==(const ProcessCounts&, const ProcessCounts&) = default;
};

/// Adds what each count of `now` is above `before`; one that fell adds nothing.
void AddGrowth(const ProcessCounts& before, const ProcessCounts& now, ProcessCounts& total);

/// CPUs in use: USER_HZ ticks over a time that is not zero.
double CoresOf(std::uint64_t ticks, nanoseconds elapsed);

enum class ProcessState : std::uint8_t { kRunning, kSleeping, kWaiting, kZombie, kOther };
inline constexpr std::size_t kProcessStates = 5;
/// Of the letter in /proc/PID/stat, as process-exporter sorts them.
ProcessState ProcessStateOf(char letter);

/// Threads of one name in a group.
struct ThreadGroup {
  std::string name;
  std::uint64_t threads = 0;
  ProcessCounts total;
};

/// What is summed anew from a group's processes in each round.
struct ProcessGauges {
  std::uint64_t processes = 0;
  std::uint64_t threads = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t swapped_bytes = 0;
  std::uint64_t anon_bytes = 0;
  std::uint64_t proportional_bytes = 0;
  std::uint64_t proportional_swapped_bytes = 0;
  std::uint64_t open_files = 0;
  double worst_files_ratio = 0;
  std::uint64_t oldest_start_seconds = 0;  // since the Unix epoch; 0 without a process
  std::array<std::uint64_t, kProcessStates> states{};
};

struct ProcessGroup {
  ProcessGroup(std::string group_name, milliseconds window)
      : name(std::move(group_name)), cpu(window), resident(window) {}

  std::string name;  // valid UTF-8; empty: the place is free
  ProcessCounts total;
  ProcessGauges now;
  std::vector<ThreadGroup> threads;  // sorted by name
  std::vector<std::uint32_t> waits;  // processes and threads by ProcessTable's number of a wchan
  WindowExtremes cpu;                // CPUs in use between two sweeps
  WindowExtremes resident;           // bytes
  double cores = 0;              // in use since the last sweep, by processes that were known then
  std::uint64_t born_ticks = 0;  // of those that began since
  MonoTime last_seen{};          // when it last had a process
};

/// The groups by number, which stays a group's own while it lives.
class ProcessGroups {
 public:
  struct Options {
    std::size_t max_groups;
    milliseconds window;      // of the extremes
    milliseconds keep_ended;  // how long a group without processes stays
  };
  explicit ProcessGroups(const Options& options) : options_(options) {}

  /// The group called `name` (any bytes; made valid and cut to kMaxName), or "other" once there
  /// are max_groups of them.
  std::uint32_t Enter(std::string_view name, MonoTime now);

  /// True if a process that is counted as "other" could have a group of its own now.
  bool CouldLeave(std::uint32_t group) const;

  ProcessGroup& operator[](std::uint32_t group) { return groups_[group]; }
  const ProcessGroup& operator[](std::uint32_t group) const { return groups_[group]; }
  /// Numbers of the living groups, by name.
  const std::vector<std::uint32_t>& by_name() const { return by_name_; }

  /// Sets the gauges of all to nothing, for a new sum.
  void ClearGauges();
  /// Drops the groups whose last process ended long ago. Call when the gauges are summed.
  void DropEnded(MonoTime now);
  /// A sweep over all processes ended: what they used since the last, which was `elapsed` ago (0:
  /// there was none), joins the extremes.
  void CloseSweep(MonoTime now, nanoseconds elapsed);

  static constexpr std::size_t kMaxName = 200;  // bytes

 private:
  std::uint32_t Make(std::string name, MonoTime now);
  /// The place in by_name_ of the group called `name`, or its end.
  std::vector<std::uint32_t>::const_iterator Find(std::string_view name) const;
  bool HasRoom() const;

  const Options options_;
  std::vector<ProcessGroup> groups_;
  std::vector<std::uint32_t> by_name_;
};

}  // namespace tocsin
