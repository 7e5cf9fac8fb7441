#pragma once
// Reads a growing file on, through all that happens to log files.

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/function_ref.h"
#include "base/result.h"

namespace tocsin {

/// Where reading begins in a file that is there at the first look. One that appears later is new
/// and read whole.
enum class FollowFrom { kEnd, kBeginning };

/// What one round may do.
struct FollowBudget {
  std::uint64_t bytes;  // to read at most
  MonoTime now;
  std::string& buffer;  // shared by all followers: see FollowBuffer()
};

/// A buffer for FollowBudget. A line longer than it is skipped.
std::string FollowBuffer(std::size_t bytes = 256 << 10);

struct FollowCounters {
  std::uint64_t bytes = 0;
  std::uint64_t long_lines = 0;  // skipped
  std::uint64_t renamed = 0;     // another file came in the place of the one that was read
  std::uint64_t truncated = 0;
  std::uint64_t backlog_bytes = 0;  // known and not yet read
};

/// One path. Nothing is read twice and, between a rotation and the round after it, nothing is lost:
/// a renamed file is read to its end and for kLinger after its last line; a truncated one (smaller
/// than before, or with other bytes before the place reached) from its beginning. Opening never
/// blocks; only regular files are read. No memory besides the shared buffer. One thread at a time.
class LogFollower {
 public:
  LogFollower(std::string path, FollowFrom from) : path_(std::move(path)), from_(from) {}
  ~LogFollower();
  LogFollower(LogFollower&&) noexcept;
  LogFollower& operator=(LogFollower&&) = delete;

  /// Hands what is new to `lines`: whole lines with their newlines, in the buffer, with
  /// kLinePadding readable bytes behind. Errors: kNotFound, kIo: the path cannot be read now (an
  /// old file may have been all the same).
  Status Read(const FollowBudget& budget, FunctionRef<void(std::string_view lines)> lines);

  const std::string& path() const { return path_; }
  const FollowCounters& counters() const { return counters_; }

  static constexpr seconds kLinger{10};

 private:
  static constexpr std::size_t kTail = 64;
  /// How far a file was read, and enough to know it again.
  struct Place {
    dev_t device = 0;
    ino_t inode = 0;
    std::uint64_t offset = 0;
    std::uint32_t tail_bytes = 0;
    bool skipping = false;           // in the rest of a line that is not wanted
    std::array<char, kTail> tail{};  // the bytes before the offset
  };
  struct OpenFile {
    int fd;
    Place place;
    MonoTime last_news;
  };

  Status Look(MonoTime now);
  Result<OpenFile> Open(MonoTime now) const;
  bool StandsWhere(const OpenFile& file, const Place& place) const;
  void StartAtEnd(OpenFile& file, std::uint64_t size) const;
  std::uint64_t ReadOn(OpenFile& file, const FollowBudget& budget, std::uint64_t bytes,
                       FunctionRef<void(std::string_view)> lines);
  void TakeRest(OpenFile& file, std::string& buffer, FunctionRef<void(std::string_view)> lines);
  std::size_t TakeLines(Place& place, std::string_view read, bool full,
                        FunctionRef<void(std::string_view)> lines);
  void Close(OpenFile& file);

  std::string path_;
  FollowFrom from_;
  bool looked_ = false;
  std::vector<OpenFile> old_;  // renamed ones, the oldest first
  std::optional<OpenFile> current_;
  std::optional<Place> closed_;  // of the last file that went away
  FollowCounters counters_;
};

}  // namespace tocsin
