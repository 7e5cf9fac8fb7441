#pragma once
// Answers of range queries, kept for a short while: dashboards that several people look at ask the
// same again and again.

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"

namespace tocsin::api {

/// Least recently used answers go first when `max_bytes` are reached. Thread-safe.
class ResultCache {
 public:
  struct Counts {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t bytes = 0;
  };

  /// `max_bytes` 0 keeps nothing; then nothing is counted either.
  ResultCache(std::size_t max_bytes, milliseconds ttl) : max_bytes_(max_bytes), ttl_(ttl) {}

  /// The answer kept under `key`, if it is younger than the TTL.
  std::optional<std::string> Find(const std::string& key, MonoTime now);
  void Insert(std::string key, std::string_view answer, MonoTime now);

  Counts counts() const;

 private:
  struct Entry {
    std::string key;
    std::string answer;
    MonoTime inserted;
  };
  using Entries = std::list<Entry>;  // most recently used first

  static std::size_t Bytes(std::string_view key, std::string_view answer);
  static std::size_t Bytes(const Entry& entry);
  void Erase(Entries::iterator entry) REQUIRES(mutex_);

  const std::size_t max_bytes_;
  const milliseconds ttl_;
  mutable Mutex mutex_;
  Entries entries_ GUARDED_BY(mutex_);
  std::map<std::string_view, Entries::iterator> by_key_ GUARDED_BY(mutex_);
  Counts counts_ GUARDED_BY(mutex_);
};

}  // namespace tocsin::api
