#include "notify/service.h"

#include "notify/receivers/receivers.h"

namespace tocsin::notify {

Notifications::Notifications(const Clock& clock, std::unique_ptr<Transport> transport,
                             std::uint64_t seed)
    : clock_(clock), dispatcher_(clock, std::move(transport), this, this, seed) {}

Notifications::~Notifications() = default;

void Notifications::Apply(NotifyConfig config) {
  std::vector<Destination> destinations;
  std::vector<std::string> names;
  for (const AlertmanagerTarget& target : config.alertmanagers) {
    destinations.push_back({target.name, MakeAlertmanager(target.url, target.http), config.queue});
    names.push_back(target.name);
  }
  for (ReceiverDestination& destination : config.routing.destinations) {
    destinations.push_back({destination.name, std::move(destination.notifier), config.queue});
  }
  const MutexLock sending(sending_);
  dispatcher_.SetDestinations(std::move(destinations));
  const MutexLock lock(mutex_);
  alertmanagers_ = std::move(names);
  std::unique_ptr<AlertGroups> old = std::move(groups_);
  if (config.routing.config) {
    groups_ = std::make_unique<AlertGroups>(config.routing.config, silences_, log_, Time());
    if (old) groups_->TakeOver(*old, Time());
  }
  dispatcher_.Wake();
}

void Notifications::Send(std::span<const AlertEvent> events) {
  const Moment now = Time();
  std::vector<Queued> messages;
  std::vector<std::string> alertmanagers;
  const MutexLock sending(sending_);
  {
    const MutexLock lock(mutex_);
    alertmanagers = alertmanagers_;
    for (const AlertEvent& event : events) {
      if (event.state == AlertState::kPending) continue;
      Message message;
      message.alerts = FromEvent(event, now.wall);
      if (groups_) {
        for (const Alert& alert : message.alerts) groups_->Put(alert, now);
      }
      if (alertmanagers.empty()) continue;
      message.key = FingerprintText(event.identity);
      messages.push_back({std::move(message), now.wall});
    }
  }
  for (const std::string& name : alertmanagers) dispatcher_.Put(name, messages);
  dispatcher_.Wake();
}

std::optional<MonoTime> Notifications::OnTime() {
  const MutexLock sending(sending_);
  std::vector<Outgoing> outgoing;
  std::optional<MonoTime> next;
  const Moment now = Time();
  {
    const MutexLock lock(mutex_);
    silences_.Forget(now.wall);
    if (!groups_) return std::nullopt;
    outgoing = groups_->Advance(now);
    next = groups_->NextDue();
  }
  for (Outgoing& out : outgoing) {
    std::vector<Queued> one;
    one.push_back({std::move(out.message), now.wall});
    dispatcher_.Put(out.destination, std::move(one));
  }
  return next;
}

void Notifications::OnDelivered(const std::string& destination,
                                const std::vector<Queued>& messages) {
  const MutexLock lock(mutex_);
  if (!groups_) return;
  for (const Queued& queued : messages) {
    if (queued.message.whole_group) groups_->OnDelivered(destination, queued.message, Time());
  }
}

void Notifications::OnAbandoned(const std::string& destination, const std::vector<Queued>& messages,
                                std::string_view) {
  const MutexLock lock(mutex_);
  if (!groups_) return;
  for (const Queued& queued : messages) {
    if (queued.message.whole_group) groups_->OnAbandoned(destination, queued.message);
  }
}

std::vector<std::string> Notifications::ReceiverNames() const {
  std::vector<std::string> names;
  const MutexLock lock(mutex_);
  if (!groups_) return names;
  for (const auto& [name, integrations] : groups_->config().receivers) names.push_back(name);
  return names;
}

AlertView Notifications::ViewOf(const Alert& alert, WallTime now) const {
  return {alert, groups_->StatusOf(alert.labels, now), groups_->ReceiversOf(alert.labels)};
}

std::vector<AlertView> Notifications::Alerts() const {
  std::vector<AlertView> views;
  const WallTime now = clock_.Wall();
  const MutexLock lock(mutex_);
  if (!groups_) return views;
  for (const Alert& alert : groups_->Alerts()) views.push_back(ViewOf(alert, now));
  return views;
}

std::vector<GroupView> Notifications::Groups() const {
  std::vector<GroupView> views;
  const WallTime now = clock_.Wall();
  const MutexLock lock(mutex_);
  if (!groups_) return views;
  for (AlertGroups::GroupView& group : groups_->Groups()) {
    GroupView& view = views.emplace_back();
    view.receiver = std::move(group.receiver);
    view.labels = group.labels;
    view.key = std::move(group.key);
    for (const Alert& alert : group.alerts) view.alerts.push_back(ViewOf(alert, now));
  }
  return views;
}

std::vector<Silence> Notifications::AllSilences() const {
  const MutexLock lock(mutex_);
  std::vector<Silence> all;
  for (const auto& [id, silence] : silences_.all()) all.push_back(silence);
  return all;
}

std::optional<Silence> Notifications::FindSilence(const std::string& id) const {
  const MutexLock lock(mutex_);
  const Silence* found = silences_.Find(id);
  return found ? std::optional(*found) : std::nullopt;
}

Result<std::string> Notifications::SetSilence(Silence silence) {
  const MutexLock lock(mutex_);
  return silences_.Set(std::move(silence), clock_.Wall());
}

Status Notifications::ExpireSilence(const std::string& id) {
  const MutexLock lock(mutex_);
  return silences_.Expire(id, clock_.Wall());
}

}  // namespace tocsin::notify
