#include "collectors/process/process_table.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <functional>
#include <utility>

#include "base/file.h"
#include "collectors/source.h"

namespace tocsin {
namespace {

/// Names of /proc that are looked at for each file that may be read.
constexpr std::size_t kNamesPerRead = 4;
constexpr std::size_t kTextBytes = 8192;
constexpr std::size_t kMostTextBytes = 1 << 20;
/// Arguments past this do not count for naming.
constexpr std::size_t kArgumentsBytes = 32768;

constexpr int kUnchangedIsQuiet = 4;
constexpr seconds kQuietPause(10);
constexpr seconds kUnwatchedPause(60);
constexpr seconds kDetailsPause(45);
constexpr seconds kLimitPause(600);
constexpr seconds kBootTimePause(600);
/// A boot time that moves by less is the clock's own steering.
constexpr double kBootTimeSlack = 2;
constexpr double kUserHz = 100;
constexpr std::size_t kMaxWaitChannels = 1000;
constexpr int kMaxAncestors = 128;

/// Spreads over a few seconds what would otherwise fall into one round.
seconds Spread(std::uint32_t pid, int within) {
  return seconds(pid % static_cast<unsigned>(within));
}

bool Ended(int error) { return error == ENOENT || error == ESRCH; }

void TakeStat(const ProcessStat& stat, ProcessCounts& counts) {
  counts.user_ticks = stat.user_ticks;
  counts.system_ticks = stat.system_ticks;
  counts.minor_faults = stat.minor_faults;
  counts.major_faults = stat.major_faults;
}

}  // namespace

ProcessTable::ProcessTable(const HostFs& fs, ProcessTableOptions options)
    : fs_(fs),
      options_(std::move(options)),
      proc_(fs.Processes()),
      page_bytes_(static_cast<double>(fs.PageBytes())),
      users_(fs),
      groups_(options_.groups),
      text_(kTextBytes) {}

Status ProcessTable::Round(const RoundContext& round) {
  const MonoTime now = round.deadline;  // as Every does
  reads_ = 0;
  names_ = 0;
  hint_ = 0;
  sweep_ended_ = false;
  TRY(RefreshBootTime(now));
  if (!in_sweep_) {
    in_sweep_ = true;
    sweep_began_ = round.now;
    past_limit_ = 0;
  }
  const auto ended = proc_->ForEach([&](std::uint32_t pid) { return Visit(pid, round); });
  MergeBorn();
  if (!ended) return AbsentIsFailure(ended.error());
  if (round.stop.stop_requested()) return Error{Errc::kCancelled, "stopped among processes"};
  JoinAncestors(*ended);
  if (*ended) DropUnseen();
  Sum();
  if (*ended) {
    in_sweep_ = false;
    sweep_ended_ = true;
    dropped_ = past_limit_;
    groups_.CloseSweep(now, whole_sweeps_ == 0 ? nanoseconds(0) : now - last_sweep_ended_);
    last_sweep_ended_ = now;
    last_sweep_began_ = sweep_began_;
    ++whole_sweeps_;
    ++sweep_;
  }
  groups_.DropEnded(now);
  return Unit{};
}

bool ProcessTable::Visit(std::uint32_t pid, const RoundContext& round) {
  if (reads_ >= options_.max_reads || names_ >= options_.max_reads * kNamesPerRead) return false;
  if (round.stop.stop_requested()) return false;
  ++names_;
  const MonoTime now = round.deadline;
  WatchedProcess* known = Find(pid);
  if (known) {
    known->sweep = sweep_;
    if (now < known->look_at) return true;
  } else if (processes_.size() + born_.size() >= options_.max_processes) {
    ++past_limit_;
    return true;
  }
  const RawRead read = Read(pid, "stat", text_);
  if (Ended(read.error)) {
    if (known) known->sweep = 0;
    return true;
  }
  const auto stat = read ? ParseProcessStat(read.text) : std::nullopt;
  if (!stat) {
    // Text is empty when the process ended between open and read.
    if (!read || !read.text.empty()) ++read_errors_;
    return true;
  }
  if (known && known->start_ticks == stat->start_ticks) {
    Update(*known, *stat, now);
    return true;
  }
  if (known) {
    threads_.Forget(pid);
    *known = {};
  } else {
    const auto place = std::upper_bound(
        born_.begin(), born_.end(), pid,
        [](std::uint32_t wanted, const WatchedProcess& one) { return wanted < one.pid; });
    known = &*born_.insert(place, WatchedProcess{});
  }
  known->pid = pid;
  known->sweep = sweep_;
  Begin(*known, *stat, now);
  return true;
}

void ProcessTable::Begin(WatchedProcess& process, const ProcessStat& stat, MonoTime now) {
  process.start_ticks = stat.start_ticks;
  process.start_seconds = boot_seconds_ + static_cast<double>(stat.start_ticks) / kUserHz;
  // The kernel tells starts in hundredths after a boot time in whole seconds.
  process.from_birth =
      whole_sweeps_ > 0 && process.start_seconds >= ToSeconds(last_sweep_began_) - 1;
  Name(process, stat, now);
  process.look_at = now + kUnwatchedPause + Spread(process.pid, 15);
  if (process.group == WatchedProcess::kUnwatched) return;
  ProcessCounts counts;
  TakeStat(stat, counts);
  process.parent = stat.parent;
  process.threads = static_cast<std::uint32_t>(stat.threads);
  process.state = stat.state;
  process.virtual_bytes = stat.virtual_bytes;
  process.resident_bytes =
      static_cast<std::uint64_t>(static_cast<double>(stat.resident_pages) * page_bytes_);
  ReadDetails(process, now, counts);
  process.last = counts;
  process.read_at = now;
  process.look_at = now;
  if (process.watched()) Join(process, process.group);
}

void ProcessTable::Update(WatchedProcess& process, const ProcessStat& stat, MonoTime now) {
  process.parent = stat.parent;
  if (options_.recheck && process.comm_hash != std::hash<std::string_view>{}(stat.comm)) {
    if (process.group == WatchedProcess::kUnwatched) {
      Begin(process, stat, now);
      return;
    }
    Name(process, stat, now);
  }
  if (process.group == WatchedProcess::kUnwatched) {
    process.look_at = now + kUnwatchedPause + Spread(process.pid, 15);
    return;
  }
  if (!process.watched()) return;
  if (now >= process.details_at && groups_.CouldLeave(process.group)) Name(process, stat, now);
  if (!process.watched()) return;
  ProcessCounts counts = process.last;
  TakeStat(stat, counts);
  const auto resident =
      static_cast<std::uint64_t>(static_cast<double>(stat.resident_pages) * page_bytes_);
  const auto threads = static_cast<std::uint32_t>(stat.threads);
  const bool changed = counts != process.last || resident != process.resident_bytes ||
                       threads != process.threads || stat.state != process.state;
  process.resident_bytes = resident;
  process.virtual_bytes = stat.virtual_bytes;
  process.threads = threads;
  process.state = stat.state;
  if (changed || now >= process.details_at || options_.threads) ReadDetails(process, now, counts);
  ProcessGroup& group = groups_[process.group];
  ProcessCounts growth;
  AddGrowth(process.last, counts, growth);
  AddGrowth({}, growth, group.total);
  // A quiet process was last read several sweeps ago.
  if (now > process.read_at) {
    group.cores += CoresOf(growth.user_ticks + growth.system_ticks, now - process.read_at);
  }
  process.last = counts;
  process.read_at = now;
  process.unchanged = changed ? 0 : static_cast<std::uint8_t>(std::min(process.unchanged + 1, 100));
  const bool quiet = process.unchanged >= kUnchangedIsQuiet && !options_.threads;
  process.look_at = quiet ? now + kQuietPause + Spread(process.pid, 5) : now;
}

void ProcessTable::ReadDetails(WatchedProcess& process, MonoTime now, ProcessCounts& counts) {
  process.details_at = now + kDetailsPause + Spread(process.pid, 30);
  if (const RawRead read = ReadDetail(process.pid, "status")) {
    const ProcessStatus status = ParseProcessStatus(read.text);
    process.anon_bytes = status.anon_bytes;
    process.swapped_bytes = status.swap_bytes;
    counts.voluntary_switches = status.voluntary_switches;
    counts.involuntary_switches = status.involuntary_switches;
  }
  if (const RawRead read = ReadDetail(process.pid, "io")) {
    const ProcessIo io = ParseProcessIo(read.text);
    counts.read_bytes = io.read_bytes;
    counts.write_bytes = io.write_bytes;
  }
  ++reads_;
  const auto open_files = proc_->Count(PathOf(process.pid, "fd"));
  process.open_files = open_files ? static_cast<std::int64_t>(*open_files) : -1;
  if (now >= process.limit_at) {
    process.limit_at = now + kLimitPause + Spread(process.pid, 60);
    if (const RawRead read = ReadDetail(process.pid, "limits")) {
      process.open_files_limit = ParseOpenFilesLimit(read.text).value_or(0);
    }
  }
  if (options_.wait_channels) {
    const RawRead read = ReadDetail(process.pid, "wchan");
    process.wait_channel = read ? WaitChannel(read.text) : std::uint16_t{0};
  }
  if (options_.smaps) {
    if (const RawRead read = ReadDetail(process.pid, "smaps_rollup")) {
      process.proportional = ParseSmapsRollup(read.text);
    }
  }
  if (options_.threads) ReadThreads(process, counts);
}

void ProcessTable::ReadThreads(WatchedProcess& process, ProcessCounts& counts) {
  if (process.threads < 2 || !proc_->List(PathOf(process.pid, "task"), thread_ids_)) {
    threads_.Forget(process.pid);
    return;
  }
  thread_readings_.clear();
  thread_names_.clear();
  std::vector<std::pair<std::size_t, std::size_t>> names;
  std::string folder;
  for (const std::uint32_t id : thread_ids_) {
    folder.assign("task/").append(std::to_string(id)).append("/");
    const RawRead read = Read(process.pid, folder + "stat", text_);
    const auto stat = read ? ParseProcessStat(read.text) : std::nullopt;
    if (!stat) continue;
    ThreadReading reading{id, stat->start_ticks, {}, stat->state, 0, {}};
    TakeStat(*stat, reading.counts);
    names.emplace_back(thread_names_.size(), stat->comm.size());
    thread_names_ += stat->comm;
    if (const RawRead status = Read(process.pid, folder + "status", text_)) {
      const ProcessStatus parsed = ParseProcessStatus(status.text);
      reading.counts.voluntary_switches = parsed.voluntary_switches;
      reading.counts.involuntary_switches = parsed.involuntary_switches;
    }
    if (const RawRead io = Read(process.pid, folder + "io", text_)) {
      const ProcessIo parsed = ParseProcessIo(io.text);
      reading.counts.read_bytes = parsed.read_bytes;
      reading.counts.write_bytes = parsed.write_bytes;
    }
    if (options_.wait_channels) {
      if (const RawRead wait = Read(process.pid, folder + "wchan", text_)) {
        reading.wait_channel = WaitChannel(wait.text);
      }
    }
    thread_readings_.push_back(reading);
  }
  for (std::size_t i = 0; i < thread_readings_.size(); ++i) {
    thread_readings_[i].name =
        std::string_view(thread_names_).substr(names[i].first, names[i].second);
  }
  // A process's own count is its first thread's alone.
  ProcessCounts switches = process.last;
  threads_.Update(process.pid, thread_readings_, switches);
  counts.voluntary_switches = switches.voluntary_switches;
  counts.involuntary_switches = switches.involuntary_switches;
}

void ProcessTable::Name(WatchedProcess& process, const ProcessStat& stat, MonoTime now) {
  process.comm_hash = std::hash<std::string_view>{}(stat.comm);
  // The comm is in text_, which nothing below reads into.
  if (arguments_text_.empty()) arguments_text_.resize(kArgumentsBytes);
  const RawRead read = Read(process.pid, "cmdline", arguments_text_);
  ParseCommandLine(read.text, arguments_);
  ProcessIdentity identity;
  identity.pid = process.pid;
  identity.comm = stat.comm;
  identity.arguments = arguments_;
  identity.start_seconds = process.start_seconds;
  if (options_.names.uses_username()) {
    status_text_.resize(kTextBytes);
    const RawRead status = Read(process.pid, "status", status_text_);
    identity.username = users_.NameOf(ParseProcessStatus(status.text).effective_uid, now);
  }
  if (options_.names.uses_cgroups()) {
    cgroups_text_.resize(kTextBytes);
    ParseCgroupPaths(Read(process.pid, "cgroup", cgroups_text_).text, cgroups_);
    identity.cgroups = cgroups_;
  }
  if (const auto name = options_.names.Name(identity)) {
    process.group = groups_.Enter(*name, now);
  } else {
    process.group = options_.children ? GroupOfAncestor(stat.parent) : WatchedProcess::kUnwatched;
  }
}

std::uint32_t ProcessTable::GroupOfAncestor(std::uint32_t parent) {
  if (parent == 0) return WatchedProcess::kUnwatched;
  const WatchedProcess* process = Find(parent);
  if (!process) process = FindBorn(parent);
  return process ? process->group : WatchedProcess::kUndecided;
}

void ProcessTable::JoinAncestors(bool all_known) {
  for (WatchedProcess& process : processes_) {
    if (process.group != WatchedProcess::kUndecided) continue;
    std::uint32_t group = WatchedProcess::kUndecided;
    std::uint32_t parent = process.parent;
    for (int i = 0; i < kMaxAncestors && group == WatchedProcess::kUndecided; ++i) {
      const WatchedProcess* ancestor = parent == 0 ? nullptr : Find(parent);
      if (!ancestor) break;
      group = ancestor->group;
      parent = ancestor->parent;
    }
    if (group == WatchedProcess::kUndecided && all_known) group = WatchedProcess::kUnwatched;
    if (group != WatchedProcess::kUndecided) Join(process, group);
  }
}

void ProcessTable::Join(WatchedProcess& process, std::uint32_t group) {
  process.group = group;
  if (process.watched() && std::exchange(process.from_birth, false)) {
    AddGrowth({}, process.last, groups_[group].total);
    groups_[group].born_ticks += process.last.user_ticks + process.last.system_ticks;
  }
}

void ProcessTable::MergeBorn() {
  if (born_.empty()) return;
  const auto by_pid = [](const WatchedProcess& a, const WatchedProcess& b) {
    return a.pid < b.pid;
  };
  const auto middle = static_cast<std::ptrdiff_t>(processes_.size());
  processes_.insert(processes_.end(), born_.begin(), born_.end());
  std::inplace_merge(processes_.begin(), processes_.begin() + middle, processes_.end(), by_pid);
  born_.clear();
}

void ProcessTable::DropUnseen() {
  std::erase_if(processes_, [&](const WatchedProcess& process) {
    if (process.sweep == sweep_) return false;
    threads_.Forget(process.pid);
    return true;
  });
}

void ProcessTable::Sum() {
  groups_.ClearGauges();
  for (const WatchedProcess& process : processes_) {
    if (!process.watched()) continue;
    ProcessGroup& group = groups_[process.group];
    ProcessGauges& now = group.now;
    ++now.processes;
    now.threads += process.threads;
    now.resident_bytes += process.resident_bytes;
    now.virtual_bytes += process.virtual_bytes;
    now.swapped_bytes += process.swapped_bytes;
    now.anon_bytes += process.anon_bytes;
    now.proportional_bytes += process.proportional.resident_bytes;
    now.proportional_swapped_bytes += process.proportional.swap_bytes;
    ++now.states[static_cast<std::size_t>(ProcessStateOf(process.state))];
    const auto start = static_cast<std::uint64_t>(std::max(process.start_seconds, 0.0));
    if (now.oldest_start_seconds == 0 || start < now.oldest_start_seconds) {
      now.oldest_start_seconds = start;
    }
    if (process.open_files >= 0) {
      now.open_files += static_cast<std::uint64_t>(process.open_files);
      if (process.open_files_limit > 0) {
        now.worst_files_ratio =
            std::max(now.worst_files_ratio, static_cast<double>(process.open_files) /
                                                static_cast<double>(process.open_files_limit));
      }
    }
    if (process.wait_channel != 0) {
      if (group.waits.size() <= process.wait_channel) {
        group.waits.resize(process.wait_channel + 1u);
      }
      ++group.waits[process.wait_channel];
    }
  }
  if (!options_.threads) return;
  for (const std::uint32_t i : groups_.by_name()) ClearThreads(groups_[i]);
  for (const WatchedProcess& process : processes_) {
    if (process.watched()) threads_.Sum(process.pid, groups_[process.group]);
  }
  for (const std::uint32_t i : groups_.by_name()) DropEndedThreads(groups_[i]);
}

WatchedProcess* ProcessTable::Find(std::uint32_t pid) {
  if (hint_ < processes_.size() && processes_[hint_].pid == pid) return &processes_[hint_++];
  const auto found = std::lower_bound(
      processes_.begin(), processes_.end(), pid,
      [](const WatchedProcess& one, std::uint32_t wanted) { return one.pid < wanted; });
  if (found == processes_.end() || found->pid != pid) return nullptr;
  hint_ = static_cast<std::size_t>(found - processes_.begin()) + 1;
  return &*found;
}

WatchedProcess* ProcessTable::FindBorn(std::uint32_t pid) {
  const auto found = std::lower_bound(
      born_.begin(), born_.end(), pid,
      [](const WatchedProcess& one, std::uint32_t wanted) { return one.pid < wanted; });
  return found == born_.end() || found->pid != pid ? nullptr : &*found;
}

RawRead ProcessTable::Read(std::uint32_t pid, std::string_view file, std::vector<char>& text) {
  ++reads_;
  return proc_->Read(PathOf(pid, file), text);
}

RawRead ProcessTable::ReadDetail(std::uint32_t pid, std::string_view file) {
  RawRead read = Read(pid, file, text_);
  // The groups of a user stand in one line of status, before most of what is wanted.
  while (read && read.text.size() == text_.size() && text_.size() < kMostTextBytes) {
    text_.resize(text_.size() * 4);
    read = Read(pid, file, text_);
  }
  if (!read && !Ended(read.error)) ++partial_errors_;
  return read;
}

const char* ProcessTable::PathOf(std::uint32_t pid, std::string_view file) {
  char* end = std::to_chars(path_.data(), path_.data() + 10, pid).ptr;
  *end++ = '/';
  end += file.copy(end, static_cast<std::size_t>(path_.data() + path_.size() - 1 - end));
  *end = '\0';
  return path_.data();
}

std::uint16_t ProcessTable::WaitChannel(std::string_view name) {
  if (name.empty() || name == "0") return 0;
  const auto found = std::find(wait_channels_.begin(), wait_channels_.end(), name);
  if (found == wait_channels_.end()) {
    if (wait_channels_.size() >= kMaxWaitChannels) return 0;
    wait_channels_.emplace_back(name);
    return static_cast<std::uint16_t>(wait_channels_.size() - 1);
  }
  return static_cast<std::uint16_t>(found - wait_channels_.begin());
}

Status ProcessTable::RefreshBootTime(MonoTime now) {
  if (boot_seconds_ > 0 && now - boot_read_at_ < kBootTimePause) return Unit{};
  const std::string path = fs_.ProcPath("stat");
  const RawRead read = fs_.ReadInto(path, boot_buffer_);
  if (!read) return AbsentIsFailure(FileError(path, read.error));
  const auto boot = ParseBootTime(read.text);
  if (!boot) return MalformedText(path, "a line btime", read.text);
  boot_read_at_ = now;
  const auto seconds_now = static_cast<double>(*boot);
  if (std::abs(seconds_now - boot_seconds_) > kBootTimeSlack) boot_seconds_ = seconds_now;
  return Unit{};
}

}  // namespace tocsin
