#include "notify/dispatcher.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <functional>

#include "base/log.h"

namespace tocsin::notify {

Dispatcher::Dispatcher(const Clock& clock, std::unique_ptr<Transport> transport,
                       DeliveryObserver* observer, MessageSource* source, std::uint64_t seed)
    : clock_(clock),
      transport_(std::move(transport)),
      observer_(observer),
      source_(source),
      seed_(seed) {}

Dispatcher::~Dispatcher() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  transport_->Wake();
  if (thread_.joinable()) thread_.join();
}

void Dispatcher::Start() { thread_ = std::thread(&Dispatcher::Loop, this); }

void Dispatcher::Loop() {
  pthread_setname_np(pthread_self(), "notify");
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);  // signals are main's; SIGPIPE becomes EPIPE
  for (;;) {
    {
      const MutexLock lock(mutex_);
      if (stopping_) return;
    }
    RunOnce(std::chrono::hours(1));
  }
}

void Dispatcher::SetDestinations(std::vector<Destination> destinations) {
  std::vector<std::pair<std::string, std::vector<Queued>>> removed;
  {
    const MutexLock lock(mutex_);
    std::map<std::string, State> old = std::move(states_);
    states_.clear();
    for (Destination& destination : destinations) {
      const std::string name = destination.name;
      if (auto found = old.find(name); found != old.end()) {
        State& state = states_.emplace(name, std::move(found->second)).first->second;
        state.queue.set_options(destination.queue);
        state.destination = std::move(destination);
        old.erase(found);
      } else {
        const std::uint64_t seed = seed_ ^ std::hash<std::string>{}(name);
        states_.emplace(name, State(std::move(destination), seed)).first->second.stats.destination =
            name;
      }
    }
    for (auto& [name, state] : old) removed.emplace_back(name, state.queue.TakeAll());
  }
  for (const auto& [name, messages] : removed) Abandon(name, messages, "removed");
  transport_->Wake();
}

void Dispatcher::Put(const std::string& destination, std::vector<Queued> messages) {
  std::vector<Queued> given_way;
  std::string_view reason = "overflow";
  {
    const MutexLock lock(mutex_);
    const auto found = states_.find(destination);
    if (found == states_.end()) {
      given_way = std::move(messages);
      reason = "removed";
    } else {
      State& state = found->second;
      for (Queued& message : messages) {
        auto out = state.queue.Put(std::move(message), {clock_.Wall(), clock_.Mono()});
        std::move(out.begin(), out.end(), std::back_inserter(given_way));
      }
      if (!given_way.empty()) state.stats.abandoned["overflow"] += given_way.size();
    }
  }
  Abandon(destination, given_way, reason);
  transport_->Wake();
}

std::vector<Message> Dispatcher::Merged(const std::string& destination,
                                        const std::vector<Queued>& messages) const {
  std::vector<Message> merged;
  merged.reserve(messages.size());
  const MutexLock lock(mutex_);
  const auto found = states_.find(destination);
  for (const Queued& queued : messages) {
    merged.push_back(found == states_.end()
                         ? queued.message
                         : found->second.queue.Merged(queued.message, clock_.Wall()));
  }
  return merged;
}

std::vector<std::pair<std::string, std::vector<Queued>>> Dispatcher::Contents() const {
  std::vector<std::pair<std::string, std::vector<Queued>>> contents;
  const MutexLock lock(mutex_);
  for (const auto& [name, state] : states_) contents.emplace_back(name, state.queue.Contents());
  return contents;
}

void Dispatcher::Abandon(const std::string& destination, const std::vector<Queued>& messages,
                         std::string_view reason) {
  if (messages.empty()) return;
  LogError("notifications given up", {{"destination", destination},
                                      {"count", std::to_string(messages.size())},
                                      {"reason", std::string(reason)},
                                      {"first", messages.front().message.key}});
  if (observer_) observer_->OnAbandoned(destination, messages, reason);
}

void Dispatcher::RunOnce(nanoseconds max_wait) {
  if (source_) {
    if (const auto next = source_->OnTime()) {
      max_wait = std::min<nanoseconds>(max_wait, *next - clock_.Mono());
    }
  }
  SendDue();
  for (Completion& completion : transport_->Wait(UntilDue(max_wait))) {
    const auto found = flights_.find(completion.id);
    if (found == flights_.end()) continue;
    const Flight flight = std::move(found->second);
    flights_.erase(found);
    Finish(flight, flight.notifier->Judge(completion.answer, clock_.Wall()));
  }
  const MutexLock lock(mutex_);
  progress_.NotifyAll();
}

void Dispatcher::SendDue() {
  std::vector<std::string> due;
  {
    const MutexLock lock(mutex_);
    for (const auto& [name, state] : states_) {
      const auto at = state.queue.NextDue();
      if (at && *at <= clock_.Mono()) due.push_back(name);
    }
  }
  for (const std::string& name : due) {
    while (!SendNext(name)) {
    }
  }
}

/// True if an exchange has begun or nothing is due; false if a batch was finished without one.
bool Dispatcher::SendNext(const std::string& name) {
  Flight flight{name, nullptr, next_exchange_++};
  std::vector<Message> batch;
  {
    const MutexLock lock(mutex_);
    const auto found = states_.find(name);
    if (found == states_.end()) return true;
    flight.notifier = found->second.destination.notifier;
    const auto taken = found->second.queue.Take(flight.notifier->max_batch(), clock_.Mono());
    batch.assign(taken.begin(), taken.end());
    if (!batch.empty()) found->second.exchange = flight.exchange;
  }
  if (batch.empty()) return true;
  if (batch.size() == 1 && batch[0].alerts.empty()) {  // nothing is left to be told
    Finish(flight, {});
    return false;
  }
  auto request = flight.notifier->Render(batch, clock_.Wall());
  if (!request) {
    Finish(flight, JudgeError(request.error()));
    return false;
  }
  const std::uint64_t id = flight.exchange;
  flights_.emplace(id, std::move(flight));
  transport_->Start(id, *std::move(request));
  return true;
}

void Dispatcher::Finish(const Flight& flight, const Verdict& verdict) {
  DestinationQueue::Outcome outcome;
  bool news = false;
  {
    const MutexLock lock(mutex_);
    const auto found = states_.find(flight.destination);
    // The destination may have been removed meanwhile, and even have come back.
    if (found == states_.end() || found->second.exchange != flight.exchange) return;
    State& state = found->second;
    state.exchange = 0;
    const bool was_failing = !state.stats.last_error.empty();
    outcome = state.queue.Finish(verdict, {clock_.Wall(), clock_.Mono()});
    state.stats.delivered += outcome.delivered.size();
    if (!outcome.rejected.empty()) state.stats.abandoned["rejected"] += outcome.rejected.size();
    if (!outcome.expired.empty()) state.stats.abandoned["expired"] += outcome.expired.size();
    if (verdict.kind == Verdict::Kind::kDelivered) {
      state.stats.last_error.clear();
      news = was_failing;
    } else {
      ++state.stats.failures[verdict.reason];
      news = state.stats.last_error != verdict.detail;
      state.stats.last_error = verdict.detail;
    }
  }
  if (verdict.kind == Verdict::Kind::kDelivered) {
    if (news) LogInfo("notifications are delivered again", {{"destination", flight.destination}});
  } else if (news) {
    LogWarn("notification attempt failed",
            {{"destination", flight.destination},
             {"reason", verdict.reason},
             {"error", verdict.detail},
             {"then", verdict.kind == Verdict::Kind::kRetry ? "retry" : "give up"}});
  }
  if (observer_ && !outcome.delivered.empty()) {
    observer_->OnDelivered(flight.destination, outcome.delivered);
  }
  Abandon(flight.destination, outcome.rejected, "rejected");
  Abandon(flight.destination, outcome.expired, "expired");
}

nanoseconds Dispatcher::UntilDue(nanoseconds max_wait) {
  const MutexLock lock(mutex_);
  if (stopping_) return nanoseconds(0);
  const MonoTime now = clock_.Mono();
  for (const auto& [name, state] : states_) {
    if (const auto at = state.queue.NextDue())
      max_wait = std::min<nanoseconds>(max_wait, *at - now);
  }
  return std::max(max_wait, nanoseconds(0));
}

bool Dispatcher::Drain(MonoTime deadline) {
  const MutexLock lock(mutex_);
  for (;;) {
    bool empty = true;
    bool active = false;
    for (const auto& [name, state] : states_) {
      empty = empty && state.queue.size() == 0;
      const auto due = state.queue.NextDue();
      active = active || state.queue.in_flight() || (due && *due < deadline);
    }
    if (empty) return true;
    if (!active || std::chrono::steady_clock::now() >= deadline) return false;
    progress_.WaitUntil(mutex_, deadline);
  }
}

std::vector<DestinationStats> Dispatcher::Stats() const {
  const MutexLock lock(mutex_);
  std::vector<DestinationStats> all;
  for (const auto& [name, state] : states_) {
    DestinationStats stats = state.stats;
    stats.queued = state.queue.size();
    if (const auto oldest = state.queue.OldestSince()) {
      stats.oldest_age = std::chrono::floor<milliseconds>(clock_.Mono() - *oldest);
    }
    all.push_back(std::move(stats));
  }
  return all;
}

}  // namespace tocsin::notify
