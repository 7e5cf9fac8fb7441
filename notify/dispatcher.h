#pragma once
// Delivers messages to destinations: one bounded queue each, one loop thread for all. A destination
// that hangs, refuses or lies delays no other.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "notify/notifier.h"
#include "notify/queue.h"
#include "notify/transport.h"

namespace tocsin::notify {

struct Destination {
  std::string name;  // unique; shown in metrics and logs, so it holds no secret
  std::shared_ptr<const Notifier> notifier;
  QueueOptions queue;
};

/// How one destination is doing. Counters count from the start of the process.
struct DestinationStats {
  std::string destination;
  std::uint64_t delivered = 0;                    // messages
  std::map<std::string, std::uint64_t> failures;  // attempts that failed, by reason
  std::map<std::string, std::uint64_t>
      abandoned;           // messages given up: rejected expired overflow removed
  std::size_t queued = 0;  // messages waiting or in flight
  milliseconds oldest_age{0};
  std::string last_error;  // empty after a success
};

/// What became of messages. Called on the loop thread (OnAbandoned also from Put() and
/// SetDestinations()), never under a lock.
class DeliveryObserver {
 public:
  virtual ~DeliveryObserver() = default;
  virtual void OnDelivered(const std::string& destination, const std::vector<Queued>& messages) = 0;
  virtual void OnAbandoned(const std::string& destination, const std::vector<Queued>& messages,
                           std::string_view reason) = 0;
};

/// Where messages come from as time passes. Called on the loop thread, never under a lock.
class MessageSource {
 public:
  virtual ~MessageSource() = default;
  /// Puts what has become due into queues (Dispatcher::Put); returns when it has to be called next.
  virtual std::optional<MonoTime> OnTime() = 0;
};

/// Thread-safe but for RunOnce(), which only one thread calls: the loop's, or a test's.
class Dispatcher {
 public:
  /// `clock`, `observer` and `source` (both may be null) outlive it. `seed` varies the jitter
  /// between hosts.
  Dispatcher(const Clock& clock, std::unique_ptr<Transport> transport, DeliveryObserver* observer,
             MessageSource* source, std::uint64_t seed);
  /// Stops the thread. What is undelivered is dropped here (it stays in the outbox).
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  /// From now on, these. A destination that keeps its name keeps its queue.
  void SetDestinations(std::vector<Destination> destinations);

  /// Queues `messages` for `destination`; unknown destinations count as removed.
  void Put(const std::string& destination, std::vector<Queued> messages);

  /// Lets the loop call OnTime() soon.
  void Wake() { transport_->Wake(); }

  /// For each of `messages`, what would have to be told if it were put now and everything
  /// undelivered before it were lost: what the outbox must hold.
  std::vector<Message> Merged(const std::string& destination,
                              const std::vector<Queued>& messages) const;
  /// What each destination has still to be told.
  std::vector<std::pair<std::string, std::vector<Queued>>> Contents() const;

  /// Starts the loop thread "notify".
  void Start();

  /// Waits until everything is delivered, or what is left waits for a later attempt, or `deadline`
  /// (of the steady clock) has come. True if the queues are empty. The loop must be running.
  bool Drain(MonoTime deadline);

  std::vector<DestinationStats> Stats() const;

  /// One round: sends what is due, waits for events at most `max_wait`, handles what completed.
  void RunOnce(nanoseconds max_wait);

 private:
  struct State {
    State(Destination d, std::uint64_t seed)
        : destination(std::move(d)), queue(destination.queue, seed) {}
    Destination destination;
    DestinationQueue queue;
    DestinationStats stats;
    std::uint64_t exchange = 0;  // the one in flight
  };
  struct Flight {
    std::string destination;
    std::shared_ptr<const Notifier> notifier;
    std::uint64_t exchange;
  };
  void Loop();
  void SendDue();
  bool SendNext(const std::string& name);
  void Finish(const Flight& flight, const Verdict& verdict);
  nanoseconds UntilDue(nanoseconds max_wait);
  void Abandon(const std::string& destination, const std::vector<Queued>& messages,
               std::string_view reason);

  const Clock& clock_;
  const std::unique_ptr<Transport> transport_;
  DeliveryObserver* const observer_;
  MessageSource* const source_;
  const std::uint64_t seed_;
  std::map<std::uint64_t, Flight> flights_;  // by exchange; loop thread only
  std::uint64_t next_exchange_ = 1;          // loop thread only
  std::thread thread_;

  mutable Mutex mutex_;
  CondVar progress_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::map<std::string, State> states_ GUARDED_BY(mutex_);
};

}  // namespace tocsin::notify
