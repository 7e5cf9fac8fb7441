#pragma once
// The latest snapshot of every collector: what the page shows.

#include <cstdint>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "metrics/snapshot.h"

namespace tocsin {

/// Thread-safe. Slots are made before anything runs; reading never waits for a collector.
class Board {
 public:
  struct Entry {
    std::string collector;
    Ref<const Snapshot> snapshot;  // null while the collector has no valid data
  };

  std::size_t AddSlot(std::string collector);
  void Publish(std::size_t slot, Ref<const Snapshot> snapshot);

  /// Rises with every Publish.
  std::uint64_t version() const;
  std::vector<Entry> Read() const;

 private:
  mutable Mutex mutex_;
  std::vector<Entry> entries_ GUARDED_BY(mutex_);
  std::uint64_t version_ GUARDED_BY(mutex_) = 0;
};

}  // namespace tocsin
