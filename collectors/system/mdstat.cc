#include "collectors/system/mdstat.h"

#include <algorithm>
#include <optional>

#include "base/parse.h"
#include "collectors/source.h"

namespace tocsin {
namespace {

using State = MdArray::State;

bool Contains(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

std::uint64_t Count(std::string_view text, std::string_view word) {
  std::uint64_t count = 0;
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    ++count;
  }
  return count;
}

struct Pair {
  std::uint64_t first;
  std::uint64_t second;
};

/// The first "<open>N/M<close>" in `text`: "[2/1]", "(16775552/195310144)".
std::optional<Pair> FindPair(std::string_view text, char open, char close) {
  for (auto at = text.find(open); at != std::string_view::npos; at = text.find(open, at + 1)) {
    const auto slash = text.find('/', at);
    const auto end = text.find(close, at);
    if (slash == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
    if (slash > end) continue;
    const auto first = ParseInt<std::uint64_t>(text.substr(at + 1, slash - at - 1));
    const auto second = ParseInt<std::uint64_t>(text.substr(slash + 1, end - slash - 1));
    if (first && second) return Pair{*first, *second};
  }
  return std::nullopt;
}

State StateOf(std::string_view word) {
  if (word == "active") return State::kActive;
  if (word == "inactive") return State::kInactive;
  return State::kOther;
}

/// "md6 : active raid1 sdb2[2](F) sdc[1](S) sda2[0]"
Status ParseDevices(std::string_view line, MdArray& array) {
  const std::string_view whole = line;
  array.name = TakeField(line);
  TakeField(line);
  const std::string_view state = TakeField(line);
  if (state.empty()) return MalformedText("mdstat", "a name, a colon and a state", whole);
  array.state = StateOf(state);
  array.disks_failed = Count(whole, "(F)");
  array.disks_spare = Count(whole, "(S)");
  return Unit{};
}

/// "195310144 blocks super 1.2 [2/1] [U_]"
Status ParseBlocks(std::string_view devices, std::string_view line, MdArray& array) {
  const std::string_view whole = line;
  const auto blocks = ParseInt<std::uint64_t>(TakeField(line));
  if (!blocks) return MalformedText("mdstat", "a number of blocks", Trim(whole));
  array.blocks = array.blocks_synced = *blocks;
  if (Contains(devices, "raid0") || Contains(devices, "linear")) {
    // Without redundancy only the disks themselves are listed.
    array.disks_active = array.disks_required = Count(devices, "[");
  } else if (array.state != State::kInactive) {
    const auto disks = FindPair(whole, '[', ']');
    if (!disks) return MalformedText("mdstat", "[required/active]", Trim(whole));
    array.disks_required = disks->first;
    array.disks_active = disks->second;
  }
  return Unit{};
}

/// "[=>…]  recovery =  8.5% (16775552/195310144) finish=…", or "resync=DELAYED".
Status ParseSync(std::string_view line, MdArray& array) {
  if (Contains(line, "recovery")) {
    array.state = State::kRecovering;
  } else if (Contains(line, "check")) {
    array.state = State::kChecking;
  } else if (Contains(line, "resync")) {
    array.state = State::kResyncing;
  } else {
    return Unit{};
  }
  if (Contains(line, "PENDING") || Contains(line, "DELAYED")) {
    array.blocks_synced = 0;
    return Unit{};
  }
  const auto blocks = FindPair(line, '(', ')');
  if (!blocks) return MalformedText("mdstat", "(synced/all)", Trim(line));
  array.blocks_synced = blocks->first;
  return Unit{};
}

}  // namespace

Status ParseMdstat(std::string_view text, std::vector<MdArray>& arrays) {
  arrays.clear();
  std::string_view devices;  // the first line of the array being read
  int line_number = 0;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (Trim(line).empty() || line.starts_with("Personalities") || line.starts_with("unused")) {
      continue;
    }
    if (!line.starts_with(' ')) {
      if (!arrays.empty() && line_number == 1) {
        return MalformedText("mdstat", "a line of blocks after", devices);
      }
      arrays.push_back({});
      TRY(ParseDevices(line, arrays.back()));
      devices = line;
      line_number = 1;
    } else if (arrays.empty()) {
      return MalformedText("mdstat", "an array", Trim(line));
    } else if (line_number++ == 1) {
      TRY(ParseBlocks(devices, line, arrays.back()));
    } else if (!Contains(line, "bitmap")) {
      TRY(ParseSync(line, arrays.back()));
    }
  }
  if (!arrays.empty() && line_number == 1) {
    return MalformedText("mdstat", "a line of blocks after", devices);
  }
  return Unit{};
}

}  // namespace tocsin
