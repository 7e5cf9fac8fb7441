#pragma once
// Silences: alerts that nobody is to be told of for a while.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "notify/route/matchers.h"

namespace tocsin::notify {

enum class SilenceState { kPending, kActive, kExpired };
std::string_view SilenceStateText(SilenceState state);

struct Silence {
  std::string id;  // a UUID; empty before it is set
  Matchers matchers;
  WallTime starts_at{};
  WallTime ends_at{};
  WallTime updated_at{};
  std::string created_by;
  std::string comment;

  SilenceState StateAt(WallTime now) const;
};

/// All silences there are, as Alertmanager 0.25 keeps them. Not thread-safe.
class Silences {
 public:
  /// Expired ones are kept this long, so that they can be looked at and set again, or until kMax
  /// are there.
  static constexpr milliseconds kRetention = std::chrono::hours(120);
  static constexpr std::size_t kMax = 10'000;

  /// `changed` is told of each silence that was set, expired or (as nullopt) forgotten.
  using Changed = std::function<void(const std::string& id, const std::optional<Silence>&)>;
  explicit Silences(Changed changed = {}) : changed_(std::move(changed)) {}

  /// From storage, without telling.
  void Restore(Silence silence) { by_id_[silence.id] = std::move(silence); }

  /// Creates a silence, or changes the one with the same id: in place where history allows, or
  /// else by expiring it and creating another. Returns the id in effect.
  /// Errors: kInvalid (no matchers, only ones that match the empty string, times), kNotFound for an
  /// unknown id, kLimit.
  Result<std::string> Set(Silence silence, WallTime now);

  /// Ends a silence now. Errors: kNotFound; kInvalid if it has ended already.
  Status Expire(const std::string& id, WallTime now);

  /// The ids of the active silences that match, sorted.
  std::vector<std::string> Silencing(const Labels& labels, WallTime now) const;

  const Silence* Find(const std::string& id) const;
  const std::map<std::string, Silence>& all() const { return by_id_; }

  /// Forgets what expired longer than kRetention ago.
  void Forget(WallTime now);

 private:
  void Store(Silence silence);
  bool ForgetOldest(WallTime now);

  Changed changed_;
  std::map<std::string, Silence> by_id_;
};

}  // namespace tocsin::notify
