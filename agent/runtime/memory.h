#pragma once

namespace tocsin {

/// Before any thread begins: all threads share one malloc arena. A dozen arenas that each keep
/// some free memory cost more than the few allocations of a steady agent contend for. And what is
/// large is mapped by itself for good: left alone, malloc takes it from the heap once it has seen
/// it come and go, where it leaves holes as large (a quarter of the memory with 30,000 series).
void ConfigureMalloc();

/// Gives back what only starting (or reloading) needed: free heap pages, and the mapping of code
/// and constants, of which those in use come back at their next use.
void ReleaseUnusedMemory();

}  // namespace tocsin
