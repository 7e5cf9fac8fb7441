#pragma once
// One target of a pool: its rounds on the loop, and what the last one gave.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "collectors/net/loop.h"
#include "collectors/net/target_pool.h"
#include "metrics/snapshot.h"

namespace tocsin::net {

/// Passes on what the limits of a target allow and counts the rest.
class BoundedSink final : public FamilySink {
 public:
  BoundedSink(std::size_t max_series, std::size_t max_label_bytes)
      : max_series_(max_series), max_label_bytes_(max_label_bytes) {}

  void Begin(WallTime at);
  Result<Ref<const Snapshot>> Finish() { return writer_.Finish(); }
  std::size_t dropped() const { return dropped_; }

  void AddSample(const FamilySpec& family, Suffix suffix, std::span<const LabelView> labels,
                 double value) override;

 private:
  const std::size_t max_series_;
  const std::size_t max_label_bytes_;
  RoundWriter writer_;
  std::size_t series_ = 0;
  std::size_t dropped_ = 0;
};

/// What is known of a target between rounds.
struct TargetResult {
  Ref<const Snapshot> snapshot;  // null before the first round ended
  bool up = false;
  double seconds = 0;
  std::array<std::uint64_t, kReasonCount> failures{};
  std::uint64_t dropped = 0;
};

/// Made anywhere; everything but TakeIdle(), result() and spec() is of the loop's thread, the
/// destructor too.
class TargetSlot {
 public:
  TargetSlot(Network& network, const TargetPoolOptions& options, TargetSpec spec);
  ~TargetSlot();
  TargetSlot(const TargetSlot&) = delete;
  TargetSlot& operator=(const TargetSlot&) = delete;

  const TargetSpec& spec() const { return spec_; }

  /// True if no round was running; one counts as running from now on.
  bool TakeIdle() EXCLUDES(mutex_);
  bool IsIdle() const EXCLUDES(mutex_);
  TargetResult result() const EXCLUDES(mutex_);

  /// Runs a round that TakeIdle() has announced; `ended` is called once, when its result is there.
  void Run(WallTime now, std::function<void()> ended);
  /// Ends a running round without a result. False if none was running.
  bool Abandon();

 private:
  void End(std::optional<Failure> failure);
  Ref<const Snapshot> Publishable(std::optional<Failure>& failure);
  void LogChange(const std::optional<Failure>& failure);

  Network& network_;
  const std::string collector_;
  const TargetSpec spec_;
  const milliseconds timeout_;

  std::unique_ptr<Target> target_;
  BoundedSink sink_;
  Timer timer_;
  TargetRound round_{};
  std::uint64_t number_ = 0;  // of the round; a `done` of another one does not count
  bool active_ = false;
  std::function<void()> ended_;
  std::optional<Reason> logged_;

  mutable Mutex mutex_;
  bool running_ GUARDED_BY(mutex_) = false;
  TargetResult result_ GUARDED_BY(mutex_);
};

}  // namespace tocsin::net
