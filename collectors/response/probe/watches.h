#pragma once
// Targets that are probed again and again, each on a schedule of its own.

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "collectors/response/probe/engine.h"
#include "collectors/response/probe/module.h"
#include "metrics/writer.h"

namespace tocsin::probe {

/// A target that is probed again and again.
struct WatchSpec {
  std::shared_ptr<const Module> module;
  std::string target;
  std::string hostname;
  std::string service;                                      // of the common shape
  std::vector<std::pair<std::string, std::string>> labels;  // besides instance and module
  milliseconds interval{15'000};
  milliseconds timeout{10'000};
  int retries = 0;
  int pings = 1;

  friend bool operator==(const WatchSpec&, const WatchSpec&) = default;
};

/// Ends on the loop's thread, if Set() was ever given a spec.
class Watches {
 public:
  /// `network` and `engine` outlive it; `window` is that of the quantiles.
  Watches(net::Network& network, Engine& engine, milliseconds window)
      : network_(network), engine_(engine), window_(window) {}
  ~Watches();
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  /// Watches `specs` and nothing else: a target that is watched already as its spec says goes on
  /// with what is known of it, others begin, spread over their interval so that thousands do not go
  /// out at one moment. Of those that would export the same series the first counts. One thread at
  /// a time with Emit(). `owner` keeps this and the engine alive until the loop has heard of it.
  /// True if some begin.
  bool Set(std::vector<WatchSpec> specs, std::shared_ptr<const void> owner);
  /// Until every watch has a first result, or `until`.
  void WaitForFirst(std::chrono::steady_clock::time_point until);
  void Emit(FamilySink& out);
  /// Ends the schedule. Loop thread, when Set() is not called any more; the engine is stopped then.
  void Stop();

 private:
  struct Watch;
  using WatchPtr = std::shared_ptr<Watch>;
  void Begin(std::span<const WatchPtr> watches);
  void Drop(std::span<const WatchPtr> watches);
  void Probe(Watch& watch);
  void Take(Watch& watch, const std::shared_ptr<const ProbeResult>& result);

  net::Network& network_;
  Engine& engine_;
  const milliseconds window_;
  std::vector<WatchPtr> watches_;
  Mutex mutex_;
  CondVar changed_;
  std::size_t awaited_ GUARDED_BY(mutex_) = 0;  // without a first result
};

}  // namespace tocsin::probe
