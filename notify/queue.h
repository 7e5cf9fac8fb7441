#pragma once
// What one destination has still to be told. A value machine: time is a parameter, nothing blocks.

#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "notify/alert.h"
#include "notify/notifier.h"

namespace tocsin::notify {

struct QueueOptions {
  milliseconds retry_for = std::chrono::hours(24);  // then a message is given up
  milliseconds first_backoff{1'000};                // doubles with each failure in a row …
  milliseconds max_backoff{60'000};                 // … up to this; each wait is 50-100 % of it
  milliseconds max_retry_after = std::chrono::minutes(5);  // caps a receiver's own wish
  std::size_t max_messages = 10'000;                       // the oldest gives way
};

/// One message in the queue and since when.
struct Queued {
  Message message;
  WallTime since{};
  std::uint64_t generation = 0;  // of its row in the outbox; grows with each change
  /// Set by the queue: a wall clock that is set while the message waits does not age it.
  MonoTime waits_since = {};
};

/// Not thread-safe. At most one batch is in flight.
///
/// A rejected batch of several is halved until the culprits stand alone; only those are given up.
class DestinationQueue {
 public:
  /// `seed` makes the jitter of this destination differ from that of others.
  DestinationQueue(const QueueOptions& options, std::uint64_t seed)
      : options_(options), random_(seed | 1U) {}

  void set_options(const QueueOptions& options) { options_ = options; }

  /// Takes the place of a waiting message with the same key (Supersede). Returns what had to give
  /// way because the queue is full, at most one.
  std::vector<Queued> Put(Queued item, Moment now);

  /// What would have to be told if `message` were put now and what is in flight failed.
  Message Merged(const Message& message, WallTime now) const;

  /// When Take() will give something; nothing while the queue is empty or a batch is in flight.
  std::optional<MonoTime> NextDue() const;

  /// The next batch, at most `max` messages, now in flight; empty if none is due. The span lives
  /// until Finish().
  std::span<const Message> Take(std::size_t max, MonoTime now);

  struct Outcome {
    std::vector<Queued> delivered;
    std::vector<Queued> rejected;  // refused for good
    std::vector<Queued> expired;   // retry_for has passed
  };
  /// The batch in flight came to `verdict`.
  Outcome Finish(const Verdict& verdict, Moment now);

  std::size_t size() const { return waiting_.size() + in_flight_.size(); }
  bool in_flight() const { return !in_flight_.empty(); }
  /// True after a failure, until the next success.
  bool backing_off() const { return failures_ > 0; }
  /// Since when the oldest message waits; nothing when the queue is empty.
  std::optional<MonoTime> OldestSince() const;
  /// Everything that is queued, also what is in flight, oldest first.
  std::vector<Queued> Contents() const;
  /// Empties the queue; what was in flight comes along.
  std::vector<Queued> TakeAll();

 private:
  using Waiting = std::list<Queued>;
  struct Place {
    WallTime since;
    std::uint64_t generation;
    MonoTime waits_since;
  };
  std::vector<Queued> Land();
  void Return(Queued item, WallTime now);
  void InsertBefore(Waiting::iterator place, Queued item);
  milliseconds Backoff(std::optional<milliseconds> wish);
  std::uint64_t Random();

  QueueOptions options_;
  std::uint64_t random_;
  Waiting waiting_;  // in the order in which they will be sent
  std::unordered_map<std::string, Waiting::iterator> by_key_;
  std::vector<Message> in_flight_;
  std::vector<Place> in_flight_places_;         // of each message in flight
  std::list<std::vector<std::string>> probes_;  // halves of a rejected batch, by key
  std::uint32_t failures_ = 0;                  // in a row
  MonoTime not_before_{};
};

}  // namespace tocsin::notify
