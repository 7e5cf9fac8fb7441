#include "collectors/response/probe/history.h"

#include <algorithm>
#include <utility>

namespace tocsin::probe {

void History::Add(std::shared_ptr<const Module> module, std::string target,
                  std::shared_ptr<const ProbeResult> result) {
  const MutexLock lock(mutex_);
  Entries& entries = result->success() ? successes_ : failures_;
  entries.push_front({next_id_++, std::move(module), std::move(target), std::move(result)});
  if (entries.size() > limit_) entries.pop_back();
}

std::vector<HistoryEntry> History::Failures() const {
  const MutexLock lock(mutex_);
  return {failures_.begin(), failures_.end()};
}

std::vector<HistoryEntry> History::Successes() const {
  const MutexLock lock(mutex_);
  return {successes_.begin(), successes_.end()};
}

HistoryEntry History::Find(std::uint64_t id) const {
  const MutexLock lock(mutex_);
  for (const Entries* entries : {&failures_, &successes_}) {
    for (const HistoryEntry& entry : *entries) {
      if (entry.id == id) return entry;
    }
  }
  return {};
}

}  // namespace tocsin::probe
