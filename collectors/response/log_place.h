#pragma once
// How far a log was read, in a form that outlives the process and knows the file again.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tocsin {

/// Some bytes of a file, by number and hash: the bytes themselves are nobody's business.
struct LogMark {
  static constexpr std::uint32_t kMost = 64;
  static constexpr std::uint64_t kOfNothing = 14695981039346656037U;  // FNV-1a

  std::uint32_t bytes = 0;
  std::uint64_t hash = kOfNothing;

  bool operator==(const LogMark&) const = default;
};
LogMark MarkOf(std::string_view text);
/// The mark of up to kMost bytes of a file from `offset` on.
LogMark MarkAt(int fd, std::uint64_t offset, std::uint64_t bytes);

struct LogPlace {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;
  bool skipping = false;  // in the rest of a line that is not wanted
  LogMark head{};         // the first bytes, as far as they come before the offset
  LogMark tail{};         // the bytes before the offset

  bool IsIn(std::uint64_t other_device, std::uint64_t other_inode) const {
    return device == other_device && inode == other_inode;
  }
  /// Whether a file has the same bytes before the offset, and reaches so far.
  bool FitsTail(int fd) const { return MarkAt(fd, offset - tail.bytes, tail.bytes) == tail; }
  bool Fits(int fd) const { return FitsTail(fd) && MarkAt(fd, 0, head.bytes) == head; }

  bool operator==(const LogPlace&) const = default;
};

/// Where the follower of one path stands: files that were renamed, the oldest first, then the one
/// at the path.
struct LogPosition {
  std::string path;
  std::vector<LogPlace> files;
};

/// As JSON, and back. Errors: kMalformed.
std::string EncodeLogPositions(const std::vector<LogPosition>& positions);
Result<std::vector<LogPosition>> DecodeLogPositions(std::string_view json);

/// A file that seems to have been a log until it was rotated.
struct RotatedLog {
  std::string path;
  std::uint64_t device;
  std::uint64_t inode;
  nanoseconds changed;  // since the Unix epoch
};
/// Whether "access.log.1", "access.log-20261121", "access-20261121.log" … was "access.log". Not
/// compressed ones.
bool IsRotationOf(std::string_view name, std::string_view log);
/// The rotations beside a log, the one changed last at the end.
std::vector<RotatedLog> RotationsOf(const std::string& path);

/// As much of a file as there is from `offset` on, up to `bytes`.
std::size_t ReadFileAt(int fd, char* out, std::size_t bytes, std::uint64_t offset);

}  // namespace tocsin
