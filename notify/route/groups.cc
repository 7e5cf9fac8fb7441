#include "notify/route/groups.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace tocsin::notify {
namespace {

constexpr milliseconds kMaintenanceInterval = std::chrono::seconds(30);
constexpr milliseconds kLogRetention = std::chrono::hours(120);
constexpr milliseconds kNever = std::chrono::hours(24 * 36'500);
constexpr milliseconds kLeastRefresh = std::chrono::minutes(1);
constexpr int kRefreshesToMiss = 4;  // as many as Prometheus lets its Alertmanagers miss

/// How often a receiver whose alerts expire is told again.
milliseconds RefreshInterval(const Route& route) {
  return std::max(route.group_interval, kLeastRefresh);
}

/// Fewer labels first; else the first name or value that differs decides, an absent name last.
bool LabelsBefore(const Labels& a, const Labels& b) {
  if (a.size() != b.size()) return a.size() < b.size();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].name != b[i].name) return a[i].name > b[i].name;
    if (a[i].value != b[i].value) return a[i].value < b[i].value;
  }
  return false;
}

}  // namespace

bool AlertBefore(const Alert& a, const Alert& b) {
  for (const std::string_view name : {"job", "instance"}) {
    const bool in_a = a.labels.Has(name);
    const bool in_b = b.labels.Has(name);
    if (in_a != in_b) return in_a;
    const std::string_view value_a = a.labels.Get(name);
    const std::string_view value_b = b.labels.Get(name);
    if (value_a != value_b) return value_a < value_b;
  }
  return LabelsBefore(a.labels, b.labels);
}

struct AlertGroups::Group {
  const Route* route;
  Labels labels;
  std::string key;
  std::map<Labels, Entry*> alerts;
  MonoTime next{};
  bool flushed = false;
};

bool AlertGroups::DueOrder::operator()(const Group* a, const Group* b) const {
  return a->next != b->next ? a->next < b->next : std::less<>()(a, b);
}

AlertGroups::AlertGroups(std::shared_ptr<const RoutingConfig> config, const Silences& silences,
                         Acknowledgements& acknowledgements, NotificationLog& log, Moment now)
    : config_(std::move(config)),
      silences_(silences),
      acknowledgements_(acknowledgements),
      log_(log),
      inhibitor_(config_->inhibit_rules),
      next_maintenance_(now.mono + kMaintenanceInterval) {}

AlertGroups::~AlertGroups() = default;

void AlertGroups::Put(const Alert& alert, Moment now) {
  inhibitor_.Update(alert);
  Entry& entry = alerts_[alert.labels];
  // A firing alert is in all its groups and stays there: nothing to route.
  const bool in_place = !entry.groups.empty() && !entry.alert.resolved();
  if (!in_place) {
    // One that fired before a restart has been waiting already.
    const auto instant = [&](WallTime since) {
      return now.mono - std::max(milliseconds(0), now.wall - since);
    };
    entry.firing_since = instant(alert.starts_at);
    entry.severity_since =
        std::max(entry.firing_since, instant(alert.severity_since.value_or(alert.starts_at)));
  }
  entry.alert = alert;
  ++entry.version;
  if (in_place) return;
  std::vector<const Route*> routes;
  MatchRoutes(config_->root, alert.labels, routes);
  for (const Route* route : routes) Insert(entry, *route, now);
}

void AlertGroups::Insert(Entry& entry, const Route& route, Moment now) {
  const Labels group_labels = route.GroupLabels(entry.alert.labels);
  std::unique_ptr<Group>& group = groups_[{&route, group_labels}];
  if (!group) {
    group = std::make_unique<Group>();
    group->route = &route;
    group->labels = group_labels;
    group->key = route.key + ":" + GoLabelsText(group_labels);
    group->next = now.mono + route.group_wait;
    due_.insert(group.get());
  }
  if (group->alerts.emplace(entry.alert.labels, &entry).second) entry.groups.push_back(group.get());
  // An alert that has waited already (elsewhere, or before a restart) does not wait again.
  if (!group->flushed && entry.alert.starts_at + route.group_wait < now.wall) {
    Reschedule(*group, now.mono);
  }
}

void AlertGroups::Reschedule(Group& group, MonoTime next) {
  due_.erase(&group);
  group.next = next;
  due_.insert(&group);
}

std::optional<MonoTime> AlertGroups::NextDue() const {
  if (due_.empty()) return std::nullopt;
  return std::min((*due_.begin())->next, next_maintenance_);
}

std::vector<Outgoing> AlertGroups::Advance(Moment now) {
  std::vector<Outgoing> out;
  std::vector<Group*> ready;
  for (Group* group : due_) {
    if (group->next > now.mono) break;
    ready.push_back(group);
  }
  for (Group* group : ready) {
    // After a suspend one flush makes up for all that were missed.
    Reschedule(*group, now.mono + group->route->group_interval);
    group->flushed = true;
    Flush(*group, now, out);
  }
  if (now.mono >= next_maintenance_) Maintain(now);
  return out;
}

void AlertGroups::Flush(Group& group, Moment now, std::vector<Outgoing>& out) {
  std::vector<Alert> alerts;
  for (const auto& [labels, entry] : group.alerts) alerts.push_back(entry->alert);
  std::stable_sort(alerts.begin(), alerts.end(), AlertBefore);
  const std::vector<Alert> audible = Audible(group, alerts, now);
  const std::vector<std::uint64_t> firing = EntryOf(alerts, now).firing;
  if (firing.empty()) {
    // Also where nobody hears of it: what fires next is news.
    acknowledgements_.End(group.key);
  } else if (acknowledgements_.Covers(group.key, firing)) {
    KeepLog(group, now);
  }
  if (!audible.empty()) Notify(group, audible, firing, now, out);
  Refresh(group, alerts, now, out);
  DropResolved(group);
}

bool AlertGroups::InAnyInterval(const std::vector<std::string>& names, WallTime now) const {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    const auto found = config_->time_intervals.find(name);
    return found != config_->time_intervals.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [&](const TimeInterval& interval) { return interval.Contains(now); });
  });
}

/// `alerts` without those that are inhibited or silenced, or none at a time when the route is mute.
std::vector<Alert> AlertGroups::Audible(const Group& group, std::vector<Alert> alerts,
                                        Moment now) const {
  const Route& route = *group.route;
  if (!route.active_time_intervals.empty() &&
      !InAnyInterval(route.active_time_intervals, now.wall)) {
    return {};
  }
  if (InAnyInterval(route.mute_time_intervals, now.wall)) return {};
  std::erase_if(alerts, [&](const Alert& alert) {
    return !inhibitor_.InhibitedBy(alert.labels).empty() ||
           !silences_.Silencing(alert.labels, now.wall).empty();
  });
  return alerts;
}

/// Since when the alert is this group's to attend to. With its other severity it may have been
/// another's: the receivers of `critical` have had no time yet when a warning becomes critical.
MonoTime AlertGroups::MemberSince(const Group& group, const Entry& entry) const {
  if (entry.severity_since == entry.firing_since) return entry.firing_since;
  const Labels& labels = entry.alert.labels;
  const std::string_view critical = SeverityText(Severity::kCritical);
  const Labels before = labels.With(
      "severity", labels.Get("severity") == critical ? SeverityText(Severity::kWarning) : critical);
  std::vector<const Route*> routes;
  MatchRoutes(config_->root, before, routes);
  const bool was_here = std::count(routes.begin(), routes.end(), group.route) > 0 &&
                        group.route->GroupLabels(before) == group.labels;
  return was_here ? entry.firing_since : entry.severity_since;
}

/// Since when something has fired that nobody has acknowledged.
std::optional<MonoTime> AlertGroups::UnattendedSince(const Group& group,
                                                     const std::vector<Alert>& alerts) const {
  std::optional<MonoTime> since;
  for (const Alert& alert : alerts) {
    if (alert.resolved()) continue;
    if (acknowledgements_.Covers(group.key, {Fingerprint(alert.labels)})) continue;
    MonoTime own = MemberSince(group, *group.alerts.at(alert.labels));
    if (const auto at = acknowledgements_.WithdrawnAt(group.key, Fingerprint(alert.labels))) {
      own = std::max(own, *at);
    }
    since = since ? std::min(*since, own) : own;
  }
  return since;
}

/// When an acknowledgement of what fires was last taken back.
std::optional<MonoTime> AlertGroups::LastWithdrawn(const Group& group,
                                                   const std::vector<Alert>& alerts) const {
  std::optional<MonoTime> last;
  for (const Alert& alert : alerts) {
    if (alert.resolved()) continue;
    last = std::max(last, acknowledgements_.WithdrawnAt(group.key, Fingerprint(alert.labels)));
  }
  return last;
}

void AlertGroups::Notify(Group& group, const std::vector<Alert>& alerts,
                         const std::vector<std::uint64_t>& all_firing, Moment now,
                         std::vector<Outgoing>& out) {
  const Route& route = *group.route;
  LogEntry current = EntryOf(alerts, now);
  current.keep_for = std::min(kLogRetention, 2 * route.repeat_interval);
  std::vector<std::uint64_t> muted;
  std::set_difference(all_firing.begin(), all_firing.end(), current.firing.begin(),
                      current.firing.end(), std::back_inserter(muted));
  const std::optional<MonoTime> since = UnattendedSince(group, alerts);
  Occasion occasion{alerts, muted, current, route.repeat_interval, {}};
  if (!since && !current.firing.empty()) {
    // Somebody is at it: only what ends is told.
    occasion.repeat = kNever;
    KeepLog(group, now);
  }
  occasion.again_since = LastWithdrawn(group, alerts);  // it is nobody's again: paged as at first
  NotifyReceiver(group, route.receiver, occasion, out);
  occasion.again_since.reset();
  for (const EscalationStep& step : route.escalate) {
    if (since && now.mono >= *since + step.after) {
      occasion.again_since = *since + step.after;
      NotifyReceiver(group, step.receiver, occasion, out);
      occasion.again_since.reset();
      continue;
    }
    // Once told, a receiver hears how it goes on.
    if (Told(step.receiver, group.key)) NotifyReceiver(group, step.receiver, occasion, out);
    if (since && *since + step.after < group.next) Reschedule(group, *since + step.after);
  }
}

/// What was told must not be forgotten while an acknowledged group is quiet: its end would not be
/// told.
void AlertGroups::KeepLog(const Group& group, Moment now) {
  const auto keep = [&](const std::string& receiver) {
    for (const Integration& integration : config_->receivers.at(receiver)) {
      log_.Keep(integration.destination, group.key, now);
    }
  };
  keep(group.route->receiver);
  for (const EscalationStep& step : group.route->escalate) keep(step.receiver);
}

/// Whether the receiver believes that something fires. Who was told how an earlier incident ended
/// knows nothing of the next.
bool AlertGroups::Told(const std::string& receiver, const std::string& group_key) const {
  const std::vector<Integration>& integrations = config_->receivers.at(receiver);
  return std::any_of(integrations.begin(), integrations.end(), [&](const Integration& i) {
    const LogEntry* said = LastSaid(i, group_key);
    return said && !said->firing.empty();
  });
}

bool AlertGroups::IsDue(const LogEntry* last, bool send_resolved, const Occasion& occasion) {
  if (last && occasion.again_since && last->at.mono < *occasion.again_since) return true;
  return NeedsNotification(last, occasion.current, send_resolved, occasion.repeat);
}

void AlertGroups::NotifyReceiver(const Group& group, const std::string& receiver,
                                 const Occasion& occasion, std::vector<Outgoing>& out) {
  const LogEntry& current = occasion.current;
  for (const Integration& integration : config_->receivers.at(receiver)) {
    const PendingKey key{integration.destination, group.key};
    if (const auto pending = pending_.find(key); pending != pending_.end()) {
      const LogEntry& queued = pending->second;
      if (queued.firing == current.firing &&
          std::includes(queued.resolved.begin(), queued.resolved.end(), current.resolved.begin(),
                        current.resolved.end())) {
        continue;
      }
    } else if (!IsDue(log_.Find(integration.destination, group.key), integration.send_resolved,
                      occasion)) {
      continue;
    }
    Message message = MessageTo(integration, receiver, group, occasion.alerts, current);
    message.muted = occasion.muted;
    if (message.alerts.empty() && !pending_.count(key)) {
      // Nobody is told, but from now on these alerts are news again.
      log_.Set(integration.destination, group.key, current);
      continue;
    }
    pending_[key] = current;
    out.push_back({integration.destination, std::move(message)});
  }
}

Message AlertGroups::MessageTo(const Integration& integration, const std::string& receiver,
                               const Group& group, std::vector<Alert> alerts, const LogEntry& log) {
  Message message;
  message.key = group.key;
  message.group = {receiver, group.key, group.labels};
  message.alerts = std::move(alerts);
  message.whole_group = true;
  message.send_resolved = integration.send_resolved;
  if (!integration.send_resolved) std::erase_if(message.alerts, std::mem_fn(&Alert::resolved));
  if (integration.expires) {
    const WallTime until = log.at.wall + kRefreshesToMiss * RefreshInterval(*group.route);
    for (Alert& alert : message.alerts) alert.valid_until = std::max(alert.valid_until, until);
  }
  message.log = log;
  return message;
}

/// What an integration was told last, or is about to be.
const LogEntry* AlertGroups::LastSaid(const Integration& integration,
                                      const std::string& group_key) const {
  const auto pending = pending_.find({integration.destination, group_key});
  if (pending != pending_.end()) return &pending->second;
  return log_.Find(integration.destination, group_key);
}

/// Who believes an alert ended unless told again is told of those that it knows and that still
/// fire: also while they are silenced, inhibited or acknowledged, since that is not their end.
void AlertGroups::Refresh(const Group& group, const std::vector<Alert>& alerts, Moment now,
                          std::vector<Outgoing>& out) {
  const auto refresh = [&](const std::string& receiver) {
    for (const Integration& integration : config_->receivers.at(receiver)) {
      if (!integration.expires) continue;
      const LogEntry* said = LastSaid(integration, group.key);
      if (!said || now.mono - said->at.mono < RefreshInterval(*group.route)) continue;
      std::vector<Alert> firing;
      std::copy_if(alerts.begin(), alerts.end(), std::back_inserter(firing), [&](const Alert& a) {
        return !a.resolved() &&
               std::binary_search(said->firing.begin(), said->firing.end(), Fingerprint(a.labels));
      });
      if (firing.empty()) continue;
      LogEntry log = *said;
      log.at = now;
      out.push_back({integration.destination,
                     MessageTo(integration, receiver, group, std::move(firing), log)});
      pending_[{integration.destination, group.key}] = std::move(log);
    }
  };
  refresh(group.route->receiver);
  for (const EscalationStep& step : group.route->escalate) refresh(step.receiver);
}

void AlertGroups::DropResolved(Group& group) {
  std::erase_if(group.alerts, [&](const auto& item) {
    Entry& entry = *item.second;
    if (!entry.alert.resolved()) return false;
    std::erase(entry.groups, &group);
    if (entry.groups.empty()) alerts_.erase(Labels(item.first));
    return true;
  });
}

void AlertGroups::Maintain(Moment now) {
  next_maintenance_ = now.mono + kMaintenanceInterval;
  for (auto it = groups_.begin(); it != groups_.end();) {
    if (it->second->alerts.empty()) {
      due_.erase(it->second.get());
      it = groups_.erase(it);
    } else {
      ++it;
    }
  }
  log_.Forget(now);
}

void AlertGroups::Hasten(const std::string& group_key, Moment now) {
  for (const auto& [key, group] : groups_) {
    if (group->key == group_key) Reschedule(*group, now.mono);
  }
}

void AlertGroups::OnDelivered(const std::string& destination, const Message& message, Moment now) {
  LogEntry entry = message.log;
  entry.at = now;
  log_.Set(destination, message.key, std::move(entry));
  const auto pending = pending_.find({destination, message.key});
  // A newer message may have been queued while this one was in flight.
  if (pending != pending_.end() && pending->second.at.mono <= message.log.at.mono) {
    pending_.erase(pending);
  }
}

void AlertGroups::OnAbandoned(const std::string& destination, const Message& message) {
  pending_.erase({destination, message.key});
}

void AlertGroups::OnRejected(const std::string& destination, const Message& message, Moment now) {
  OnAbandoned(destination, message);
  for (const Alert& alert : message.alerts) {
    if (alert.resolved() && !alerts_.count(alert.labels)) Put(alert, now);
  }
}

void AlertGroups::OnPending(const std::string& destination, const Message& message) {
  pending_[{destination, message.key}] = message.log;
}

void AlertGroups::TakeOver(AlertGroups& old, Moment now) {
  pending_ = std::move(old.pending_);
  for (const auto& [labels, entry] : old.alerts_) {
    Put(entry.alert, now);
    Entry& taken = alerts_.at(labels);  // the wall clock may have been set since
    taken.firing_since = entry.firing_since;
    taken.severity_since = entry.severity_since;
  }
  // A group that is no more ends nothing by itself, and might come back with the old routes.
  std::set<std::string_view> keys;
  for (const auto& [of, group] : groups_) keys.insert(group->key);
  std::vector<std::string> gone;
  for (const auto& [key, acknowledgement] : acknowledgements_.all()) {
    if (!keys.count(key)) gone.push_back(key);
  }
  for (const std::string& key : gone) acknowledgements_.End(key);
}

std::vector<Alert> AlertGroups::Alerts() const {
  std::vector<Alert> all;
  for (const auto& [labels, entry] : alerts_) all.push_back(entry.alert);
  return all;
}

Muting AlertGroups::StatusOf(const Labels& labels, WallTime now) const {
  return {silences_.Silencing(labels, now), inhibitor_.InhibitedBy(labels)};
}

std::vector<std::string> AlertGroups::ReceiversOf(const Labels& labels) const {
  std::vector<std::string> names;
  std::vector<const Route*> routes;
  MatchRoutes(config_->root, labels, routes);
  names.reserve(routes.size());
  for (const Route* route : routes) names.push_back(route->receiver);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<AlertGroups::GroupView> AlertGroups::Groups() const {
  std::vector<GroupView> views;
  for (const auto& [key, group] : groups_) {
    if (group->alerts.empty()) continue;
    GroupView view{group->route->receiver, group->labels, group->key, {}};
    for (const auto& [labels, entry] : group->alerts) view.alerts.push_back(entry->alert);
    std::stable_sort(view.alerts.begin(), view.alerts.end(), AlertBefore);
    views.push_back(std::move(view));
  }
  std::stable_sort(views.begin(), views.end(), [](const GroupView& a, const GroupView& b) {
    return a.labels == b.labels ? a.receiver < b.receiver : LabelsBefore(a.labels, b.labels);
  });
  return views;
}

}  // namespace tocsin::notify
