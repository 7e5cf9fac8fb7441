#include "metrics/store/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <new>

namespace tocsin::store {
namespace {

constexpr std::size_t kRegionBytes = 64 * 1024;
constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kAlignment = 16;

constexpr std::size_t RoundUp(std::size_t bytes, std::size_t to) {
  return (bytes + to - 1) / to * to;
}

void* MapPages(std::size_t bytes) {
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

}  // namespace

struct BlockArena::Region {
  std::size_t size;
  std::size_t used;
  std::size_t live;  // pieces not released
};

BlockArena::~BlockArena() {
  assert(current_ == nullptr || current_->live == 0);
  if (current_) FreeRegion(current_);
}

BlockArena::Piece BlockArena::Allocate(std::size_t bytes) {
  constexpr std::size_t kHead = RoundUp(sizeof(Region), kAlignment);
  bytes = RoundUp(bytes, kAlignment);
  const MutexLock lock(mutex_);
  Region* region = current_;
  if (kHead + bytes > kRegionBytes / 2) {
    region = NewRegion(RoundUp(kHead + bytes, kPageBytes));  // a region of its own
  } else if (!region || region->used + bytes > region->size) {
    if (region && region->live == 0) FreeRegion(region);
    region = current_ = NewRegion(kRegionBytes);
  }
  void* const memory = reinterpret_cast<char*>(region) + region->used;
  region->used += bytes;
  ++region->live;
  return {memory, region};
}

void BlockArena::Release(Region* region) {
  const MutexLock lock(mutex_);
  assert(region->live > 0);
  if (--region->live > 0) return;
  if (region == current_) current_ = nullptr;
  FreeRegion(region);
}

BlockArena::Region* BlockArena::NewRegion(std::size_t bytes) {
  auto* const region = new (MapPages(bytes)) Region{bytes, RoundUp(sizeof(Region), kAlignment), 0};
  budget_.Add(bytes);
  return region;
}

void BlockArena::FreeRegion(Region* region) {
  const std::size_t bytes = region->size;
  ::munmap(region, bytes);
  budget_.Sub(bytes);
}

BufferPool::~BufferPool() {
  for (const Slab& slab : slabs_) {
    assert(slab.free_mask == ~std::uint64_t{0});
    ::munmap(slab.memory, SlabBytes());
    budget_.Sub(SlabBytes());
  }
}

std::size_t BufferPool::SlabBytes() const {
  return RoundUp(buffer_bytes_ * kBuffersPerSlab, kPageBytes);
}

void* BufferPool::Allocate() {
  const MutexLock lock(mutex_);
  if (hint_ >= slabs_.size() || slabs_[hint_].free_mask == 0) {
    const auto with_room = std::find_if(slabs_.begin(), slabs_.end(),
                                        [](const Slab& slab) { return slab.free_mask != 0; });
    hint_ = static_cast<std::size_t>(with_room - slabs_.begin());
    if (with_room == slabs_.end()) {
      if (!budget_.Fits(SlabBytes())) return nullptr;
      auto* const memory = static_cast<char*>(MapPages(SlabBytes()));
      budget_.Add(SlabBytes());
      const auto at = std::find_if(slabs_.begin(), slabs_.end(),
                                   [&](const Slab& slab) { return slab.memory > memory; });
      hint_ = static_cast<std::size_t>(at - slabs_.begin());
      slabs_.insert(at, {memory, ~std::uint64_t{0}});
    }
  }
  Slab& slab = slabs_[hint_];
  const int i = std::countr_zero(slab.free_mask);
  slab.free_mask &= slab.free_mask - 1;
  return slab.memory + static_cast<std::size_t>(i) * buffer_bytes_;
}

void BufferPool::Release(void* buffer) {
  auto* const address = static_cast<char*>(buffer);
  const MutexLock lock(mutex_);
  auto after = std::upper_bound(slabs_.begin(), slabs_.end(), address,
                                [](const char* a, const Slab& slab) { return a < slab.memory; });
  assert(after != slabs_.begin());
  const auto slab = after - 1;
  const auto i = static_cast<std::size_t>(address - slab->memory) / buffer_bytes_;
  slab->free_mask |= std::uint64_t{1} << i;
  if (slab->free_mask != ~std::uint64_t{0}) {
    hint_ = static_cast<std::size_t>(slab - slabs_.begin());
    return;
  }
  ::munmap(slab->memory, SlabBytes());
  budget_.Sub(SlabBytes());
  slabs_.erase(slab);
  hint_ = 0;
}

}  // namespace tocsin::store
