#pragma once
// The latest snapshot of every collector: what the page shows.

#include <cstdint>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "metrics/exposition/page.h"
#include "metrics/snapshot.h"

namespace tocsin {

/// Thread-safe. Reading never waits for a collector. Slots are ordered by name, so that a page does
/// not depend on the order in which collectors were switched on.
class Board final : public exposition::SnapshotSource {
 public:
  /// Shows what `collector` has, or that it has nothing (null). The first time makes its slot.
  void Publish(const std::string& collector, Ref<const Snapshot> snapshot);

  std::uint64_t Version() const override;
  void Read(std::vector<exposition::NamedSnapshot>& out) const override;
  std::vector<exposition::NamedSnapshot> Read() const;

 private:
  mutable Mutex mutex_;
  std::vector<exposition::NamedSnapshot> slots_ GUARDED_BY(mutex_);
  std::uint64_t version_ GUARDED_BY(mutex_) = 0;
};

}  // namespace tocsin
