#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "collectors/process/process_table.h"

namespace tocsin {

/// The processes that are worth a series of their own: watched, at least ten minutes old, the
/// `count` largest by anonymous memory. One that was chosen before stays unless another is larger
/// by a quarter. One thread at a time.
class LongLived {
 public:
  explicit LongLived(std::size_t count) : count_(count) {}

  void Choose(std::span<const WatchedProcess> processes, WallTime now);
  /// Sorted.
  const std::vector<std::uint32_t>& pids() const { return pids_; }

 private:
  struct Candidate {
    double weight;
    std::uint32_t pid;
  };
  const std::size_t count_;
  std::vector<std::uint32_t> pids_;
  std::vector<Candidate> candidates_;  // kept for its memory
};

}  // namespace tocsin
