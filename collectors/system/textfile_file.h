#pragma once
// One file of the textfile collector: read again when it changed, its samples ready to be exported.

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/host_fs.h"
#include "metrics/exposition/parse.h"

namespace tocsin {

/// Not movable: its samples point into it. One thread at a time.
class TextfileFile {
 public:
  struct Sample {
    std::uint32_t family;  // index into families()
    Suffix suffix;
    std::span<const LabelView> labels;  // of every name that a sample of the family has
    double value;
  };

  /// `max_age` of what it says, by its modification time; zero: any.
  TextfileFile(std::string path, milliseconds max_age)
      : path_(std::move(path)), max_age_(max_age) {}
  TextfileFile(const TextfileFile&) = delete;
  TextfileFile& operator=(const TextfileFile&) = delete;

  const std::string& path() const { return path_; }
  /// Reads the file if it is not the one that was read last; true if so, or if it became too old,
  /// and then everything handed out before is void. What is wrong with it is logged once a change.
  bool Refresh(const HostFs& fs, WallTime now);

  /// Its samples count.
  bool ok() const { return ok_ && !too_old_; }
  /// It was read, whatever its age.
  bool readable() const { return ok_; }
  nanoseconds mtime() const { return mtime_; }
  std::span<const exposition::ParsedFamily> families() const { return document_.families(); }
  std::span<const Sample> samples() const { return samples_; }

 private:
  Status Load(const HostFs& fs, const FileStatus& status);
  void Prepare();
  std::string_view Canonical(std::string_view number);

  bool TooOld(WallTime now) const;

  const std::string path_;
  const milliseconds max_age_;
  bool ok_ = false;
  bool too_old_ = false;
  bool seen_ = false;
  nanoseconds mtime_{};
  std::uint64_t bytes_ = 0;
  std::uint64_t inode_ = 0;
  std::string text_;
  exposition::Document document_;
  std::vector<LabelView> labels_;  // of all samples
  std::vector<Sample> samples_;
  std::deque<std::string> numbers_;  // bounds and quantiles in their canonical spelling
};

}  // namespace tocsin
