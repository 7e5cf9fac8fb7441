#pragma once
// Counts the files of directories a bounded number of entries at a time.

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "collectors/dir_stream.h"
#include "collectors/filter.h"

namespace tocsin {

class HostFs;

/// Which files wait in a directory.
struct DirectoryRules {
  std::vector<std::string> match{"*"};  // glob patterns of the name, one of which must fit
  NameFilter filter;                    // of the path below the directory ("new/17.eml")
  std::size_t max_depth = 0;            // how many directories deep, 0: only the directory itself
  bool hidden = false;                  // names that begin with a dot count too
};

struct DirectoryCount {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t unreadable = 0;       // directories that could not be read, or not to their end
  std::optional<nanoseconds> oldest;  // its mtime, since the Unix epoch
};

/// Walks directories over and over, as far as each call may go. Holds as many descriptors as the
/// walk is deep while one is under way. One thread at a time.
class DirectoryWalk {
 public:
  /// `fs` and `rules` outlive this.
  DirectoryWalk(const HostFs& fs, const DirectoryRules& rules) : fs_(fs), rules_(rules) {}

  /// The directories to count together from the next walk on, absolute paths of this process.
  void SetRoots(std::vector<std::string> roots) { roots_ = std::move(roots); }
  const std::vector<std::string>& roots() const { return roots_; }

  /// Goes on for up to `entries`, at most to the end of one walk. True if it ended.
  bool Move(std::size_t entries, const std::stop_token& stop);

  /// What is known: the last whole walk, or what the walk under way has counted if that is more
  /// files already. While no walk has ended, what the first has counted so far.
  const DirectoryCount& Known() const;
  /// Whether any of the directories could be opened in the last walk (or the one under way, the
  /// first time).
  bool Opened() const { return last_ ? last_opened_ : opened_; }

 private:
  struct Level {
    std::unique_ptr<DirStream> stream;
    std::size_t path_size;  // of path_ with this directory and its slash
  };

  bool Step();
  void OpenNextRoot();
  void Count(const DirEntry& entry);
  void Enter(const DirEntry& entry);
  bool NameMatches() const;
  void Finish();

  const HostFs& fs_;
  const DirectoryRules& rules_;
  std::vector<std::string> roots_;

  bool under_way_ = false;
  std::size_t next_root_ = 0;
  std::vector<std::string> walking_;  // the roots of the walk under way
  std::vector<Level> levels_;
  std::string path_;  // below the root
  std::string name_;  // of the entry at hand, ended by NUL
  bool opened_ = false;
  DirectoryCount counting_;
  std::optional<DirectoryCount> last_;
  bool last_opened_ = false;
};

}  // namespace tocsin
