#include "agent/runtime/memory.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>

namespace tocsin {
namespace {

/// Resident pages of files, in kB.
long RssFile() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long size = 0;
    if (word == "RssFile:" && status >> size) return size;
  }
  return 0;
}

/// Touches every page of a megabyte of this program's code.
void UseCode() {
  const auto* const code = reinterpret_cast<const volatile char*>(&RssFile);
  for (int i = 0; i < (1 << 20); i += 4096) (void)code[i];
}

TEST(MemoryTest, CodeAndConstantsAreGivenBack) {
  UseCode();
  const long before = RssFile();
  ReleaseUnusedMemory();
  EXPECT_LT(RssFile(), before - 512);
}

/// What the loader has written to a library while it is loaded must stay.
TEST(MemoryTest, LibrariesAreLoadedMeanwhile) {
  constexpr int kLoads = 200;
  std::atomic<int> loads = 0;
  std::thread releasing([&] {
    // A few times a load: without end it would hardly leave the loader its lock.
    for (int released = 0; loads < kLoads;) {
      if (released > 3 * loads) {
        std::this_thread::yield();
        continue;
      }
      ReleaseUnusedMemory();
      ++released;
    }
  });
  for (; loads < kLoads; ++loads) {
    void* const library = ::dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << ::dlerror();
    EXPECT_NE(::dlsym(library, "PQconnectdb"), nullptr);
    ::dlclose(library);
  }
  releasing.join();
}

}  // namespace
}  // namespace tocsin
