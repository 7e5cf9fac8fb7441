#include "agent/runtime/runner.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"

namespace tocsin {
namespace {

/// An absent source is looked for again after 10 s, then ever more rarely.
constexpr milliseconds kFirstPause = seconds(10);
constexpr milliseconds kLongestPause = std::chrono::minutes(5);

Status CollectGuarded(Collector& collector, const RoundContext& round, FamilySink& out) {
  try {
    return collector.Collect(round, out);
  } catch (const std::exception& e) {
    return Error{Errc::kMalformed, std::string("exception: ") + e.what()};
  }
}

}  // namespace

std::string_view CollectorHealthText(CollectorHealth health) {
  switch (health) {
    case CollectorHealth::kUnknown:
      return "unknown";
    case CollectorHealth::kUp:
      return "up";
    case CollectorHealth::kUnsupported:
      return "unsupported";
    case CollectorHealth::kFailed:
      return "failed";
    case CollectorHealth::kOverdue:
      return "overdue";
  }
  return "";
}

CollectorRunner::CollectorRunner(std::string name, std::unique_ptr<Collector> collector,
                                 std::unique_ptr<RoundReceiver> receiver, const Clock& clock,
                                 std::shared_ptr<const void> keep_alive)
    : name_(std::move(name)),
      keep_alive_(std::move(keep_alive)),
      collector_(std::move(collector)),
      receiver_(std::move(receiver)),
      clock_(clock) {}

std::optional<milliseconds> CollectorRunner::RunRound(MonoTime deadline, std::stop_token stop) {
  const RoundContext round{clock_.Wall(), deadline, std::move(stop)};
  const MonoTime began = clock_.Mono();
  {
    const MutexLock lock(mutex_);
    given_up_ = false;
    status_.last_round = round.now;
  }
  writer_.Begin(round.now);
  tocsin::Status collected = CollectGuarded(*collector_, round, writer_);
  Result<Ref<const Snapshot>> result =
      collected ? writer_.Finish() : Result<Ref<const Snapshot>>(std::move(collected).error());
  const MutexLock lock(mutex_);
  if (given_up_ || retired_) return std::nullopt;
  Settle(std::move(result), began, clock_.Mono());
  if (status_.health != CollectorHealth::kUnsupported) {
    pause_ = milliseconds(0);
    return std::nullopt;
  }
  pause_ = pause_ == milliseconds(0) ? kFirstPause : std::min(pause_ * 2, kLongestPause);
  return pause_;
}

void CollectorRunner::Settle(Result<Ref<const Snapshot>> result, MonoTime began, MonoTime ended) {
  const CollectorHealth before = status_.health;
  ++status_.rounds;
  status_.last_duration = ended - began;
  if (result) {
    if (before == CollectorHealth::kFailed || before == CollectorHealth::kOverdue) {
      LogInfo("collector works again", {{"collector", name_}});
    }
    status_.health = CollectorHealth::kUp;
    status_.last_error.clear();
    status_.last_success = ended;
    status_.series = (*result)->values.size();
    receiver_->Publish(*std::move(result));
    return;
  }
  const Error& error = result.error();
  if (error.code() == Errc::kUnsupported) {
    status_.health = CollectorHealth::kUnsupported;
    if (before != status_.health) {
      LogDebug("collector has no source here", {{"collector", name_}, {"reason", error.message()}});
    }
  } else {
    status_.health = CollectorHealth::kFailed;
    ++status_.failures;
    // Said when it begins and when the reason changes, not every second.
    if (before != status_.health || status_.last_error != error.message()) {
      LogWarn("collector failed", {{"collector", name_}, {"error", error.message()}});
    }
  }
  status_.last_error = error.message();
  status_.series = 0;
  if (before != status_.health) receiver_->Withdraw(status_.last_round);
}

void CollectorRunner::GiveUpRound() {
  const MutexLock lock(mutex_);
  if (given_up_ || retired_) return;
  given_up_ = true;
  ++status_.rounds;
  ++status_.failures;
  status_.health = CollectorHealth::kOverdue;
  status_.last_error = "the round is past its deadline and still running";
  status_.series = 0;
  LogWarn("collector hangs: its data is withdrawn, the others go on", {{"collector", name_}});
  receiver_->Withdraw(clock_.Wall());
}

void CollectorRunner::Retire(RetireMode mode) {
  const MutexLock lock(mutex_);
  if (retired_) return;
  retired_ = true;
  if (mode == RetireMode::kWithdraw) receiver_->Withdraw(clock_.Wall());
}

CollectorStatus CollectorRunner::Status() const {
  const MutexLock lock(mutex_);
  return status_;
}

}  // namespace tocsin
