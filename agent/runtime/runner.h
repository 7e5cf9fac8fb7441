#pragma once
// Runs one collector: its rounds, what becomes of their results, and what is known about it.

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "collectors/collector.h"
#include "metrics/writer.h"

namespace tocsin {

enum class CollectorHealth : std::uint8_t { kUnknown, kUp, kUnsupported, kFailed, kOverdue };

/// "unknown", "up" …
std::string_view CollectorHealthText(CollectorHealth health);

/// What is known about a collector at one moment.
struct CollectorStatus {
  CollectorHealth health = CollectorHealth::kUnknown;
  std::string last_error;        // of the last round, empty if it succeeded
  WallTime last_round{};         // when it began; epoch if there was none
  nanoseconds last_duration{0};  // of the last round that ended
  std::optional<MonoTime> last_success;
  std::uint64_t rounds = 0;  // that ended or were given up
  std::uint64_t failures = 0;
  std::size_t series = 0;  // of the current snapshot
};

/// Where a runner's results go. Called by one thread at a time a runner.
class RoundReceiver {
 public:
  virtual ~RoundReceiver() = default;
  virtual void Publish(Ref<const Snapshot> snapshot) = 0;
  /// The collector has no valid data any more, from `at` on.
  virtual void Withdraw(WallTime at) = 0;
};

/// What becomes of a retired collector's last data: it goes, or it stays until the collector that
/// takes its place has its first round.
enum class RetireMode { kWithdraw, kHandOver };

/// Thread-safe except RunRound, of which there is one at a time.
class CollectorRunner {
 public:
  /// `keep_alive` is whatever the collector refers to: a round that hangs for ever outlives the
  /// configuration it belongs to.
  CollectorRunner(std::string name, std::unique_ptr<Collector> collector,
                  std::unique_ptr<RoundReceiver> receiver, const Clock& clock,
                  std::shared_ptr<const void> keep_alive);

  const std::string& name() const { return name_; }

  /// One round. Returns how long to leave an absent source alone; nothing for the usual interval.
  std::optional<milliseconds> RunRound(MonoTime deadline, std::stop_token stop);

  /// The running round is past its deadline: its data is withdrawn, its result will not count.
  void GiveUpRound();

  /// Nothing is published from now on.
  void Retire(RetireMode mode);

  CollectorStatus Status() const;

  /// What answers requests for single targets, or null. Lives as long as the runner.
  OnDemand* on_demand() const { return collector_->on_demand(); }

 private:
  void Settle(Result<Ref<const Snapshot>> result, MonoTime began, MonoTime ended) REQUIRES(mutex_);

  const std::string name_;
  const std::shared_ptr<const void> keep_alive_;
  const std::unique_ptr<Collector> collector_;
  const std::unique_ptr<RoundReceiver> receiver_;
  const Clock& clock_;
  RoundWriter writer_;  // only RunRound

  mutable Mutex mutex_;
  CollectorStatus status_ GUARDED_BY(mutex_);
  bool given_up_ GUARDED_BY(mutex_) = false;
  bool retired_ GUARDED_BY(mutex_) = false;
  milliseconds pause_ GUARDED_BY(mutex_){0};
};

}  // namespace tocsin
