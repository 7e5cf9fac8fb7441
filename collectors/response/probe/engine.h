#pragma once
// Runs probes on the loop, not too many at once.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "collectors/response/probe/history.h"
#include "collectors/response/probe/probe.h"

namespace tocsin::probe {

/// Made anywhere; used on the loop's thread only, and there told to Stop() before it goes.
class Engine {
 public:
  using Done = std::function<void(std::shared_ptr<const ProbeResult>)>;

  /// `network` and `history` outlive the engine.
  Engine(net::Network& network, History& history, std::size_t max_parallel)
      : network_(network), history_(history), max_parallel_(max_parallel) {}

  /// Probes at once, or when one of those under way has ended; again at once after a failure, up to
  /// `retries` times. `done` is given the last result, which is also put into the history.
  /// `owner` is who may be dropped.
  void Run(ProbeJob job, int retries, Done done, const void* owner = nullptr);
  /// Ends the probes of `owners` without a call. Not from within a probe.
  void Drop(const std::unordered_set<const void*>& owners);
  /// Ends all probes without a call.
  void Stop();

 private:
  struct Order {
    ProbeJob job;
    int retries;
    int attempt;
    Done done;
    const void* owner;
  };
  struct Running {
    std::unique_ptr<Probe> probe;
    const void* owner;
  };
  void Start(Order order);
  void StartWaiting();
  void Ended(std::uint64_t id, Order order, ProbeResult result);

  net::Network& network_;
  History& history_;
  const std::size_t max_parallel_;
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, Running> running_;
  std::deque<Order> waiting_;
  bool starting_ = false;
};

}  // namespace tocsin::probe
