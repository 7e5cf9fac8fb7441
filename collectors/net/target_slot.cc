#include "collectors/net/target_slot.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/parse.h"
#include "collectors/net/network.h"

namespace tocsin::net {

void BoundedSink::Begin(WallTime at) {
  writer_.Begin(at);
  series_ = dropped_ = 0;
}

void BoundedSink::AddSample(const FamilySpec& family, Suffix suffix,
                            std::span<const LabelView> labels, double value) {
  const bool fits = std::all_of(labels.begin(), labels.end(), [&](const LabelView& label) {
    return label.value.size() <= max_label_bytes_;
  });
  if (!fits || series_ == max_series_) {
    ++dropped_;
    return;
  }
  ++series_;
  writer_.AddSample(family, suffix, labels, value);
}

TargetSlot::TargetSlot(Network& network, const TargetPoolOptions& options, TargetSpec spec)
    : network_(network),
      collector_(options.collector),
      spec_(std::move(spec)),
      timeout_(spec_.timeout.count() > 0 ? spec_.timeout : options.timeout),
      sink_(options.max_series, options.max_label_bytes),
      timer_(network.loop()) {}

TargetSlot::~TargetSlot() { Abandon(); }

bool TargetSlot::TakeIdle() {
  const MutexLock lock(mutex_);
  return !std::exchange(running_, true);
}

bool TargetSlot::IsIdle() const {
  const MutexLock lock(mutex_);
  return !running_;
}

TargetResult TargetSlot::result() const {
  const MutexLock lock(mutex_);
  return result_;
}

void TargetSlot::Run(WallTime now, std::function<void()> ended) {
  if (!target_) target_ = spec_.make(network_);
  ended_ = std::move(ended);
  const MonoTime began = network_.loop().Now();
  round_ = {now, began, began + timeout_};
  active_ = true;
  sink_.Begin(now);
  timer_.Set(round_.deadline, [this] {
    target_->Cancel();
    End(Failure{Reason::kTimeout, "no complete answer within " + FormatDuration(timeout_)});
  });
  target_->Start(round_, sink_, [this, number = ++number_](std::optional<Failure> failure) {
    if (active_ && number == number_) End(std::move(failure));
  });
}

bool TargetSlot::Abandon() {
  if (!std::exchange(active_, false)) return false;
  timer_.Cancel();
  target_->Cancel();
  ended_ = nullptr;
  return true;
}

void TargetSlot::End(std::optional<Failure> failure) {
  active_ = false;
  timer_.Cancel();
  const auto snapshot = Publishable(failure);
  LogChange(failure);
  {
    const MutexLock lock(mutex_);
    running_ = false;
    result_.snapshot = snapshot;
    result_.up = !failure;
    result_.seconds = ToSeconds(network_.loop().Now() - round_.began);
    result_.dropped += sink_.dropped();
    if (failure) ++result_.failures[static_cast<std::size_t>(failure->reason)];
  }
  const auto ended = std::exchange(ended_, nullptr);
  ended();
}

Ref<const Snapshot> TargetSlot::Publishable(std::optional<Failure>& failure) {
  if (!failure) {
    auto finished = sink_.Finish();
    if (finished) return *std::move(finished);
    failure = Failure{Reason::kContent, finished.error().message()};
  }
  sink_.Begin(round_.now);
  target_->WriteDown(*failure, sink_);
  auto finished = sink_.Finish();
  if (finished) return *std::move(finished);
  sink_.Begin(round_.now);
  return *sink_.Finish();
}

void TargetSlot::LogChange(const std::optional<Failure>& failure) {
  const auto reason = failure ? std::optional(failure->reason) : std::nullopt;
  if (reason == logged_) return;
  logged_ = reason;
  if (failure) {
    LogWarn("target failed", {{"collector", collector_},
                              {"target", spec_.name},
                              {"reason", std::string(ReasonText(failure->reason))},
                              {"error", failure->message}});
  } else {
    LogInfo("target answers again", {{"collector", collector_}, {"target", spec_.name}});
  }
}

}  // namespace tocsin::net
