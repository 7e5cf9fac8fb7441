#include "notify/route/log.h"

#include <algorithm>

namespace tocsin::notify {
namespace {

bool IsSubset(const std::vector<std::uint64_t>& part, const std::vector<std::uint64_t>& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

}  // namespace

LogEntry EntryOf(const std::vector<Alert>& alerts, Moment now) {
  LogEntry entry;
  entry.at = now;
  for (const Alert& alert : alerts) {
    (alert.resolved() ? entry.resolved : entry.firing).push_back(Fingerprint(alert.labels));
  }
  std::sort(entry.firing.begin(), entry.firing.end());
  std::sort(entry.resolved.begin(), entry.resolved.end());
  return entry;
}

void NotificationLog::Restore(const std::string& destination, const std::string& group_key,
                              LogEntry entry, Moment now) {
  entry.at.mono = now.mono - std::max(milliseconds(0), now.wall - entry.at.wall);
  entries_[{destination, group_key}] = std::move(entry);
}

void NotificationLog::Set(const std::string& destination, const std::string& group_key,
                          LogEntry entry) {
  if (changed_) changed_(destination, group_key, &entry);
  entries_[{destination, group_key}] = std::move(entry);
}

const LogEntry* NotificationLog::Find(const std::string& destination,
                                      const std::string& group_key) const {
  const auto found = entries_.find({destination, group_key});
  return found == entries_.end() ? nullptr : &found->second;
}

void NotificationLog::Forget(Moment now) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (now.mono - it->second.at.mono > it->second.keep_for) {
      if (changed_) changed_(it->first.first, it->first.second, nullptr);
      it = entries_.erase(it);
    } else {
      ++it;
    }
  }
}

void NotificationLog::Keep(const std::string& destination, const std::string& group_key,
                           Moment now) {
  const LogEntry* found = Find(destination, group_key);
  if (!found || now.mono - found->at.mono < found->keep_for / 2) return;
  LogEntry renewed = *found;
  renewed.at = now;
  Set(destination, group_key, std::move(renewed));
}

void NotificationLog::ForEach(const std::function<void(const std::string&, const std::string&,
                                                       const LogEntry&)>& visit) const {
  for (const auto& [key, entry] : entries_) visit(key.first, key.second, entry);
}

bool NeedsNotification(const LogEntry* last, const LogEntry& current, bool send_resolved,
                       milliseconds repeat) {
  if (!last) return !current.firing.empty();
  if (!IsSubset(current.firing, last->firing)) return true;
  if (current.firing.empty()) return !last->firing.empty();
  if (send_resolved && !IsSubset(current.resolved, last->resolved)) return true;
  return current.at.mono - last->at.mono > repeat;
}

}  // namespace tocsin::notify
