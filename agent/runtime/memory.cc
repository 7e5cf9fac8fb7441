#include "agent/runtime/memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/parse.h"
#include "collectors/host_fs.h"

namespace tocsin {
namespace {

/// A mapping as /proc/self/smaps begins it.
struct Mapping {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  bool of_file = false;
};

std::optional<Mapping> ReadHead(std::string_view line) {
  const std::string_view range = TakeField(line);
  const auto dash = range.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto begin = ParseInt<std::uintptr_t>(range.substr(0, dash), 16);
  const auto end = ParseInt<std::uintptr_t>(range.substr(dash + 1), 16);
  if (!begin || !end) return std::nullopt;
  return Mapping{*begin, *end, line.find('/') != std::string_view::npos};
}

/// Unmaps the pages of files that hold nothing but what the file has.
void ReleaseFilePages(std::string_view smaps) {
  Mapping mapping;
  while (!smaps.empty()) {
    std::string_view line = TakeLine(smaps);
    if (const auto head = ReadHead(line)) {
      mapping = *head;
    } else if (TakeField(line) == "Anonymous:" && TakeField(line) == "0" && mapping.of_file) {
      ::madvise(reinterpret_cast<void*>(mapping.begin), mapping.end - mapping.begin, MADV_DONTNEED);
    }
  }
}

}  // namespace

void ConfigureMalloc() {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);  // the default, but fixed by being said
}

void ReleaseUnusedMemory() {
  ::malloc_trim(0);
  if (const auto smaps = MakeHostFs({})->Read("/proc/self/smaps")) ReleaseFilePages(*smaps);
}

}  // namespace tocsin
