#include "collectors/process/process_files.h"

#include <limits>

#include "base/parse.h"

namespace tocsin {
namespace {

/// The number at the start of `text`, after blanks; 0 if there is none.
std::uint64_t LeadingNumber(std::string_view text) {
  return ParseInt<std::uint64_t>(TakeField(text)).value_or(0);
}

/// Calls `visit(key, rest)` for each line "key: rest".
template <class Visit>
void ForEachField(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    const auto colon = line.find(':');
    if (colon != std::string_view::npos) visit(line.substr(0, colon), line.substr(colon + 1));
  }
}

constexpr std::uint64_t kKilobyte = 1024;

/// Reads the numbers of a stat line one by one.
class Numbers {
 public:
  explicit Numbers(std::string_view text) : text_(text) {}

  void Skip(int fields) {
    for (int i = 0; i < fields; ++i) TakeField(text_);
  }
  std::uint64_t Next() {
    const auto value = ParseInt<std::uint64_t>(TakeField(text_));
    ok_ = ok_ && value;
    return value.value_or(0);
  }
  bool ok() const { return ok_; }

 private:
  std::string_view text_;
  bool ok_ = true;
};

}  // namespace

std::optional<ProcessStat> ParseProcessStat(std::string_view text) {
  // "PID (NAME) STATE PPID …": the name may hold parentheses, what follows it may not.
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return std::nullopt;
  }
  ProcessStat stat{};
  stat.comm = text.substr(open + 1, close - open - 1);
  std::string_view rest = text.substr(close + 1);
  const std::string_view state = TakeField(rest);
  if (state.size() != 1) return std::nullopt;
  stat.state = state[0];
  Numbers numbers(rest);
  stat.parent = static_cast<std::uint32_t>(numbers.Next());
  numbers.Skip(5);  // pgrp session tty_nr tpgid flags
  stat.minor_faults = numbers.Next();
  numbers.Skip(1);  // cminflt
  stat.major_faults = numbers.Next();
  numbers.Skip(1);  // cmajflt
  stat.user_ticks = numbers.Next();
  stat.system_ticks = numbers.Next();
  numbers.Skip(4);  // cutime cstime priority nice
  stat.threads = numbers.Next();
  numbers.Skip(1);  // itrealvalue
  stat.start_ticks = numbers.Next();
  stat.virtual_bytes = numbers.Next();
  stat.resident_pages = numbers.Next();
  return numbers.ok() ? std::optional(stat) : std::nullopt;
}

ProcessStatus ParseProcessStatus(std::string_view text) {
  ProcessStatus status;
  // The first line is "Name:", which the kernel escapes; a field's last mention counts.
  ForEachField(text, [&](std::string_view key, std::string_view rest) {
    if (key == "Uid") {
      TakeField(rest);
      status.effective_uid = ParseInt<std::uint32_t>(TakeField(rest)).value_or(0);
    } else if (key == "RssAnon") {
      status.anon_bytes = LeadingNumber(rest) * kKilobyte;
    } else if (key == "VmSwap") {
      status.swap_bytes = LeadingNumber(rest) * kKilobyte;
    } else if (key == "voluntary_ctxt_switches") {
      status.voluntary_switches = LeadingNumber(rest);
    } else if (key == "nonvoluntary_ctxt_switches") {
      status.involuntary_switches = LeadingNumber(rest);
    }
  });
  return status;
}

ProcessIo ParseProcessIo(std::string_view text) {
  ProcessIo io;
  ForEachField(text, [&](std::string_view key, std::string_view rest) {
    if (key == "read_bytes") io.read_bytes = LeadingNumber(rest);
    if (key == "write_bytes") io.write_bytes = LeadingNumber(rest);
  });
  return io;
}

std::optional<std::uint64_t> ParseOpenFilesLimit(std::string_view text) {
  constexpr std::string_view kName = "Max open files";
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    if (!line.starts_with(kName)) continue;
    line.remove_prefix(kName.size());
    const std::string_view soft = TakeField(line);
    if (soft == "unlimited") return std::numeric_limits<std::uint64_t>::max();
    return ParseInt<std::uint64_t>(soft);
  }
  return std::nullopt;
}

ProportionalMemory ParseSmapsRollup(std::string_view text) {
  ProportionalMemory memory;
  ForEachField(text, [&](std::string_view key, std::string_view rest) {
    if (key == "Pss") memory.resident_bytes = LeadingNumber(rest) * kKilobyte;
    if (key == "SwapPss") memory.swap_bytes = LeadingNumber(rest) * kKilobyte;
  });
  return memory;
}

void ParseCommandLine(std::string_view text, std::vector<std::string_view>& arguments) {
  arguments.clear();
  while (text.ends_with('\0')) text.remove_suffix(1);
  if (text.empty()) return;
  while (true) {
    const auto end = text.find('\0');
    arguments.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

void ParseCgroupPaths(std::string_view text, std::vector<std::string_view>& paths) {
  paths.clear();
  // "NUMBER:CONTROLLERS:PATH"
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    const auto first = line.find(':');
    if (first == std::string_view::npos) continue;
    const auto second = line.find(':', first + 1);
    if (second != std::string_view::npos) paths.push_back(line.substr(second + 1));
  }
}

std::optional<std::uint64_t> ParseBootTime(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    if (TakeField(line) == "btime") return ParseInt<std::uint64_t>(TakeField(line));
  }
  return std::nullopt;
}

}  // namespace tocsin
