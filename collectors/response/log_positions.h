#pragma once
// The positions in logs, kept on disk from one life of the agent to the next.

#include <string>
#include <vector>

#include "collectors/response/log_follower.h"

namespace tocsin {

/// A file that is replaced as a whole. What cannot be read or written costs one line of the log and
/// the positions, nothing else. One thread at a time.
class LogPositions {
 public:
  /// Reads nothing yet. An empty path keeps nothing.
  explicit LogPositions(std::string path) : path_(std::move(path)) {}

  /// Makes a new follower go on where that of an earlier life stopped, if there was one.
  void Resume(LogFollower& follower);
  /// Writes them if they are others than before, together with those of logs that no follower has
  /// asked for yet.
  void Save(std::vector<LogPosition> positions);

 private:
  void Load();

  const std::string path_;
  bool loaded_ = false;
  bool told_ = false;  // that they cannot be written
  nanoseconds saved_{};
  std::vector<LogPosition> earlier_;
  std::string text_;  // as on disk
};

}  // namespace tocsin
