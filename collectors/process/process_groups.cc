#include "collectors/process/process_groups.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace tocsin {
namespace {

constexpr std::string_view kOther = "other";

std::string CleanName(std::string_view name) {
  std::string clean;
  AppendValidUtf8(name.substr(0, ProcessGroups::kMaxName * 2), clean);
  if (clean.size() > ProcessGroups::kMaxName) {
    std::size_t end = ProcessGroups::kMaxName;
    while (end > 0 && (static_cast<unsigned char>(clean[end]) & 0xC0) == 0x80) --end;
    clean.resize(end);
  }
  // An empty label is none: the group would have no name.
  return clean.empty() ? "unnamed" : clean;
}

}  // namespace

void AddGrowth(const ProcessCounts& before, const ProcessCounts& now, ProcessCounts& total) {
  const auto add = [&](std::uint64_t ProcessCounts::*count) {
    if (now.*count > before.*count) total.*count += now.*count - before.*count;
  };
  add(&ProcessCounts::user_ticks);
  add(&ProcessCounts::system_ticks);
  add(&ProcessCounts::minor_faults);
  add(&ProcessCounts::major_faults);
  add(&ProcessCounts::voluntary_switches);
  add(&ProcessCounts::involuntary_switches);
  add(&ProcessCounts::read_bytes);
  add(&ProcessCounts::write_bytes);
}

double CoresOf(std::uint64_t ticks, nanoseconds elapsed) {
  constexpr double kTicksPerSecond = 100;  // USER_HZ
  return static_cast<double>(ticks) / kTicksPerSecond / ToSeconds(elapsed);
}

ProcessState ProcessStateOf(char letter) {
  switch (letter) {
    case 'R':
      return ProcessState::kRunning;
    case 'S':
      return ProcessState::kSleeping;
    case 'D':
      return ProcessState::kWaiting;
    case 'Z':
      return ProcessState::kZombie;
    default:
      return ProcessState::kOther;
  }
}

std::vector<std::uint32_t>::const_iterator ProcessGroups::Find(std::string_view name) const {
  return std::find_if(by_name_.begin(), by_name_.end(),
                      [&](std::uint32_t i) { return groups_[i].name == name; });
}

bool ProcessGroups::HasRoom() const {
  const std::size_t other = Find(kOther) == by_name_.end() ? 0 : 1;
  return by_name_.size() - other < options_.max_groups;
}

std::uint32_t ProcessGroups::Enter(std::string_view name, MonoTime now) {
  std::string clean = CleanName(name);
  if (const auto found = Find(clean); found != by_name_.end()) return *found;
  if (clean == kOther || HasRoom()) return Make(std::move(clean), now);
  const auto other = Find(kOther);
  return other == by_name_.end() ? Make(std::string(kOther), now) : *other;
}

bool ProcessGroups::CouldLeave(std::uint32_t group) const {
  return groups_[group].name == kOther && HasRoom();
}

std::uint32_t ProcessGroups::Make(std::string name, MonoTime now) {
  const auto free = std::find_if(groups_.begin(), groups_.end(),
                                 [](const ProcessGroup& group) { return group.name.empty(); });
  const auto number = static_cast<std::uint32_t>(free - groups_.begin());
  ProcessGroup group(std::move(name), options_.window);
  group.last_seen = now;
  if (free == groups_.end()) {
    groups_.push_back(std::move(group));
  } else {
    *free = std::move(group);
  }
  const auto place =
      std::lower_bound(by_name_.begin(), by_name_.end(), number,
                       [&](auto a, auto b) { return groups_[a].name < groups_[b].name; });
  by_name_.insert(place, number);
  return number;
}

void ProcessGroups::ClearGauges() {
  for (const std::uint32_t i : by_name_) {
    ProcessGroup& group = groups_[i];
    group.now = {};
    std::fill(group.waits.begin(), group.waits.end(), 0);
  }
}

void ProcessGroups::DropEnded(MonoTime now) {
  std::erase_if(by_name_, [&](std::uint32_t i) {
    ProcessGroup& group = groups_[i];
    if (group.now.processes > 0) group.last_seen = now;
    if (now - group.last_seen < options_.keep_ended) return false;
    group.name.clear();
    return true;
  });
}

void ProcessGroups::CloseSweep(MonoTime now, nanoseconds elapsed) {
  for (const std::uint32_t i : by_name_) {
    ProcessGroup& group = groups_[i];
    if (elapsed > nanoseconds(0)) {
      const double born = CoresOf(group.born_ticks, elapsed);
      group.cpu.Add(now, group.cores + born);
    }
    group.cores = 0;
    group.born_ticks = 0;
    group.resident.Add(now, static_cast<double>(group.now.resident_bytes));
  }
}

}  // namespace tocsin
