#pragma once
// What the files of /proc/PID say. Pure functions of their texts, which are partly the process's
// own words and may hold anything.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tocsin {

/// /proc/PID/stat, the fields that are used here. Views into the text.
struct ProcessStat {
  std::string_view comm;  // without its parentheses; any bytes but NUL
  char state;
  std::uint32_t parent;
  std::uint64_t minor_faults;
  std::uint64_t major_faults;
  std::uint64_t user_ticks;  // USER_HZ, 100 a second
  std::uint64_t system_ticks;
  std::uint64_t threads;
  std::uint64_t start_ticks;  // since boot
  std::uint64_t virtual_bytes;
  std::uint64_t resident_pages;
};
/// Nothing if the text is cut short or none of the kind.
std::optional<ProcessStat> ParseProcessStat(std::string_view text);

/// /proc/PID/status. A field that is absent (kernel threads have no memory) is 0.
struct ProcessStatus {
  std::uint32_t effective_uid = 0;
  std::uint64_t anon_bytes = 0;
  std::uint64_t swap_bytes = 0;
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
};
ProcessStatus ParseProcessStatus(std::string_view text);

/// /proc/PID/io: bytes that reached storage.
struct ProcessIo {
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
};
ProcessIo ParseProcessIo(std::string_view text);

/// The soft limit of "Max open files" in /proc/PID/limits; "unlimited" is the largest number.
std::optional<std::uint64_t> ParseOpenFilesLimit(std::string_view text);

/// /proc/PID/smaps_rollup: memory with shared pages divided among those who share them.
struct ProportionalMemory {
  std::uint64_t resident_bytes = 0;
  std::uint64_t swap_bytes = 0;
};
ProportionalMemory ParseSmapsRollup(std::string_view text);

/// The arguments in /proc/PID/cmdline; none for a kernel thread. Views into the text.
void ParseCommandLine(std::string_view text, std::vector<std::string_view>& arguments);

/// The paths in /proc/PID/cgroup, one a hierarchy. Views into the text.
void ParseCgroupPaths(std::string_view text, std::vector<std::string_view>& paths);

/// "btime" of /proc/stat: the boot in seconds since the Unix epoch.
std::optional<std::uint64_t> ParseBootTime(std::string_view text);

}  // namespace tocsin
