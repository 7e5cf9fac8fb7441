#pragma once
// Somebody has taken a group on: no more pages for what fires in it, until it has ended or they
// have taken that back.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "rules/alert_state.h"

namespace tocsin::notify {

struct Acknowledgement {
  std::string by;
  std::string comment;
  WallTime at{};                      // when it was made, or taken back
  std::vector<std::uint64_t> firing;  // what fired then, by fingerprint, sorted
  /// Taken back: what fired has been nobody's since then, however long it fires.
  std::optional<MonoTime> withdrawn = {};
};

/// By group key. Not thread-safe.
class Acknowledgements {
 public:
  /// Told of each one that was set or (as null) has ended.
  using Changed = std::function<void(const std::string& group_key, const Acknowledgement*)>;
  explicit Acknowledgements(Changed changed = {}) : changed_(std::move(changed)) {}

  /// From storage, without telling; `withdrawn` is derived from the wall clock.
  void Restore(const std::string& group_key, Acknowledgement acknowledgement, Moment now);
  void Set(const std::string& group_key, Acknowledgement acknowledgement);
  /// False if nobody has acknowledged the group.
  bool Withdraw(const std::string& group_key, Moment now);
  void End(const std::string& group_key);
  /// The one in force, or null.
  const Acknowledgement* Find(const std::string& group_key) const;
  /// When the acknowledgement of this alert was taken back, if it was.
  std::optional<MonoTime> WithdrawnAt(const std::string& group_key,
                                      std::uint64_t fingerprint) const;
  /// True if all of `firing` (sorted) was acknowledged: an alert that joins the group later is
  /// news.
  bool Covers(const std::string& group_key, const std::vector<std::uint64_t>& firing) const;
  /// Those taken back too.
  const std::map<std::string, Acknowledgement>& all() const { return by_group_; }

 private:
  Changed changed_;
  std::map<std::string, Acknowledgement> by_group_;
};

}  // namespace tocsin::notify
