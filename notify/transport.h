#pragma once
// How a rendered notification leaves the process. Receivers make Requests and judge Answers; a
// Transport carries them. Tests put a scripted one in its place.

#include <functional>
#include <memory>
#include <vector>

#include "base/outgoing/exchange.h"

namespace tocsin::notify {

using namespace outgoing;  // this room speaks of what goes out all the time

/// Single-threaded but for Wake(): everything happens on the thread that calls Wait().
class Transport {
 public:
  virtual ~Transport() = default;
  /// Begins an exchange; it completes in a later Wait() under `id`. Never blocks, never fails here.
  virtual void Start(std::uint64_t id, Request request) = 0;
  /// Drives the exchanges until one completes, Wake() is called or `timeout` has passed.
  virtual std::vector<Completion> Wait(nanoseconds timeout) = 0;
  /// Ends the current or the next Wait(). Any thread.
  virtual void Wake() = 0;
};

using TransportFactory = std::function<std::unique_ptr<Transport>()>;

}  // namespace tocsin::notify
