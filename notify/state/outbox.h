#pragma once
// Keeps the outbox rows of the state database in step with the dispatcher's queues.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "notify/queue.h"
#include "notify/state/state_store.h"

namespace tocsin::notify {

/// Thread-safe.
///
/// A row carries a generation: what was delivered deletes its row only if nothing newer was stored
/// under its key meanwhile.
class Outbox {
 public:
  /// `store` outlives it; null: nothing is kept.
  explicit Outbox(StateStore* store) : store_(store) {}

  /// Commits `merged[i]` (what must be told, see Dispatcher::Merged) as the row of `messages[i]`,
  /// and gives that its generation. Repetitions that have no row get none.
  void Store(const std::string& destination, std::vector<Queued>& messages,
             const std::vector<Message>& merged) EXCLUDES(mutex_);

  /// These are through (or given up): their rows go, in one transaction with `more`.
  void Done(const std::string& destination, const std::vector<Queued>& messages,
            std::vector<StateChange> more) EXCLUDES(mutex_);

  /// Takes over a row that was there at the start.
  Queued Adopt(const std::string& destination, Message message, WallTime since) EXCLUDES(mutex_);

  /// Writes everything anew: `contents` and `more`. True if that worked.
  bool Rewrite(const std::vector<std::pair<std::string, std::vector<Queued>>>& contents,
               std::vector<StateChange> more, WallTime now) EXCLUDES(mutex_);

 private:
  StateStore* const store_;
  Mutex mutex_;
  std::map<std::string, std::uint64_t> generations_ GUARDED_BY(mutex_);  // by PairKey
  std::uint64_t next_generation_ GUARDED_BY(mutex_) = 1;
};

}  // namespace tocsin::notify
