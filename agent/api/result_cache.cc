#include "agent/api/result_cache.h"

#include <iterator>
#include <utility>

namespace tocsin::api {

std::size_t ResultCache::Bytes(std::string_view key, std::string_view answer) {
  return sizeof(Entry) + key.size() + answer.size();
}

std::size_t ResultCache::Bytes(const Entry& entry) { return Bytes(entry.key, entry.answer); }

void ResultCache::Erase(Entries::iterator entry) {
  counts_.bytes -= Bytes(*entry);
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

std::optional<std::string> ResultCache::Find(const std::string& key, MonoTime now) {
  if (max_bytes_ == 0) return std::nullopt;
  const MutexLock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || now - found->second->inserted >= ttl_) {
    if (found != by_key_.end()) Erase(found->second);
    ++counts_.misses;
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  ++counts_.hits;
  return found->second->answer;
}

void ResultCache::Insert(std::string key, std::string_view answer, MonoTime now) {
  const std::size_t bytes = Bytes(key, answer);
  if (bytes > max_bytes_) return;
  Entry entry{std::move(key), std::string(answer), now};
  const MutexLock lock(mutex_);
  if (const auto old = by_key_.find(entry.key); old != by_key_.end()) Erase(old->second);
  while (counts_.bytes + bytes > max_bytes_) Erase(std::prev(entries_.end()));
  entries_.push_front(std::move(entry));
  by_key_.emplace(entries_.front().key, entries_.begin());
  counts_.bytes += bytes;
}

ResultCache::Counts ResultCache::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

}  // namespace tocsin::api
