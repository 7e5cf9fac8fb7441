#include "agent/runtime/board.h"

#include <algorithm>
#include <utility>

namespace tocsin {

void Board::Publish(const std::string& collector, Ref<const Snapshot> snapshot) {
  const MutexLock lock(mutex_);
  auto slot = std::lower_bound(slots_.begin(), slots_.end(), collector,
                               [](const exposition::NamedSnapshot& s, const std::string& name) {
                                 return s.collector < name;
                               });
  if (slot == slots_.end() || slot->collector != collector) {
    slot = slots_.insert(slot, {collector, nullptr});
  }
  slot->snapshot = std::move(snapshot);
  ++version_;
}

std::uint64_t Board::Version() const {
  const MutexLock lock(mutex_);
  return version_;
}

void Board::Read(std::vector<exposition::NamedSnapshot>& out) const {
  const MutexLock lock(mutex_);
  out = slots_;
}

std::vector<exposition::NamedSnapshot> Board::Read() const {
  std::vector<exposition::NamedSnapshot> out;
  Read(out);
  return out;
}

}  // namespace tocsin
