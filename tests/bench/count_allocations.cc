#include "tests/bench/count_allocations.h"

#include <cstdlib>
#include <new>

std::atomic<std::size_t> tocsin::allocations{0};

void* operator new(std::size_t size) {
  tocsin::allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
