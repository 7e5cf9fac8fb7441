#include "collectors/process/process_threads.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace tocsin {
namespace {

constexpr std::string_view kOther = "other";

}  // namespace

void ThreadTable::Update(std::uint32_t pid, const std::vector<ThreadReading>& readings,
                         ProcessCounts& switches) {
  std::vector<Thread>& threads = by_process_[pid];
  next_.clear();
  for (const ThreadReading& reading : readings) {
    const auto old = std::find_if(threads.begin(), threads.end(), [&](const Thread& thread) {
      return thread.id == reading.id && thread.start_ticks == reading.start_ticks;
    });
    Thread& thread = next_.emplace_back();
    if (old != threads.end()) {
      thread = std::move(*old);
      ProcessCounts growth;
      AddGrowth(thread.last, reading.counts, growth);
      AddGrowth({}, growth, thread.growth);
      switches.voluntary_switches += growth.voluntary_switches;
      switches.involuntary_switches += growth.involuntary_switches;
    }
    thread.id = reading.id;
    thread.start_ticks = reading.start_ticks;
    thread.name.clear();
    AppendValidUtf8(reading.name, thread.name);
    thread.state = reading.state;
    thread.wait_channel = reading.wait_channel;
    thread.last = reading.counts;
  }
  std::swap(threads, next_);
}

void ThreadTable::Sum(std::uint32_t pid, ProcessGroup& group) {
  const auto found = by_process_.find(pid);
  if (found == by_process_.end()) return;
  for (Thread& thread : found->second) {
    ThreadGroup& named = Named(group, thread.name);
    ++named.threads;
    AddGrowth({}, thread.growth, named.total);
    thread.growth = {};
    ++group.now.states[static_cast<std::size_t>(ProcessStateOf(thread.state))];
    if (thread.wait_channel == 0) continue;
    if (group.waits.size() <= thread.wait_channel) group.waits.resize(thread.wait_channel + 1u);
    ++group.waits[thread.wait_channel];
  }
}

ThreadGroup& ThreadTable::Named(ProcessGroup& group, std::string_view name) {
  const auto place = [&](std::string_view wanted) {
    return std::lower_bound(
        group.threads.begin(), group.threads.end(), wanted,
        [](const ThreadGroup& thread, std::string_view text) { return thread.name < text; });
  };
  auto at = place(name);
  if (at != group.threads.end() && at->name == name) return *at;
  if (group.threads.size() >= kMaxNames && name != kOther) return Named(group, kOther);
  return *group.threads.insert(at, {std::string(name), 0, {}});
}

void ClearThreads(ProcessGroup& group) {
  for (ThreadGroup& thread : group.threads) thread.threads = 0;
}

void DropEndedThreads(ProcessGroup& group) {
  std::erase_if(group.threads, [](const ThreadGroup& thread) { return thread.threads == 0; });
}

}  // namespace tocsin
