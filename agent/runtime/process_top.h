#pragma once
// Which processes use most of the CPU and memory, at the moment when somebody is paged for it.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "collectors/host_fs.h"

namespace tocsin {

struct ProcessUse {
  int pid = 0;
  std::uint64_t started = 0;  // clock ticks after boot: with the pid, one process for good
  std::string name;           // comm, printable
  std::uint64_t cpu_ticks = 0;
  std::uint64_t resident_bytes = 0;
};

/// The processes at one time.
struct ProcessReading {
  MonoTime at{};
  std::vector<ProcessUse> processes;
};

/// Reads /proc/*/stat of at most kMaxProcesses processes, no longer than `budget`; what vanishes
/// meanwhile is left out.
inline constexpr std::size_t kMaxProcesses = 20'000;
ProcessReading ReadProcesses(const HostFs& fs, const Clock& clock, nanoseconds budget);

/// One process of a line of /proc/PID/stat; pid 0 if it is none.
ProcessUse ParseProcessStat(std::string_view text, std::size_t page_bytes);

/// "mysqld (812) 93%, backup (4711) 4%": of one CPU each, at most `count`, between two readings.
/// Empty if nothing ran.
std::string TopByCpu(const ProcessReading& before, const ProcessReading& after, std::size_t count);

/// "mysqld (812) 1.2GiB, …".
std::string TopByMemory(const ProcessReading& reading, std::size_t count);

}  // namespace tocsin
