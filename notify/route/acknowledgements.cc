#include "notify/route/acknowledgements.h"

#include <algorithm>

namespace tocsin::notify {

void Acknowledgements::Restore(const std::string& group_key, Acknowledgement acknowledgement,
                               Moment now) {
  if (acknowledgement.withdrawn) {
    acknowledgement.withdrawn = now.mono - std::max(milliseconds(0), now.wall - acknowledgement.at);
  }
  by_group_[group_key] = std::move(acknowledgement);
}

void Acknowledgements::Set(const std::string& group_key, Acknowledgement acknowledgement) {
  if (changed_) changed_(group_key, &acknowledgement);
  by_group_[group_key] = std::move(acknowledgement);
}

bool Acknowledgements::Withdraw(const std::string& group_key, Moment now) {
  const Acknowledgement* found = Find(group_key);
  if (!found) return false;
  Acknowledgement withdrawn = *found;
  withdrawn.at = now.wall;
  withdrawn.withdrawn = now.mono;
  Set(group_key, std::move(withdrawn));
  return true;
}

void Acknowledgements::End(const std::string& group_key) {
  if (by_group_.erase(group_key) > 0 && changed_) changed_(group_key, nullptr);
}

const Acknowledgement* Acknowledgements::Find(const std::string& group_key) const {
  const auto found = by_group_.find(group_key);
  return found == by_group_.end() || found->second.withdrawn ? nullptr : &found->second;
}

std::optional<MonoTime> Acknowledgements::WithdrawnAt(const std::string& group_key,
                                                      std::uint64_t fingerprint) const {
  const auto found = by_group_.find(group_key);
  if (found == by_group_.end()) return std::nullopt;
  const std::vector<std::uint64_t>& firing = found->second.firing;
  const bool was_in = std::binary_search(firing.begin(), firing.end(), fingerprint);
  return was_in ? found->second.withdrawn : std::nullopt;
}

bool Acknowledgements::Covers(const std::string& group_key,
                              const std::vector<std::uint64_t>& firing) const {
  const Acknowledgement* found = Find(group_key);
  return found &&
         std::includes(found->firing.begin(), found->firing.end(), firing.begin(), firing.end());
}

}  // namespace tocsin::notify
