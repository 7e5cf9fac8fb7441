#pragma once
// Somebody has taken a group on: no more pages for what fires in it, until it has ended.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tocsin::notify {

struct Acknowledgement {
  std::string by;
  std::string comment;
  WallTime at{};
  std::vector<std::uint64_t> firing;  // what fired then, by fingerprint, sorted
};

/// By group key. Not thread-safe.
class Acknowledgements {
 public:
  /// Told of each one that was set or (as null) has ended.
  using Changed = std::function<void(const std::string& group_key, const Acknowledgement*)>;
  explicit Acknowledgements(Changed changed = {}) : changed_(std::move(changed)) {}

  /// From storage, without telling.
  void Restore(const std::string& group_key, Acknowledgement acknowledgement) {
    by_group_[group_key] = std::move(acknowledgement);
  }
  void Set(const std::string& group_key, Acknowledgement acknowledgement);
  void End(const std::string& group_key);
  const Acknowledgement* Find(const std::string& group_key) const;
  /// True if all of `firing` (sorted) was acknowledged: an alert that joins the group later is
  /// news.
  bool Covers(const std::string& group_key, const std::vector<std::uint64_t>& firing) const;
  const std::map<std::string, Acknowledgement>& all() const { return by_group_; }

 private:
  Changed changed_;
  std::map<std::string, Acknowledgement> by_group_;
};

}  // namespace tocsin::notify
