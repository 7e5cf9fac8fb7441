#include "collectors/system/slow_mounts.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <thread>

namespace tocsin {
namespace {

constexpr std::size_t kMaxHelpers = 2;

}  // namespace

struct SlowMounts::Entry {
  explicit Entry(Mount m) : mount(std::move(m)) {}

  const Mount mount;
  // Guarded by Shared::mutex.
  enum class State { kIdle, kWanted, kAsking } state = State::kIdle;
  std::optional<struct statvfs> answer;
};

struct SlowMounts::Shared {
  explicit Shared(HostFs::StatVfsCall c) : call(std::move(c)) {}

  /// The next mount to ask for: wanted, and no mount of its server is being asked.
  std::shared_ptr<Entry> Next() REQUIRES(mutex) {
    for (const std::shared_ptr<Entry>& entry : entries) {
      if (entry->state == Entry::State::kWanted && !IsBusy(entry->mount.server)) return entry;
    }
    return nullptr;
  }
  bool IsBusy(const std::string& server) const REQUIRES(mutex) { return AnyOf(asking, server); }
  /// Starts what is missing of `count` helpers.
  void StartHelpers(std::size_t count, const std::shared_ptr<Shared>& self) REQUIRES(mutex) {
    for (; helpers < count; ++helpers) {
      try {
        std::thread([self] { Work(self); }).detach();
      } catch (const std::system_error&) {
        return;  // no thread to be had now; the mounts stay without an answer this round
      }
    }
  }

  /// True if one of `entries` is served by `server`.
  static bool AnyOf(const std::array<const Entry*, kMaxHelpers>& entries,
                    const std::string& server) {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const Entry* entry) { return entry && entry->mount.server == server; });
  }

  const HostFs::StatVfsCall call;
  Mutex mutex;
  CondVar changed;
  std::vector<std::shared_ptr<Entry>> entries GUARDED_BY(mutex);
  std::array<const Entry*, kMaxHelpers> asking GUARDED_BY(mutex){};  // by helpers at work
  std::size_t helpers GUARDED_BY(mutex) = 0;
  bool stop GUARDED_BY(mutex) = false;
};

SlowMounts::SlowMounts(HostFs::StatVfsCall call)
    : shared_(std::make_shared<Shared>(std::move(call))) {}

SlowMounts::~SlowMounts() {
  const MutexLock lock(shared_->mutex);
  shared_->stop = true;
  shared_->changed.NotifyAll();
  // Helpers that do not hang end now. They own all they touch, so none needs to be waited for.
}

void SlowMounts::SetMounts(std::vector<Mount> mounts) {
  std::vector<std::shared_ptr<Entry>> entries;
  for (Mount& mount : mounts) {
    const auto known = std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) {
      return entry->mount.path == mount.path && entry->mount.server == mount.server;
    });
    entries.push_back(known != entries_.end() ? *known : std::make_shared<Entry>(std::move(mount)));
  }
  entries_ = entries;
  const MutexLock lock(shared_->mutex);
  shared_->entries = std::move(entries);
}

void SlowMounts::Ask(MonoTime until) {
  if (entries_.empty()) return;
  Shared& shared = *shared_;
  const MutexLock lock(shared.mutex);
  // Who is still being asked from an earlier round hangs, and those behind it need not wait.
  const auto hang = shared.asking;
  for (const auto& entry : entries_) {
    if (entry->state == Entry::State::kIdle && !Shared::AnyOf(hang, entry->mount.server)) {
      entry->state = Entry::State::kWanted;
    }
  }
  shared.StartHelpers(std::min(kMaxHelpers, entries_.size()), shared_);
  shared.changed.NotifyAll();
  const auto is_outstanding = [&](const std::shared_ptr<Entry>& entry) {
    return entry->state != Entry::State::kIdle && !Shared::AnyOf(hang, entry->mount.server);
  };
  while (std::any_of(entries_.begin(), entries_.end(), is_outstanding)) {
    const bool all_hang = std::count(hang.begin(), hang.end(), nullptr) == 0;
    if (all_hang && shared.asking == hang) break;
    if (MonoTime::clock::now() >= until) break;
    shared.changed.WaitUntil(shared.mutex, until);
  }
  // What no one came to ask is asked next round.
  for (const auto& entry : entries_) {
    if (entry->state == Entry::State::kWanted) entry->state = Entry::State::kIdle;
  }
}

std::optional<struct statvfs> SlowMounts::Take(std::size_t i) {
  const MutexLock lock(shared_->mutex);
  return std::exchange(entries_[i]->answer, std::nullopt);
}

void SlowMounts::Work(const std::shared_ptr<Shared>& shared) {
  ::pthread_setname_np(::pthread_self(), "statfs");
  shared->mutex.lock();
  while (!shared->stop) {
    const std::shared_ptr<Entry> entry = shared->Next();
    if (!entry) {
      shared->changed.Wait(shared->mutex);
      continue;
    }
    entry->state = Entry::State::kAsking;
    auto& slot = *std::find(shared->asking.begin(), shared->asking.end(), nullptr);
    slot = entry.get();
    shared->mutex.unlock();
    const auto answer = shared->call(entry->mount.path);
    shared->mutex.lock();
    slot = nullptr;
    entry->state = Entry::State::kIdle;
    entry->answer = answer ? std::optional(*answer) : std::nullopt;
    shared->changed.NotifyAll();
  }
  shared->mutex.unlock();
}

bool IsSlowFilesystem(std::string_view type) {
  constexpr std::array<std::string_view, 21> kSlow{
      "9p",   "afs",     "beegfs", "ceph",      "cifs", "coda",   "davfs",
      "fuse", "fuseblk", "gfs2",   "glusterfs", "gpfs", "lustre", "ncpfs",
      "nfs",  "nfs4",    "ocfs2",  "orangefs",  "smb3", "smbfs",  "virtiofs"};
  return type.starts_with("fuse.") || std::find(kSlow.begin(), kSlow.end(), type) != kSlow.end();
}

std::string_view ServerOf(std::string_view device) {
  if (device.starts_with("//")) {
    const auto end = device.find('/', 2);
    return device.substr(2, end == std::string_view::npos ? end : end - 2);
  }
  const auto export_path = device.find(":/");
  return export_path == std::string_view::npos ? device : device.substr(0, export_path);
}

}  // namespace tocsin
