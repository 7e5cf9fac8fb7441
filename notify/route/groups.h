#pragma once
// Alerts in, notifications out: routing, grouping, muting and deduplication, as Alertmanager does
// them. A state machine: time is a parameter, nothing blocks or is sent here.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "notify/alert.h"
#include "notify/route/acknowledgements.h"
#include "notify/route/inhibit.h"
#include "notify/route/log.h"
#include "notify/route/route.h"
#include "notify/route/silences.h"
#include "notify/route/time_interval.h"

namespace tocsin::notify {

/// One way in which a receiver is told: a destination of the dispatcher.
struct Integration {
  std::string destination;
  bool send_resolved = true;
  /// It believes that an alert has ended once it has not heard of it for a while, as Alertmanager
  /// does: what it was told of and still fires, it is told again.
  bool expires = false;
};

struct RoutingConfig {
  Route root;
  std::vector<InhibitRule> inhibit_rules;
  std::map<std::string, std::vector<TimeInterval>> time_intervals;
  std::map<std::string, std::vector<Integration>> receivers;
};

/// A message to put into a destination's queue.
struct Outgoing {
  std::string destination;
  Message message;
};

/// Why an alert is not told of at present.
struct Muting {
  std::vector<std::string> silenced_by;
  std::string inhibited_by;  // a fingerprint, or empty
};

/// Not thread-safe.
///
/// The notification log is what was delivered; a group whose message is still undelivered is
/// compared with that message instead, so that nothing is queued twice.
class AlertGroups {
 public:
  /// `silences`, `acknowledgements` and `log` outlive it.
  AlertGroups(std::shared_ptr<const RoutingConfig> config, const Silences& silences,
              Acknowledgements& acknowledgements, NotificationLog& log, Moment now);
  ~AlertGroups();

  /// The newest state of an alert.
  void Put(const Alert& alert, Moment now);

  /// When Advance() will have something to do.
  std::optional<MonoTime> NextDue() const;
  /// Flushes the groups whose time has come.
  std::vector<Outgoing> Advance(Moment now);

  /// Flushes the group as soon as possible: what is due in it may have changed.
  void Hasten(const std::string& group_key, Moment now);

  void OnDelivered(const std::string& destination, const Message& message, Moment now);
  /// Given up: at the group's next flush it counts as never sent.
  void OnAbandoned(const std::string& destination, const Message& message);
  /// The same, refused by the receiver. What has ended is in the group again until then, as with
  /// Alertmanager: whoever was told that it fires may take its end when its password is right
  /// again.
  void OnRejected(const std::string& destination, const Message& message, Moment now);
  /// A message that is still queued from an earlier life or configuration.
  void OnPending(const std::string& destination, const Message& message);

  /// After a reload: the alerts and undelivered messages of the groups before it.
  void TakeOver(AlertGroups& old, Moment now);

  /// Every alert that is known and not yet resolved and told.
  std::vector<Alert> Alerts() const;
  Muting StatusOf(const Labels& labels, WallTime now) const;
  /// The names of the receivers whose groups hold the alert, sorted.
  std::vector<std::string> ReceiversOf(const Labels& labels) const;

  struct GroupView {
    std::string receiver;
    Labels labels;
    std::string key;
    std::vector<Alert> alerts;  // in the order in which they are sent
  };
  /// Sorted by labels, then receiver.
  std::vector<GroupView> Groups() const;

  const RoutingConfig& config() const { return *config_; }

 private:
  struct Group;
  struct Entry {
    Alert alert;
    std::uint64_t version = 0;
    MonoTime firing_since{};
    MonoTime severity_since{};   // not earlier
    std::vector<Group*> groups;  // those that hold it
  };
  struct DueOrder {
    bool operator()(const Group* a, const Group* b) const;
  };
  /// A group's flush: what there is to tell, and when what was told before has to be told again.
  struct Occasion {
    const std::vector<Alert>& alerts;
    const std::vector<std::uint64_t>& muted;  // Message::muted
    const LogEntry& current;
    milliseconds repeat;
    std::optional<MonoTime> again_since;  // to whoever was last told before this
  };
  using PendingKey = std::pair<std::string, std::string>;  // destination, group key

  MonoTime MemberSince(const Group& group, const Entry& entry) const;
  void Insert(Entry& entry, const Route& route, Moment now);
  void Reschedule(Group& group, MonoTime next);
  void Flush(Group& group, Moment now, std::vector<Outgoing>& out);
  void Notify(Group& group, const std::vector<Alert>& alerts,
              const std::vector<std::uint64_t>& all_firing, Moment now, std::vector<Outgoing>& out);
  void NotifyReceiver(const Group& group, const std::string& receiver, const Occasion& occasion,
                      std::vector<Outgoing>& out);
  void Refresh(const Group& group, const std::vector<Alert>& alerts, Moment now,
               std::vector<Outgoing>& out);
  static Message MessageTo(const Integration& integration, const std::string& receiver,
                           const Group& group, std::vector<Alert> alerts, const LogEntry& log);
  const LogEntry* LastSaid(const Integration& integration, const std::string& group_key) const;
  static bool IsDue(const LogEntry* last, bool send_resolved, const Occasion& occasion);
  std::optional<MonoTime> UnattendedSince(const Group& group,
                                          const std::vector<Alert>& alerts) const;
  std::optional<MonoTime> LastWithdrawn(const Group& group, const std::vector<Alert>& alerts) const;
  void KeepLog(const Group& group, Moment now);
  bool Told(const std::string& receiver, const std::string& group_key) const;
  std::vector<Alert> Audible(const Group& group, std::vector<Alert> alerts, Moment now) const;
  bool InAnyInterval(const std::vector<std::string>& names, WallTime now) const;
  void DropResolved(Group& group);
  void Maintain(Moment now);

  const std::shared_ptr<const RoutingConfig> config_;
  const Silences& silences_;
  Acknowledgements& acknowledgements_;
  NotificationLog& log_;
  Inhibitor inhibitor_;
  std::unordered_map<Labels, Entry, LabelsHash> alerts_;
  std::map<std::pair<const Route*, Labels>, std::unique_ptr<Group>> groups_;
  std::set<Group*, DueOrder> due_;
  std::map<PendingKey, LogEntry> pending_;  // what undelivered messages say
  MonoTime next_maintenance_;
};

/// Alertmanager's order of alerts in a notification: by job, then instance, then the other labels.
bool AlertBefore(const Alert& a, const Alert& b);

}  // namespace tocsin::notify
