#include "notify/route/acknowledgements.h"

#include <algorithm>

namespace tocsin::notify {

void Acknowledgements::Set(const std::string& group_key, Acknowledgement acknowledgement) {
  if (changed_) changed_(group_key, &acknowledgement);
  by_group_[group_key] = std::move(acknowledgement);
}

void Acknowledgements::End(const std::string& group_key) {
  if (by_group_.erase(group_key) > 0 && changed_) changed_(group_key, nullptr);
}

const Acknowledgement* Acknowledgements::Find(const std::string& group_key) const {
  const auto found = by_group_.find(group_key);
  return found == by_group_.end() ? nullptr : &found->second;
}

bool Acknowledgements::Covers(const std::string& group_key,
                              const std::vector<std::uint64_t>& firing) const {
  const Acknowledgement* found = Find(group_key);
  return found &&
         std::includes(found->firing.begin(), found->firing.end(), firing.begin(), firing.end());
}

}  // namespace tocsin::notify
