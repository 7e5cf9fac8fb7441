#include "agent/runtime/board.h"

#include <utility>

namespace tocsin {

std::size_t Board::AddSlot(std::string collector) {
  const MutexLock lock(mutex_);
  entries_.push_back({std::move(collector), nullptr});
  return entries_.size() - 1;
}

void Board::Publish(std::size_t slot, Ref<const Snapshot> snapshot) {
  const MutexLock lock(mutex_);
  entries_[slot].snapshot = std::move(snapshot);
  ++version_;
}

std::uint64_t Board::version() const {
  const MutexLock lock(mutex_);
  return version_;
}

std::vector<Board::Entry> Board::Read() const {
  const MutexLock lock(mutex_);
  return entries_;
}

}  // namespace tocsin
