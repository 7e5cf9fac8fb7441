#pragma once
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace tocsin {

/// Tells systemd about the agent's state, as sd_notify(3) documents the datagram; nothing happens
/// where $NOTIFY_SOCKET is not set. (libsystemd would cost 0.9 MB of resident memory for this.)
void NotifyServiceManager(std::string_view state);

/// Tells systemd that the agent makes progress, where its unit has a WatchdogSec=: as
/// sd_watchdog_enabled(3) documents $WATCHDOG_USEC and $WATCHDOG_PID. One thread.
class Watchdog {
 public:
  /// `clock` outlives it.
  explicit Watchdog(const Clock& clock);

  /// Told on at most four times in the watchdog's time.
  void Alive();

 private:
  const Clock& clock_;
  std::optional<std::chrono::microseconds> interval_;  // nothing: there is no watchdog
  std::optional<MonoTime> told_at_;
};

}  // namespace tocsin
