#include "notify/queue.h"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace tocsin::notify {

std::vector<Queued> DestinationQueue::Put(Queued item, Moment now) {
  std::vector<Queued> given_way;
  item.waits_since = now.mono - std::max(milliseconds(0), now.wall - item.since);
  if (const auto found = by_key_.find(item.message.key); found != by_key_.end()) {
    Queued& there = *found->second;
    there.message = Supersede(there.message, std::move(item.message), now.wall);
    there.since = std::min(there.since, item.since);
    there.waits_since = std::min(there.waits_since, item.waits_since);
    there.generation = std::max(there.generation, item.generation);
    return given_way;
  }
  InsertBefore(waiting_.end(), std::move(item));
  if (waiting_.size() > options_.max_messages) {
    by_key_.erase(waiting_.front().message.key);
    given_way.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return given_way;
}

/// Back from flight, undelivered. What was put under its key meanwhile is newer.
void DestinationQueue::Return(Queued item, WallTime now) {
  const auto found = by_key_.find(item.message.key);
  if (found != by_key_.end()) {
    Queued& newer = *found->second;
    item.message = Supersede(item.message, std::move(newer.message), now);
    item.generation = std::max(item.generation, newer.generation);
    waiting_.erase(found->second);
    by_key_.erase(found);
  }
  InsertBefore(waiting_.begin(), std::move(item));
}

void DestinationQueue::InsertBefore(Waiting::iterator place, Queued item) {
  const auto at = waiting_.insert(place, std::move(item));
  by_key_.emplace(at->message.key, at);
}

std::optional<MonoTime> DestinationQueue::NextDue() const {
  if (in_flight() || waiting_.empty()) return std::nullopt;
  return not_before_;
}

std::span<const Message> DestinationQueue::Take(std::size_t max, MonoTime now) {
  if (in_flight() || waiting_.empty() || now < not_before_) return {};
  const auto take = [&](Waiting::iterator at) {
    by_key_.erase(at->message.key);
    in_flight_places_.push_back({at->since, at->generation, at->waits_since});
    in_flight_.push_back(std::move(at->message));
    waiting_.erase(at);
  };
  while (in_flight_.empty() && !probes_.empty()) {
    for (const std::string& key : probes_.front()) {
      if (const auto found = by_key_.find(key); found != by_key_.end()) take(found->second);
    }
    probes_.pop_front();
  }
  while (in_flight_.empty() || (probes_.empty() && in_flight_.size() < max && !waiting_.empty())) {
    take(waiting_.begin());
    if (max <= 1) break;
  }
  return in_flight_;
}

DestinationQueue::Outcome DestinationQueue::Finish(const Verdict& verdict, Moment now) {
  assert(in_flight());
  Outcome outcome;
  std::vector<Queued> batch = Land();
  const auto put_back = [&](std::vector<Queued>& items) {
    // Backwards to the front, so that they keep their order.
    for (auto item = items.rbegin(); item != items.rend(); ++item) {
      Return(std::move(*item), now.wall);
    }
  };

  switch (verdict.kind) {
    case Verdict::Kind::kDelivered:
      failures_ = 0;
      outcome.delivered = std::move(batch);
      break;
    case Verdict::Kind::kRejected:
      failures_ = 0;
      if (batch.size() == 1) {
        outcome.rejected = std::move(batch);
        break;
      }
      {
        const auto middle = static_cast<std::ptrdiff_t>((batch.size() + 1) / 2);
        std::vector<std::string> first;
        std::vector<std::string> second;
        for (auto item = batch.begin(); item != batch.end(); ++item) {
          (item - batch.begin() < middle ? first : second).push_back(item->message.key);
        }
        probes_.push_front(std::move(second));
        probes_.push_front(std::move(first));
        put_back(batch);
      }
      break;
    case Verdict::Kind::kRetry: {
      const auto expired = std::stable_partition(
          batch.begin(), batch.end(),
          [&](const Queued& item) { return now.mono - item.waits_since < options_.retry_for; });
      outcome.expired.assign(std::make_move_iterator(expired),
                             std::make_move_iterator(batch.end()));
      batch.erase(expired, batch.end());
      for (Queued& item : batch) item.message.plain |= verdict.without_markup;
      put_back(batch);
      not_before_ = now.mono + Backoff(verdict.retry_after);
      ++failures_;
      break;
    }
  }
  return outcome;
}

milliseconds DestinationQueue::Backoff(std::optional<milliseconds> wish) {
  const std::uint32_t doublings = std::min(failures_, 16U);
  const milliseconds full =
      std::min(options_.max_backoff, options_.first_backoff * (1U << doublings));
  const auto half = static_cast<std::uint64_t>(full.count()) / 2;
  const milliseconds own(static_cast<std::int64_t>(half + Random() % (half + 1)));
  return wish ? std::max(own, std::min(*wish, options_.max_retry_after)) : own;
}

/// xorshift64: jitter needs no better.
std::uint64_t DestinationQueue::Random() {
  random_ ^= random_ << 13U;
  random_ ^= random_ >> 7U;
  random_ ^= random_ << 17U;
  return random_;
}

std::optional<MonoTime> DestinationQueue::OldestSince() const {
  std::optional<MonoTime> oldest;
  const auto consider = [&](MonoTime since) { oldest = std::min(oldest.value_or(since), since); };
  for (const Place& place : in_flight_places_) consider(place.waits_since);
  if (!waiting_.empty()) consider(waiting_.front().waits_since);
  return oldest;
}

Message DestinationQueue::Merged(const Message& message, WallTime now) const {
  Message merged = message;
  if (const auto found = by_key_.find(message.key); found != by_key_.end()) {
    merged = Supersede(found->second->message, std::move(merged), now);
  }
  for (const Message& flying : in_flight_) {
    if (flying.key == message.key) merged = Supersede(flying, std::move(merged), now);
  }
  return merged;
}

std::vector<Queued> DestinationQueue::Contents() const {
  std::vector<Queued> all;
  for (std::size_t i = 0; i < in_flight_.size(); ++i) {
    const Place& place = in_flight_places_[i];
    all.push_back({in_flight_[i], place.since, place.generation, place.waits_since});
  }
  all.insert(all.end(), waiting_.begin(), waiting_.end());
  return all;
}

std::vector<Queued> DestinationQueue::TakeAll() {
  std::vector<Queued> all = Land();
  std::move(waiting_.begin(), waiting_.end(), std::back_inserter(all));
  waiting_.clear();
  by_key_.clear();
  probes_.clear();
  return all;
}

/// The batch in flight, which is then none.
std::vector<Queued> DestinationQueue::Land() {
  std::vector<Queued> batch;
  for (std::size_t i = 0; i < in_flight_.size(); ++i) {
    const Place& place = in_flight_places_[i];
    batch.push_back({std::move(in_flight_[i]), place.since, place.generation, place.waits_since});
  }
  in_flight_.clear();
  in_flight_places_.clear();
  return batch;
}

}  // namespace tocsin::notify
