#pragma once
// What the parts of one store have in common.

#include <array>
#include <atomic>
#include <cstdint>

#include "metrics/store/arena.h"
#include "metrics/store/open_block.h"
#include "metrics/store/store.h"

namespace tocsin::store {

struct Counters {
  using Count = std::atomic<std::uint64_t>;

  Count appended = 0;
  Count rounds = 0;
  std::array<Count, kDropReasons> dropped{};
  Count blocks_expired = 0;
  Count blocks_evicted = 0;
  Count series_created = 0;
  Count series_removed = 0;
  Count corruptions = 0;

  static void Add(Count& count, std::uint64_t n) { count.fetch_add(n, std::memory_order_relaxed); }
  void Drop(DropReason reason, std::uint64_t samples) {
    Add(dropped[static_cast<std::size_t>(reason)], samples);
  }
};

struct Shared {
  explicit Shared(StoreOptions o)
      : options(std::move(o)), budget(options.max_bytes), arena(budget), buffers(budget) {}

  const StoreOptions options;
  Budget budget;
  BlockArena arena;
  RowBuffers buffers;
  Counters counters;
};

}  // namespace tocsin::store
