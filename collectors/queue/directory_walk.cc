#include "collectors/queue/directory_walk.h"

#include <fnmatch.h>

#include <algorithm>

#include "collectors/host_fs.h"

namespace tocsin {

bool DirectoryWalk::Move(std::size_t entries, const std::stop_token& stop) {
  constexpr std::size_t kLookAtStopEvery = 256;
  if (!under_way_) {
    under_way_ = true;
    walking_ = roots_;
    next_root_ = 0;
    opened_ = false;
    counting_ = {};
  }
  for (std::size_t i = 0; i < entries; ++i) {
    if (i % kLookAtStopEvery == 0 && stop.stop_requested()) return false;
    if (!Step()) {
      Finish();
      return true;
    }
  }
  return false;
}

const DirectoryCount& DirectoryWalk::Known() const {
  return last_ && last_->files >= counting_.files ? *last_ : counting_;
}

/// One entry, or one directory left. False at the end of the walk.
bool DirectoryWalk::Step() {
  if (levels_.empty()) {
    if (next_root_ == walking_.size()) return false;
    OpenNextRoot();
    return true;
  }
  path_.resize(levels_.back().path_size);
  const auto entry = levels_.back().stream->Next();
  if (!entry) {
    ++counting_.unreadable;
    levels_.pop_back();
  } else if (!*entry) {
    levels_.pop_back();
  } else if (rules_.hidden || !(*entry)->name.starts_with('.')) {
    if ((*entry)->kind == DirEntry::Kind::kDirectory) {
      if (levels_.size() <= rules_.max_depth) Enter(**entry);
    } else if ((*entry)->kind == DirEntry::Kind::kFile) {
      Count(**entry);
    }
  }
  return true;
}

void DirectoryWalk::OpenNextRoot() {
  auto stream = fs_.OpenDir(walking_[next_root_++]);
  if (!stream) {
    ++counting_.unreadable;
    return;
  }
  opened_ = true;
  path_.clear();
  levels_.push_back({*std::move(stream), 0});
}

void DirectoryWalk::Enter(const DirEntry& entry) {
  name_ = entry.name;
  auto child = levels_.back().stream->OpenChild(name_);
  if (!child) {
    // One that has gone since it was listed is no fault.
    counting_.unreadable += child.error().code() != Errc::kNotFound;
    return;
  }
  path_.append(name_).append("/");
  levels_.push_back({*std::move(child), path_.size()});
}

void DirectoryWalk::Count(const DirEntry& entry) {
  name_ = entry.name;
  if (!NameMatches()) return;
  path_ += name_;
  if (!rules_.filter.Keeps(path_)) return;
  ++counting_.files;
  counting_.bytes += entry.bytes;
  counting_.oldest = std::min(counting_.oldest.value_or(entry.mtime), entry.mtime);
}

bool DirectoryWalk::NameMatches() const {
  return std::any_of(rules_.match.begin(), rules_.match.end(), [&](const std::string& pattern) {
    return pattern == "*" || ::fnmatch(pattern.c_str(), name_.c_str(), 0) == 0;
  });
}

void DirectoryWalk::Finish() {
  under_way_ = false;
  last_opened_ = opened_;
  last_ = counting_;
  counting_ = {};
}

}  // namespace tocsin
