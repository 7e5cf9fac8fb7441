#pragma once
// The last probes, for people: failures apart from successes, so that these do not push them out.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "collectors/response/probe/module.h"
#include "collectors/response/probe/result.h"

namespace tocsin::probe {

struct HistoryEntry {
  std::uint64_t id = 0;  // ascending
  std::shared_ptr<const Module> module;
  std::string target;  // as it may be shown
  std::shared_ptr<const ProbeResult> result;
};

/// Thread-safe.
class History {
 public:
  /// Keeps that many successes and as many failures.
  explicit History(std::size_t limit) : limit_(limit) {}

  void Add(std::shared_ptr<const Module> module, std::string target,
           std::shared_ptr<const ProbeResult> result);
  /// The newest first.
  std::vector<HistoryEntry> Failures() const;
  std::vector<HistoryEntry> Successes() const;
  /// Its module is null if it is not there any more.
  HistoryEntry Find(std::uint64_t id) const;

 private:
  using Entries = std::deque<HistoryEntry>;
  const std::size_t limit_;
  mutable Mutex mutex_;
  std::uint64_t next_id_ GUARDED_BY(mutex_) = 0;
  Entries failures_ GUARDED_BY(mutex_);
  Entries successes_ GUARDED_BY(mutex_);
};

}  // namespace tocsin::probe
