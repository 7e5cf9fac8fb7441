#pragma once
// The dead man's switch: something outside hears regularly that this agent judges and delivers, and
// pages when it no longer does.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"
#include "notify/alert.h"
#include "notify/notifier.h"
#include "notify/route/groups.h"

namespace tocsin::notify {

/// The name of the destination that `url` makes.
inline constexpr std::string_view kHeartbeatDestination = "heartbeat";

struct HeartbeatSettings {
  milliseconds every{0};                // 0: none is sent
  std::shared_ptr<const Notifier> url;  // a GET each time; or …
  std::string receiver;                 // … an alert that always fires, to this receiver
};

///     heartbeat: { every: 1m, url_file: /etc/tocsin/heartbeat.url }
///     heartbeat: { every: 5m, receiver: deadman }
/// Errors: kInvalid with position.
Result<HeartbeatSettings> ReadHeartbeat(const YamlFile& file, const YamlNode& node);

/// When a heartbeat is due. A value machine, not thread-safe.
class Heartbeat {
 public:
  /// It goes on for so long after the last evaluation of rules.
  static constexpr milliseconds kAliveFor = std::chrono::minutes(1);

  /// `identity`: the labels of this host. The first beat is due at once.
  void Configure(HeartbeatSettings settings, std::vector<std::string> destinations, Labels identity,
                 Moment now);
  void NoteEvaluation(MonoTime now) { evaluated_at_ = now; }

  /// When Take() has to be called; nothing if no heartbeat is configured.
  std::optional<MonoTime> next() const;
  /// What is due: the alert TocsinHeartbeat for every destination, or nothing while no rules are
  /// evaluated.
  std::vector<Outgoing> Take(Moment now);

 private:
  HeartbeatSettings settings_;
  std::vector<std::string> destinations_;
  Labels labels_;
  WallTime since_{};
  MonoTime next_{};
  std::optional<MonoTime> evaluated_at_;
};

}  // namespace tocsin::notify
