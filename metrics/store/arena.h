#pragma once
// Memory of the store, taken from the kernel in regions of 64 KB and given back as regions, so that
// hours of blocks coming and going leave no holes in the heap, and every byte is counted.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/mutex.h"

namespace tocsin::store {

/// Counts what the store holds against its limit. Thread-safe.
class Budget {
 public:
  explicit Budget(std::size_t max_bytes) : max_(max_bytes) {}

  void Add(std::size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void Sub(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  /// Bytes that are no part of the store any more, but which a reader still holds.
  void AddPinned(std::size_t bytes) { pinned_.fetch_add(bytes, std::memory_order_relaxed); }
  void SubPinned(std::size_t bytes) { pinned_.fetch_sub(bytes, std::memory_order_relaxed); }

  std::size_t used() const {
    const std::size_t used = used_.load(std::memory_order_relaxed);
    const std::size_t pinned = pinned_.load(std::memory_order_relaxed);
    return used > pinned ? used - pinned : 0;
  }
  bool Fits(std::size_t more) const { return used() + more <= max_; }
  bool Exceeded() const { return used() > max_; }

 private:
  const std::size_t max_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::size_t> pinned_{0};
};

/// Pieces of any size, handed out one after the other; a region goes back to the kernel when all
/// its pieces were released. Blocks that are made at one time die at one time, so regions empty.
/// Thread-safe. Outlives its pieces.
class BlockArena {
 public:
  struct Region;
  struct Piece {
    void* memory;  // aligned to 16
    Region* region;
  };

  explicit BlockArena(Budget& budget) : budget_(budget) {}
  ~BlockArena();
  BlockArena(const BlockArena&) = delete;
  BlockArena& operator=(const BlockArena&) = delete;

  /// Never refuses: callers make room afterwards.
  Piece Allocate(std::size_t bytes);
  void Release(Region* region);
  Budget& budget() { return budget_; }

 private:
  Region* NewRegion(std::size_t bytes);
  void FreeRegion(Region* region);

  Budget& budget_;
  Mutex mutex_;
  Region* current_ GUARDED_BY(mutex_) = nullptr;
};

/// Buffers of one size. Thread-safe. Outlives its buffers.
class BufferPool {
 public:
  BufferPool(Budget& budget, std::size_t buffer_bytes)
      : budget_(budget), buffer_bytes_(buffer_bytes) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// Null if the budget does not allow it.
  void* Allocate();
  void Release(void* buffer);

 private:
  struct Slab {
    char* memory;
    std::uint64_t free_mask;  // bit i: buffer i is free
  };
  static constexpr std::size_t kBuffersPerSlab = 64;

  std::size_t SlabBytes() const;

  Budget& budget_;
  const std::size_t buffer_bytes_;
  Mutex mutex_;
  std::vector<Slab> slabs_ GUARDED_BY(mutex_);  // by address
  std::size_t hint_ GUARDED_BY(mutex_) = 0;     // a slab that had room
};

}  // namespace tocsin::store
