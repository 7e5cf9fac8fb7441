#include "agent/runtime/process_top.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "base/parse.h"

namespace tocsin {
namespace {

/// What a process calls itself, without anything that could be more than a name to a reader.
std::string Printable(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 15)) {
    const bool plain = c > ' ' && c < '\x7f' && c != '<' && c != '>' && c != '&';
    out.push_back(plain ? c : '?');
  }
  return out;
}

std::uint64_t Number(std::string_view field) { return ParseInt<std::uint64_t>(field).value_or(0); }

std::string Sized(std::uint64_t bytes) {
  constexpr std::array<const char*, 4> kUnits{"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), value < 10 ? "%.1f%s" : "%.0f%s", value, kUnits[unit]);
  return text.data();
}

struct Ranked {
  const ProcessUse* process;
  std::uint64_t amount;
};

/// The `count` largest, spelled by `spell`.
template <class Spell>
std::string Top(std::vector<Ranked> ranked, std::size_t count, Spell spell) {
  std::erase_if(ranked, [](const Ranked& one) { return one.amount == 0; });
  count = std::min(count, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(count),
                    ranked.end(), [](const Ranked& a, const Ranked& b) {
                      return a.amount != b.amount ? a.amount > b.amount
                                                  : a.process->pid < b.process->pid;
                    });
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const ProcessUse& process = *ranked[i].process;
    if (!text.empty()) text += ", ";
    text += process.name + " (" + std::to_string(process.pid) + ") " + spell(ranked[i].amount);
  }
  return text;
}

}  // namespace

ProcessUse ParseProcessStat(std::string_view text, std::size_t page_bytes) {
  ProcessUse process;
  const auto open = text.find('(');
  const auto close = text.rfind(')');  // a name may contain anything
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return {};
  process.pid = ParseInt<int>(Trim(text.substr(0, open))).value_or(0);
  process.name = Printable(text.substr(open + 1, close - open - 1));
  std::string_view rest = text.substr(close + 1);
  // proc(5): utime 14, stime 15, starttime 22, rss 24; the state is field 3.
  for (int field = 3; field <= 24; ++field) {
    const std::string_view value = TakeField(rest);
    if (value.empty()) return {};
    if (field == 14 || field == 15) process.cpu_ticks += Number(value);
    if (field == 22) process.started = Number(value);
    if (field == 24) process.resident_bytes = Number(value) * page_bytes;
  }
  return process;
}

ProcessReading ReadProcesses(const HostFs& fs, const Clock& clock, nanoseconds budget) {
  ProcessReading reading;
  reading.at = clock.Mono();
  const auto names = fs.List(fs.paths().procfs);
  if (!names) return reading;
  std::string buffer;
  for (const std::string& name : *names) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (reading.processes.size() >= kMaxProcesses || clock.Mono() - reading.at > budget) break;
    const RawRead read = fs.ReadInto(fs.ProcPath(name + "/stat"), buffer);
    if (!read) continue;
    ProcessUse process = ParseProcessStat(read.text, fs.PageBytes());
    if (process.pid != 0) reading.processes.push_back(std::move(process));
  }
  return reading;
}

std::string TopByCpu(const ProcessReading& before, const ProcessReading& after, std::size_t count) {
  std::map<std::pair<int, std::uint64_t>, std::uint64_t> ticks_before;
  for (const ProcessUse& process : before.processes) {
    ticks_before[{process.pid, process.started}] = process.cpu_ticks;
  }
  std::vector<Ranked> ranked;
  for (const ProcessUse& process : after.processes) {
    const auto found = ticks_before.find({process.pid, process.started});
    if (found == ticks_before.end() || process.cpu_ticks < found->second) continue;
    ranked.push_back({&process, process.cpu_ticks - found->second});
  }
  const double elapsed = ToSeconds(after.at - before.at);
  const double per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  if (elapsed <= 0) return {};
  return Top(std::move(ranked), count, [&](std::uint64_t ticks) {
    const double percent = 100 * static_cast<double>(ticks) / per_second / elapsed;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.0f%%", percent);
    return std::string(text.data());
  });
}

std::string TopByMemory(const ProcessReading& reading, std::size_t count) {
  std::vector<Ranked> ranked;
  for (const ProcessUse& process : reading.processes) {
    ranked.push_back({&process, process.resident_bytes});
  }
  return Top(std::move(ranked), count, Sized);
}

}  // namespace tocsin
