#pragma once
// What each destination was last told of each group: the memory that keeps a page from being sent
// twice.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "notify/alert.h"

namespace tocsin::notify {

/// The fingerprints of a message's alerts, as a LogEntry delivered at `now`.
LogEntry EntryOf(const std::vector<Alert>& alerts, Moment now);

/// Not thread-safe.
class NotificationLog {
 public:
  /// Told of each entry that was set or (as null) forgotten.
  using Changed = std::function<void(const std::string& destination, const std::string& group_key,
                                     const LogEntry*)>;
  explicit NotificationLog(Changed changed = {}) : changed_(std::move(changed)) {}

  /// From storage, without telling; `entry.at.mono` is derived from the wall clock: an entry from
  /// the future counts as made now.
  void Restore(const std::string& destination, const std::string& group_key, LogEntry entry,
               Moment now);
  void Set(const std::string& destination, const std::string& group_key, LogEntry entry);
  const LogEntry* Find(const std::string& destination, const std::string& group_key) const;
  void Forget(Moment now);
  /// Lets an entry that has aged by half live as long again.
  void Keep(const std::string& destination, const std::string& group_key, Moment now);
  void ForEach(
      const std::function<void(const std::string& destination, const std::string& group_key,
                               const LogEntry&)>& visit) const;

 private:
  Changed changed_;
  std::map<std::pair<std::string, std::string>, LogEntry> entries_;
};

/// Whether a destination must hear of a group with these alerts: something new fires, all that it
/// knew to fire has ended, something ended that it did not know had, or `repeat` has passed.
/// `last` is null if it never heard of the group: then only firing alerts are news.
bool NeedsNotification(const LogEntry* last, const LogEntry& current, bool send_resolved,
                       milliseconds repeat);

}  // namespace tocsin::notify
