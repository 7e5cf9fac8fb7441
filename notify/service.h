#pragma once
// Alerts in, notifications out: what the agent holds.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "notify/config.h"
#include "notify/dispatcher.h"
#include "rules/alert.h"

namespace tocsin::notify {

/// Thread-safe.
class Notifications {
 public:
  /// `clock` outlives it. `seed` varies the jitter between hosts. Nothing is sent before Start().
  Notifications(const Clock& clock, std::unique_ptr<Transport> transport, std::uint64_t seed);

  /// At the start and at each reload: destinations that stay keep what they have still to send.
  void Apply(const NotifyConfig& config);

  /// Starts the thread "notify".
  void Start() { dispatcher_.Start(); }

  /// The alerts of one evaluation that changed or are due to be sent again: firing ones (also again
  /// and again, before their valid_until), and resolved ones once. Queues them and returns.
  void Send(std::span<const AlertEvent> events);

  /// At shutdown; see Dispatcher::Drain.
  bool Drain(MonoTime deadline) { return dispatcher_.Drain(deadline); }

  /// For tocsin_notifications_*.
  std::vector<DestinationStats> Stats() const { return dispatcher_.Stats(); }

 private:
  const Clock& clock_;
  Dispatcher dispatcher_;
  Mutex mutex_;
  std::vector<std::string> alertmanagers_ GUARDED_BY(mutex_);  // destinations by name
};

}  // namespace tocsin::notify
