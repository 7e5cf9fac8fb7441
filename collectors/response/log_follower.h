#pragma once
// Reads a growing file on, through all that happens to log files.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "collectors/response/log_place.h"

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
  std::uint64_t lost = 0;           // files gone before they were read to their ends
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
  LogFollower(const LogFollower&) = delete;
  LogFollower& operator=(const LogFollower&) = delete;

  /// Before the first Read(): goes on where the follower of `files` stopped, `saved` after the Unix
  /// epoch. What was rotated since and is still there (RotationsOf) is read first.
  void Resume(std::vector<LogPlace> files, nanoseconds saved);
  /// For the Resume() of a later follower.
  std::vector<LogPlace> Places() const;

  /// Hands what is new to `lines`: whole lines with their newlines, in the buffer, with
  /// kLinePadding readable bytes behind. Errors: kNotFound, kIo: the path cannot be read now (an
  /// old file may have been all the same).
  Status Read(const FollowBudget& budget, FunctionRef<void(std::string_view lines)> lines);

  const std::string& path() const { return path_; }
  const FollowCounters& counters() const { return counters_; }

  static constexpr seconds kLinger{10};

 private:
  struct OpenFile {
    int fd;
    LogPlace place;
    MonoTime last_news;
    bool at_end;  // all that was there has been read
  };
  struct Past {
    std::vector<LogPlace> files;
    nanoseconds saved;
  };

  Status Look(MonoTime now);
  void PickUp(const Past& past, MonoTime now);
  Result<OpenFile> Open(const std::string& path, MonoTime now) const;
  void AddOld(OpenFile file);
  void StartAtEnd(OpenFile& file, std::uint64_t size) const;
  std::uint64_t ReadOn(OpenFile& file, const FollowBudget& budget, std::uint64_t bytes,
                       FunctionRef<void(std::string_view)> lines);
  void TakeRest(OpenFile& file, std::string& buffer, FunctionRef<void(std::string_view)> lines);
  std::size_t TakeLines(LogPlace& place, std::string_view read, bool full,
                        FunctionRef<void(std::string_view)> lines);
  static void Close(OpenFile& file);

  std::string path_;
  FollowFrom from_;
  bool looked_ = false;
  std::vector<OpenFile> old_;  // renamed ones, the oldest first
  std::optional<OpenFile> current_;
  std::optional<LogPlace> closed_;  // of the last file that went away
  std::optional<Past> past_;        // until the first look
  FollowCounters counters_;
};

}  // namespace tocsin
