#pragma once
// statfs of mounts that may never answer (network filesystems, FUSE), where it can hang alone.

#include <condition_variable>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "collectors/host_fs.h"

namespace tocsin {

/// Asks for mounts on helper threads of its own. There are at most two, started when there is
/// something to ask: when one hangs, the other goes on with mounts of other servers; when both
/// hang, mounts stay without an answer until one comes back. Hanging threads are left behind by the
/// destructor and end by themselves. One caller at a time.
class SlowMounts {
 public:
  explicit SlowMounts(HostFs::StatVfsCall call);
  ~SlowMounts();
  SlowMounts(const SlowMounts&) = delete;
  SlowMounts& operator=(const SlowMounts&) = delete;

  struct Mount {
    std::string path;
    std::string server;  // mounts of one server hang together
  };
  /// What is asked from now on. A path that was there before keeps its state.
  void SetMounts(std::vector<Mount> mounts);

  /// Asks for all mounts and waits until all have answered, or `until`, or no one is left who
  /// could ask. Takes no heap.
  void Ask(MonoTime until);

  /// What mount `i` answered since the last call for it, or nothing if it did not, or failed.
  std::optional<struct statvfs> Take(std::size_t i);

 private:
  struct Entry;
  struct Shared;

  static void Work(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;
  std::vector<std::shared_ptr<Entry>> entries_;  // also in Shared, for the helpers
};

/// True for filesystems whose statfs waits for another machine or process.
bool IsSlowFilesystem(std::string_view type);

/// Who serves a mount: "host" of "host:/export" and of "//host/share", else the device itself.
std::string_view ServerOf(std::string_view device);

}  // namespace tocsin
