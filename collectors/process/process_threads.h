#pragma once
// The threads of processes, one by one, for those who ask for them.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collectors/process/process_groups.h"

namespace tocsin {

/// A thread as it was just read.
struct ThreadReading {
  std::uint32_t id;
  std::uint64_t start_ticks;
  std::string_view name;  // any bytes
  char state;
  std::uint16_t wait_channel;
  ProcessCounts counts;
};

/// What is remembered of threads between rounds. One thread at a time.
class ThreadTable {
 public:
  /// The threads of `pid` as they now are, which were not read before or grew since.
  /// Adds the growth of their context switches to `switches` (a process's own two are its first
  /// thread's), which a process's counts take over.
  void Update(std::uint32_t pid, const std::vector<ThreadReading>& readings,
              ProcessCounts& switches);
  void Forget(std::uint32_t pid) { by_process_.erase(pid); }
  /// Adds what is known of the threads of `pid`: states, wchans, and counts by name, where the
  /// growth since the last sum joins the totals.
  void Sum(std::uint32_t pid, ProcessGroup& group);

  /// Names of threads in one group past this are "other".
  static constexpr std::size_t kMaxNames = 100;

 private:
  struct Thread {
    std::uint32_t id;
    std::uint64_t start_ticks;
    std::string name;
    char state;
    std::uint16_t wait_channel;
    ProcessCounts last;
    ProcessCounts growth;  // not yet in the group's totals
  };

  static ThreadGroup& Named(ProcessGroup& group, std::string_view name);

  std::unordered_map<std::uint32_t, std::vector<Thread>> by_process_;
  std::vector<Thread> next_;  // kept for its memory
};

/// Before threads are summed: their numbers are counted anew.
void ClearThreads(ProcessGroup& group);
/// After: names that no thread has any more go.
void DropEndedThreads(ProcessGroup& group);

}  // namespace tocsin
