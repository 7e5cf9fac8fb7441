#pragma once
// The collectors that run: made from settings, kept by the scheduler, changed by a reload.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/runtime/collectors.h"
#include "agent/runtime/runner.h"
#include "agent/runtime/scheduler.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace tocsin {

/// One running collector, for status pages and metrics.
struct RunningCollector {
  std::string name;
  std::string_view room;
  milliseconds interval;
  milliseconds timeout;
  std::shared_ptr<const CollectorRunner> runner;
};

/// Thread-safe.
class CollectorSet {
 public:
  /// Makes what takes a collector's results, by the collector's name. Asked again for a name whose
  /// collector a reload replaced: the new receiver carries on where the old one stopped.
  using ReceiverFactory = std::function<std::unique_ptr<RoundReceiver>(const std::string& name)>;

  /// `clock` outlives the set and rounds that hang.
  CollectorSet(const Clock& clock, std::size_t workers, ReceiverFactory make_receiver);

  /// A collector that is not in the catalog and stays through every Apply.
  void AddPermanent(MadeCollector made);

  /// That collector makes a round as soon as possible, besides those of its interval.
  void RunNow(std::string_view name);

  /// Runs exactly the enabled collectors of `host`. One whose settings did not change is left
  /// alone, hung or not. Errors: kInvalid from a collector's settings; then nothing changed.
  Status Apply(std::shared_ptr<const CollectorHost> host);

  /// Ends all rounds, waiting at most `patience` for those that hang. True if none was left behind.
  bool Stop(milliseconds patience);

  std::vector<RunningCollector> Running() const;
  std::size_t workers() const { return scheduler_.workers(); }

 private:
  struct Entry {
    RunningCollector running;
    std::shared_ptr<CollectorRunner> runner;
    std::size_t job;
    std::string fingerprint;  // of its settings; empty for a permanent one
  };

  Entry Start(MadeCollector made, std::string fingerprint, std::shared_ptr<const void> keep_alive);

  const Clock& clock_;
  const ReceiverFactory make_receiver_;
  Scheduler scheduler_;
  mutable Mutex mutex_;
  std::vector<Entry> entries_ GUARDED_BY(mutex_);
};

}  // namespace tocsin
