#include "notify/service.h"

#include <algorithm>
#include <utility>

#include "notify/receivers/receivers.h"
#include "notify/state/codec.h"

namespace tocsin::notify {

namespace {

constexpr milliseconds kRecoveryInterval = std::chrono::seconds(5);
/// A page about more alerts than these is about something that none of them tells alone.
constexpr std::size_t kMostDescribed = 5;

StateChange LogChange(const std::string& destination, const std::string& group_key,
                      const LogEntry* entry) {
  return {StateChange::Table::kLog, PairKey(destination, group_key),
          entry ? EncodeLogEntry(*entry) : std::string(), entry == nullptr};
}

StateChange SilenceChange(const std::string& id, const std::optional<Silence>& silence) {
  return {StateChange::Table::kSilence, id, silence ? EncodeSilence(*silence) : std::string(),
          !silence};
}

StateChange AcknowledgementChange(const std::string& group_key,
                                  const Acknowledgement* acknowledgement) {
  return {StateChange::Table::kAcknowledgement, group_key,
          acknowledgement ? EncodeAcknowledgement(*acknowledgement) : std::string(),
          acknowledgement == nullptr};
}

}  // namespace

Notifications::Notifications(const Clock& clock, NotificationParts parts)
    : clock_(clock),
      state_(std::move(parts.state)),
      links_(std::move(parts.link_key)),
      context_(parts.context),
      outbox_(state_.get()),
      // All are called under mutex_, where they are changed.
      silences_([this](const std::string& id, const std::optional<Silence>& silence)
                    NO_THREAD_SAFETY_ANALYSIS { changes_.push_back(SilenceChange(id, silence)); }),
      acknowledgements_([this](const std::string& group_key, const Acknowledgement* acknowledgement)
                            NO_THREAD_SAFETY_ANALYSIS {
                              changes_.push_back(AcknowledgementChange(group_key, acknowledgement));
                            }),
      log_([this](const std::string& destination, const std::string& group_key,
                  const LogEntry* entry) NO_THREAD_SAFETY_ANALYSIS {
        changes_.push_back(LogChange(destination, group_key, entry));
      }),
      dispatcher_(clock, std::move(parts.transport), this, this, parts.seed) {}

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
  std::vector<std::string> heartbeat_to;
  if (config.heartbeat.url) {
    heartbeat_to.emplace_back(kHeartbeatDestination);
    destinations.push_back({heartbeat_to[0], config.heartbeat.url, config.queue});
  } else if (!config.heartbeat.receiver.empty()) {
    for (const Integration& integration :
         config.routing.config->receivers.at(config.heartbeat.receiver)) {
      heartbeat_to.push_back(integration.destination);
    }
  }
  const MutexLock sending(sending_);
  dispatcher_.SetDestinations(std::move(destinations));
  page_ = std::move(config.page);
  {
    const MutexLock lock(mutex_);
    alertmanagers_ = std::move(names);
    heartbeat_.Configure(std::move(config.heartbeat), std::move(heartbeat_to),
                         std::move(config.identity), Time());
    std::unique_ptr<AlertGroups> old = std::move(groups_);
    if (config.routing.config) {
      groups_ = std::make_unique<AlertGroups>(config.routing.config, silences_, acknowledgements_,
                                              log_, Time());
      if (old) groups_->TakeOver(*old, Time());
    }
  }
  if (!std::exchange(taken_up_, true)) TakeUpState();
  dispatcher_.Wake();
}

/// True if receivers that key on labels were told the same before: nothing is lost with it.
bool Notifications::IsRepetition(const AlertEvent& event, const std::string& key) {
  if (event.state == AlertState::kInactive) {
    told_.erase(key);
    return false;
  }
  std::string& told = told_[key];
  std::string now = FingerprintText(event.labels);
  return std::exchange(told, now) == now;
}

void Notifications::PutAll(const std::string& destination, std::vector<Queued> messages) {
  outbox_.Store(destination, messages, dispatcher_.Merged(destination, messages));
  dispatcher_.Put(destination, std::move(messages));
}

void Notifications::PutOne(Outgoing out, WallTime now) {
  std::vector<Queued> one;
  one.push_back({std::move(out.message), now});
  PutAll(out.destination, std::move(one));
}

void Notifications::NoteEvaluation() {
  const MutexLock lock(mutex_);
  heartbeat_.NoteEvaluation(clock_.Mono());
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
      message.repetition = IsRepetition(event, message.key);
      messages.push_back({std::move(message), now.wall});
    }
  }
  if (!messages.empty()) {
    for (const std::string& name : alertmanagers) PutAll(name, messages);
  }
  dispatcher_.Wake();
}

/// What a page says besides what its alerts do.
void Notifications::Complete(Outgoing& out, WallTime now) {
  Message& message = out.message;
  if (message.log.firing.empty()) return;
  if (page_.acknowledge_links) {
    message.acknowledge_url =
        page_.external_url + "/acknowledge?" + links_.Query(message.group.key, now);
  }
  if (!context_ || page_.context.Empty()) return;
  std::size_t left = kMostDescribed;
  for (Alert& alert : message.alerts) {
    if (alert.resolved()) continue;
    if (left-- == 0) break;
    LabelsBuilder annotations(alert.annotations);
    for (const LabelView more : context_->Describe(alert, page_.context, now)) {
      if (!alert.annotations.Has(more.name)) annotations.Set(more.name, more.value);
    }
    alert.annotations = annotations.Build();
  }
}

std::optional<MonoTime> Notifications::OnTime() {
  const MutexLock sending(sending_);
  std::vector<Outgoing> outgoing;
  std::vector<Outgoing> heartbeats;
  std::vector<StateChange> changes;
  std::optional<MonoTime> next;
  const Moment now = Time();
  RecoverState(now);
  if (state_ && state_->NeedsRecovery()) next = next_recovery_;
  {
    const MutexLock lock(mutex_);
    silences_.Forget(now.wall);
    if (groups_) {
      outgoing = groups_->Advance(now);
      if (const auto due = groups_->NextDue()) next = next ? std::min(*next, *due) : *due;
    }
    heartbeats = heartbeat_.Take(now);
    if (const auto due = heartbeat_.next()) next = next ? std::min(*next, *due) : *due;
    changes = TakeChanges();
  }
  outbox_.Done({}, {}, std::move(changes));
  for (Outgoing& beat : heartbeats) PutOne(std::move(beat), now.wall);
  for (Outgoing& out : outgoing) {
    Complete(out, now.wall);
    PutOne(std::move(out), now.wall);
  }
  return next;
}

void Notifications::OnDelivered(const std::string& destination,
                                const std::vector<Queued>& messages) {
  std::vector<StateChange> changes;
  {
    const MutexLock lock(mutex_);
    for (const Queued& queued : messages) {
      if (groups_ && queued.message.whole_group) {
        groups_->OnDelivered(destination, queued.message, Time());
      }
    }
    changes = TakeChanges();
  }
  outbox_.Done(destination, messages, std::move(changes));
}

void Notifications::OnAbandoned(const std::string& destination, const std::vector<Queued>& messages,
                                std::string_view reason) {
  {
    const MutexLock lock(mutex_);
    for (const Queued& queued : messages) {
      const bool of_group = groups_ && queued.message.whole_group;
      if (!of_group) {
        told_.erase(queued.message.key);
      } else if (reason == "rejected") {
        groups_->OnRejected(destination, queued.message, Time());
      } else {
        groups_->OnAbandoned(destination, queued.message);
      }
    }
  }
  outbox_.Done(destination, messages, {});
}

std::vector<AlertRecord> Notifications::TakeAlertRecords() {
  const MutexLock lock(mutex_);
  return std::exchange(alert_records_, {});
}

void Notifications::SaveAlerts(std::span<const AlertRecord> records) {
  if (state_) state_->SaveAlerts(records, clock_.Mono());
}

std::optional<StateStats> Notifications::State() const {
  return state_ ? std::optional(state_->Stats()) : std::nullopt;
}

void Notifications::TakeUpState() {
  if (!state_) return;
  const Moment now = Time();
  for (StateStore::Row& row : state_->TakeLoaded()) TakeUpRow(std::move(row), now);
}

/// State that could be read only now, while alerts have come and gone.
void Notifications::TakeUpLate(Moment now) {
  std::vector<StateStore::Row> rows = state_->TakeLoaded();
  {
    const MutexLock lock(mutex_);
    std::erase_if(rows, [this](const StateStore::Row& row)
                            NO_THREAD_SAFETY_ANALYSIS { return IsOutdated(row); });
  }
  for (StateStore::Row& row : rows) TakeUpRow(std::move(row), now);
}

/// True if this life knows better.
bool Notifications::IsOutdated(const StateStore::Row& row) const {
  using Table = StateChange::Table;
  if (row.table == Table::kAlert) return true;
  if (row.table == Table::kSilence) return silences_.Find(row.key) != nullptr;
  if (row.table == Table::kAcknowledgement) return acknowledgements_.all().contains(row.key);
  const auto key = SplitPairKey(row.key);
  if (!key || log_.Find(key->first, key->second)) return true;
  if (row.table == Table::kLog) return false;
  return told_.contains(key->second) || FindGroup(key->second);
}

void Notifications::TakeUpRow(StateStore::Row row, Moment now) {
  using Table = StateChange::Table;
  bool readable = true;
  if (row.table == Table::kOutbox) {
    auto message = DecodeMessage(row.value);
    readable = message.has_value();
    if (message) TakeUpMessage(row.key, *std::move(message), FromMillis(row.since));
  } else {
    const MutexLock lock(mutex_);
    if (row.table == Table::kLog) {
      auto entry = DecodeLogEntry(row.value);
      const auto key = SplitPairKey(row.key);
      readable = entry && key;
      if (readable) log_.Restore(key->first, key->second, *std::move(entry), now);
    } else if (row.table == Table::kSilence) {
      auto silence = DecodeSilence(row.value);
      readable = silence.has_value();
      if (readable) silences_.Restore(*std::move(silence));
    } else if (row.table == Table::kAcknowledgement) {
      auto acknowledgement = DecodeAcknowledgement(row.value);
      readable = acknowledgement.has_value();
      if (readable) acknowledgements_.Restore(row.key, *std::move(acknowledgement), now);
    } else if (row.table == Table::kAlert) {
      auto record = DecodeAlertRecord(row.value);
      readable = record.has_value();
      if (readable) {
        if (const auto alert = FromRecord(*record); alert && groups_) groups_->Put(*alert, now);
        alert_records_.push_back(*std::move(record));
      }
    }
  }
  if (!readable) state_->CountSkippedRow();
}

void Notifications::TakeUpMessage(const std::string& key, Message message, WallTime since) {
  const auto parts = SplitPairKey(key);
  if (!parts) return state_->CountSkippedRow();
  const std::string& destination = parts->first;
  std::vector<Queued> one;
  one.push_back(outbox_.Adopt(destination, std::move(message), since));
  if (one[0].message.whole_group) {
    const MutexLock lock(mutex_);
    if (groups_) groups_->OnPending(destination, one[0].message);
  }
  dispatcher_.Put(destination, std::move(one));  // one that is no longer there abandons it
}

/// On the loop thread, so that nothing is delivered meanwhile; and nothing is put either.
void Notifications::RecoverState(Moment now) {
  if (!state_ || !state_->NeedsRecovery() || now.mono < next_recovery_) return;
  next_recovery_ = now.mono + kRecoveryInterval;
  if (state_->OpenLate(now.wall)) TakeUpLate(now);
  std::vector<StateChange> everything;
  {
    const MutexLock lock(mutex_);
    TakeChanges();  // are in what follows
    for (const auto& [id, silence] : silences_.all()) {
      everything.push_back(SilenceChange(id, silence));
    }
    for (const auto& [key, acknowledgement] : acknowledgements_.all()) {
      everything.push_back(AcknowledgementChange(key, &acknowledgement));
    }
    log_.ForEach(
        [&](const std::string& destination, const std::string& key, const LogEntry& entry) {
          everything.push_back(LogChange(destination, key, &entry));
        });
  }
  outbox_.Rewrite(dispatcher_.Contents(), std::move(everything), now.wall);
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
    if (const Acknowledgement* found = acknowledgements_.Find(view.key)) view.acknowledged = *found;
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
  std::vector<StateChange> changes;
  Result<std::string> id = std::string();
  {
    const MutexLock lock(mutex_);
    id = silences_.Set(std::move(silence), clock_.Wall());
    changes = TakeChanges();
  }
  outbox_.Done({}, {}, std::move(changes));
  return id;
}

Status Notifications::Acknowledge(const std::string& group, std::string by, std::string comment) {
  std::vector<StateChange> changes;
  {
    const MutexLock lock(mutex_);
    const auto found = FindGroup(group);
    if (!found) return Error{Errc::kNotFound, "there is no such group of alerts"};
    const Moment now = Time();
    const LogEntry current = EntryOf(found->alerts, now);
    if (current.firing.empty()) return Error{Errc::kInvalid, "nothing fires in this group"};
    acknowledgements_.Set(found->key,
                          {std::move(by), std::move(comment), now.wall, current.firing});
    changes = TakeChanges();
  }
  outbox_.Done({}, {}, std::move(changes));
  return Unit{};
}

Status Notifications::WithdrawAcknowledgement(const std::string& group) {
  std::vector<StateChange> changes;
  {
    const MutexLock lock(mutex_);
    const auto found = FindGroup(group);
    if (!found) return Error{Errc::kNotFound, "there is no such group of alerts"};
    if (!acknowledgements_.Withdraw(found->key, Time())) {
      return Error{Errc::kInvalid, "nobody has acknowledged this group"};
    }
    groups_->Hasten(found->key, Time());
    changes = TakeChanges();
  }
  outbox_.Done({}, {}, std::move(changes));
  dispatcher_.Wake();
  return Unit{};
}

/// By its key or the hash of it.
std::optional<AlertGroups::GroupView> Notifications::FindGroup(const std::string& group) const {
  if (!groups_) return std::nullopt;
  for (AlertGroups::GroupView& view : groups_->Groups()) {
    if (view.key == group || GroupHash(view.key) == group) return std::move(view);
  }
  return std::nullopt;
}

Status Notifications::ExpireSilence(const std::string& id) {
  std::vector<StateChange> changes;
  Status status = Unit{};
  {
    const MutexLock lock(mutex_);
    status = silences_.Expire(id, clock_.Wall());
    changes = TakeChanges();
  }
  outbox_.Done({}, {}, std::move(changes));
  return status;
}

}  // namespace tocsin::notify
