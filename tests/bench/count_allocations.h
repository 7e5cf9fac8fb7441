#pragma once
#include <atomic>
#include <cstddef>

namespace tocsin {

/// Calls of operator new so far, in a benchmark that is linked with count_allocations.cc.
extern std::atomic<std::size_t> allocations;

}  // namespace tocsin
