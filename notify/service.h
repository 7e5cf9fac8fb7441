#pragma once
// Alerts in, notifications out: what the agent holds.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "notify/acknowledge_link.h"
#include "notify/config.h"
#include "notify/dispatcher.h"
#include "notify/page_context.h"
#include "notify/route/groups.h"
#include "notify/route/log.h"
#include "notify/route/silences.h"
#include "notify/state/outbox.h"
#include "notify/state/state_store.h"
#include "rules/alert.h"

namespace tocsin::notify {

/// An alert with all that the API shows of it.
struct AlertView {
  Alert alert;
  Muting muting;
  std::vector<std::string> receivers;
};

struct GroupView {
  std::string receiver;
  Labels labels;
  std::string key;
  std::vector<AlertView> alerts;
  std::optional<Acknowledgement> acknowledged;
};

/// What the agent gives for its life.
struct NotificationParts {
  std::unique_ptr<Transport> transport;
  std::uint64_t seed = 0;                       // varies the jitter between hosts
  std::unique_ptr<StateStore> state = nullptr;  // what must survive a crash; null: nothing does
  std::string link_key = NewLinkKey();          // signs the links in pages
  PageContext* context = nullptr;               // outlives it; null: pages say what rules say
};

/// Thread-safe.
class Notifications final : private DeliveryObserver, private MessageSource {
 public:
  /// `clock` outlives it. Nothing is sent before Start().
  Notifications(const Clock& clock, NotificationParts parts);
  ~Notifications() override;

  /// At the start and at each reload: destinations that stay keep what they have still to send. The
  /// first call takes up what the state database holds.
  void Apply(NotifyConfig config) EXCLUDES(mutex_, sending_);

  /// Starts the thread "notify".
  void Start() { dispatcher_.Start(); }

  /// The alerts that were saved before the restart, for RuleManager::Restore; once, after Apply().
  std::vector<AlertRecord> TakeAlertRecords() EXCLUDES(mutex_);
  /// Makes the alerts on disk these; after Send() of the same evaluation.
  void SaveAlerts(std::span<const AlertRecord> records);

  /// The alerts of one evaluation that changed or are due to be sent again: firing ones (also again
  /// and again, before their valid_until), and resolved ones once. Queues them, commits
  /// them to disk, and returns.
  void Send(std::span<const AlertEvent> events) EXCLUDES(mutex_, sending_);

  /// Rules are being evaluated: heartbeats go on for a while (Heartbeat::kAliveFor).
  void NoteEvaluation() EXCLUDES(mutex_);

  /// At shutdown; see Dispatcher::Drain.
  bool Drain(MonoTime deadline) { return dispatcher_.Drain(deadline); }

  /// For tocsin_notifications_*.
  std::vector<DestinationStats> Stats() const { return dispatcher_.Stats(); }

  /// Nothing when no state is kept.
  std::optional<StateStats> State() const;

  // ---- What the API shows and changes
  std::vector<std::string> ReceiverNames() const EXCLUDES(mutex_);
  std::vector<AlertView> Alerts() const EXCLUDES(mutex_);
  std::vector<GroupView> Groups() const EXCLUDES(mutex_);
  std::vector<Silence> AllSilences() const EXCLUDES(mutex_);
  std::optional<Silence> FindSilence(const std::string& id) const EXCLUDES(mutex_);
  /// Errors: see Silences.
  Result<std::string> SetSilence(Silence silence) EXCLUDES(mutex_);
  /// Takes a group on: no more pages for what fires in it, and no escalation. `group` is its key or
  /// the SHA-256 of it in hexadecimal. Errors: kNotFound; kInvalid if nothing fires in it.
  Status Acknowledge(const std::string& group, std::string by, std::string comment)
      EXCLUDES(mutex_);
  /// Takes that back: the group is paged again as if it never was, its escalation counted from now.
  /// Errors: kNotFound; kInvalid if nobody has acknowledged it.
  Status WithdrawAcknowledgement(const std::string& group) EXCLUDES(mutex_);
  /// Checks the links that are in pages.
  const LinkSigner& links() const { return links_; }
  Status ExpireSilence(const std::string& id) EXCLUDES(mutex_);

  /// One round of the loop, for tests without Start().
  void RunOnce(nanoseconds max_wait) { dispatcher_.RunOnce(max_wait); }

 private:
  void OnDelivered(const std::string& destination, const std::vector<Queued>& messages) override;
  void OnAbandoned(const std::string& destination, const std::vector<Queued>& messages,
                   std::string_view reason) override;
  std::optional<MonoTime> OnTime() override;
  Moment Time() const { return {clock_.Wall(), clock_.Mono()}; }
  void TakeUpState() REQUIRES(sending_) EXCLUDES(mutex_);
  void TakeUpLate(Moment now) REQUIRES(sending_) EXCLUDES(mutex_);
  bool IsOutdated(const StateStore::Row& row) const REQUIRES(mutex_);
  void TakeUpRow(StateStore::Row row, Moment now) REQUIRES(sending_) EXCLUDES(mutex_);
  void TakeUpMessage(const std::string& key, Message message, WallTime since) REQUIRES(sending_)
      EXCLUDES(mutex_);
  void PutAll(const std::string& destination, std::vector<Queued> messages) REQUIRES(sending_);
  void PutOne(Outgoing out, WallTime now) REQUIRES(sending_);
  bool IsRepetition(const AlertEvent& event, const std::string& key) REQUIRES(mutex_);
  void RecoverState(Moment now) REQUIRES(sending_) EXCLUDES(mutex_);
  std::vector<StateChange> TakeChanges() REQUIRES(mutex_) { return std::exchange(changes_, {}); }
  void Complete(Outgoing& out, WallTime now) REQUIRES(sending_) EXCLUDES(mutex_);
  std::optional<AlertGroups::GroupView> FindGroup(const std::string& group) const REQUIRES(mutex_);
  AlertView ViewOf(const Alert& alert, WallTime now) const REQUIRES(mutex_);

  const Clock& clock_;
  const std::unique_ptr<StateStore> state_;  // may be null
  const LinkSigner links_;
  PageContext* const context_;  // may be null
  Outbox outbox_;
  Mutex sending_;  // keeps what is put into queues in order; taken before mutex_
  mutable Mutex mutex_;
  std::vector<StateChange> changes_ GUARDED_BY(mutex_);  // of silences and log, to be committed
  Silences silences_ GUARDED_BY(mutex_);
  Acknowledgements acknowledgements_ GUARDED_BY(mutex_);
  Heartbeat heartbeat_ GUARDED_BY(mutex_);
  NotificationLog log_ GUARDED_BY(mutex_);
  std::unique_ptr<AlertGroups> groups_ GUARDED_BY(mutex_);     // null: nothing is routed here
  std::vector<std::string> alertmanagers_ GUARDED_BY(mutex_);  // destinations by name
  std::unordered_map<std::string, std::string> told_ GUARDED_BY(mutex_);  // by key: IsRepetition
  std::vector<AlertRecord> alert_records_ GUARDED_BY(mutex_);
  PageSettings page_ GUARDED_BY(sending_);
  bool taken_up_ GUARDED_BY(sending_) = false;
  MonoTime next_recovery_ GUARDED_BY(sending_){};
  Dispatcher dispatcher_;  // last: its thread uses all of the above
};

}  // namespace tocsin::notify
