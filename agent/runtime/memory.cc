#include "agent/runtime/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace tocsin {
namespace {

/// Gives back the segments of an object that nobody writes: code and constants.
int ReleaseSegments(dl_phdr_info* object, std::size_t, void*) {
  if (object->dlpi_addr == ::getauxval(AT_SYSINFO_EHDR)) return 0;  // the kernel's own
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W)) continue;
    const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
    const std::uintptr_t from = begin & ~(page - 1);
    const std::uintptr_t to = (begin + segment.p_memsz) & ~(page - 1);
    if (from < to) ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void ConfigureMalloc() {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);  // the default, but fixed by being said
}

void ReleaseUnusedMemory() {
  ::malloc_trim(0);
  // Not by /proc/self/smaps: a library that another thread loads meanwhile would lose what the
  // loader has written to it since.
  ::dl_iterate_phdr(ReleaseSegments, nullptr);
}

}  // namespace tocsin
