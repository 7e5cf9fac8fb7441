#include "notify/state/outbox.h"

#include "notify/state/codec.h"

namespace tocsin::notify {
namespace {

StateChange RowOf(std::string key, const Message& message, WallTime since) {
  return {StateChange::Table::kOutbox, std::move(key), EncodeMessage(message), false,
          ToMillis(since)};
}

}  // namespace

void Outbox::Store(const std::string& destination, std::vector<Queued>& messages,
                   const std::vector<Message>& merged) {
  if (!store_) return;
  std::vector<StateChange> changes;
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    std::string key = PairKey(destination, messages[i].message.key);
    if (messages[i].message.repetition && !generations_.count(key)) continue;
    messages[i].generation = next_generation_++;
    generations_[key] = messages[i].generation;
    changes.push_back(RowOf(std::move(key), merged[i], messages[i].since));
  }
  if (!changes.empty()) store_->Apply(changes);
}

void Outbox::Done(const std::string& destination, const std::vector<Queued>& messages,
                  std::vector<StateChange> more) {
  if (!store_) return;
  const MutexLock lock(mutex_);
  for (const Queued& queued : messages) {
    std::string key = PairKey(destination, queued.message.key);
    const auto found = generations_.find(key);
    if (found == generations_.end() || found->second != queued.generation) continue;
    generations_.erase(found);
    more.push_back({StateChange::Table::kOutbox, std::move(key), {}, true});
  }
  if (!more.empty()) store_->Apply(more);
}

Queued Outbox::Adopt(const std::string& destination, Message message, WallTime since) {
  const MutexLock lock(mutex_);
  Queued queued{std::move(message), since, next_generation_++};
  generations_[PairKey(destination, queued.message.key)] = queued.generation;
  return queued;
}

bool Outbox::Rewrite(const std::vector<std::pair<std::string, std::vector<Queued>>>& contents,
                     std::vector<StateChange> more, WallTime now) {
  if (!store_) return true;
  std::map<std::string, StateChange> rows;
  const MutexLock lock(mutex_);
  for (const auto& [destination, messages] : contents) {
    for (const Queued& queued : messages) {
      const std::string key = PairKey(destination, queued.message.key);
      // What is in flight comes first, what waits under the same key is newer.
      const auto older = rows.find(key);
      if (older == rows.end()) {
        rows.emplace(key, RowOf(key, queued.message, queued.since));
      } else if (const auto message = DecodeMessage(older->second.value)) {
        older->second.value = EncodeMessage(Supersede(*message, queued.message, now));
      }
    }
  }
  for (auto& [key, row] : rows) more.push_back(std::move(row));
  return store_->Recover(more, now);
}

}  // namespace tocsin::notify
