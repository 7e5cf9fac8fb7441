#include "notify/service.h"

#include "notify/receivers/receivers.h"

namespace tocsin::notify {

Notifications::Notifications(const Clock& clock, std::unique_ptr<Transport> transport,
                             std::uint64_t seed)
    : clock_(clock), dispatcher_(clock, std::move(transport), nullptr, seed) {}

void Notifications::Apply(const NotifyConfig& config) {
  std::vector<Destination> destinations;
  std::vector<std::string> names;
  for (const AlertmanagerTarget& target : config.alertmanagers) {
    destinations.push_back({target.name, MakeAlertmanager(target.url, target.http), config.queue});
    names.push_back(target.name);
  }
  const MutexLock lock(mutex_);
  alertmanagers_ = std::move(names);
  dispatcher_.SetDestinations(std::move(destinations));
}

void Notifications::Send(std::span<const AlertEvent> events) {
  const WallTime now = clock_.Wall();
  std::vector<Queued> messages;
  for (const AlertEvent& event : events) {
    if (event.state == AlertState::kPending) continue;
    Message message;
    message.key = FingerprintText(event.identity);
    message.alerts = FromEvent(event, now);
    messages.push_back({std::move(message), now});
  }
  if (messages.empty()) return;
  const MutexLock lock(mutex_);
  for (const std::string& name : alertmanagers_) dispatcher_.Put(name, messages);
}

}  // namespace tocsin::notify
