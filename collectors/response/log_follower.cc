#include "collectors/response/log_follower.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"
#include "collectors/response/access_record.h"

namespace tocsin {
namespace {

/// Renamed files of one path that stay open; more only as long as they have a backlog.
constexpr std::size_t kMaxOld = 4;
constexpr std::size_t kMaxBacklog = 64;

}  // namespace

std::string FollowBuffer(std::size_t bytes) { return std::string(bytes + kLinePadding, '\0'); }

LogFollower::~LogFollower() {
  if (current_) ::close(current_->fd);
  for (OpenFile& file : old_) ::close(file.fd);
}

void LogFollower::Resume(std::vector<LogPlace> files, nanoseconds saved) {
  past_ = Past{std::move(files), saved};
}

std::vector<LogPlace> LogFollower::Places() const {
  if (past_) return past_->files;
  std::vector<LogPlace> places;
  places.reserve(old_.size() + 2);
  for (const OpenFile& file : old_) places.push_back(file.place);
  if (current_) places.push_back(current_->place);
  if (closed_) places.push_back(*closed_);
  return places;
}

Status LogFollower::Read(const FollowBudget& budget, FunctionRef<void(std::string_view)> lines) {
  Status looked = Look(budget.now);
  counters_.backlog_bytes = 0;
  std::uint64_t left = budget.bytes;
  for (OpenFile& file : old_) left -= std::min(left, ReadOn(file, budget, left, lines));
  if (current_) ReadOn(*current_, budget, left, lines);
  const auto over = [&](const OpenFile& file) {
    return left > 0 && budget.now - file.last_news >= kLinger;
  };
  for (OpenFile& file : old_) {
    if (!over(file)) continue;
    TakeRest(file, budget.buffer, lines);
    Close(file);
  }
  std::erase_if(old_, [](const OpenFile& file) { return file.fd < 0; });
  if (current_ && !looked && over(*current_)) {
    closed_ = current_->place;
    Close(*current_);
    current_.reset();
  }
  return looked;
}

/// Finds out which file the path leads to now.
Status LogFollower::Look(MonoTime now) {
  const bool first = !std::exchange(looked_, true);
  const bool new_to_us = first && !past_;
  if (past_) PickUp(*std::exchange(past_, std::nullopt), now);
  if (current_) {
    struct stat info {};
    if (::stat(path_.c_str(), &info) != 0) return FileError(path_, errno);
    if (current_->place.IsIn(info.st_dev, info.st_ino)) return Unit{};
  }
  auto opened = Open(path_, now);
  if (!opened) return std::move(opened).error();
  struct stat info {};
  if (new_to_us && from_ == FollowFrom::kEnd && ::fstat(opened->fd, &info) == 0) {
    StartAtEnd(*opened, static_cast<std::uint64_t>(info.st_size));
  }
  if (closed_ && closed_->IsIn(opened->place.device, opened->place.inode) &&
      closed_->FitsTail(opened->fd)) {
    opened->place = *closed_;
  }
  closed_.reset();
  if (current_) {
    ++counters_.renamed;
    current_->last_news = now;
    AddOld(*current_);
  }
  current_ = *opened;
  return Unit{};
}

/// Finds the files of an earlier follower again, by number and bytes, or by their bytes alone,
/// since some are copied before they are truncated. Rotations that are newer than all of them are
/// new.
void LogFollower::PickUp(const Past& past, MonoTime now) {
  std::vector<RotatedLog> there = RotationsOf(path_);
  struct stat info {};
  if (::stat(path_.c_str(), &info) == 0) {
    there.push_back({path_, info.st_dev, info.st_ino, nanoseconds::max()});
  }
  nanoseconds known_until = past.files.empty() ? nanoseconds::max() : past.saved;
  for (const LogPlace& place : past.files) {
    std::optional<OpenFile> file;
    const auto is_it = [&](const RotatedLog& log) {
      auto opened = Open(log.path, now);
      if (!opened) return false;
      if (!place.Fits(opened->fd)) {
        Close(*opened);
        return false;
      }
      file = *opened;
      file->place.offset = place.offset;
      file->place.skipping = place.skipping;
      file->place.head = place.head;
      file->place.tail = place.tail;
      return true;
    };
    auto found = std::find_if(there.begin(), there.end(), [&](const RotatedLog& log) {
      return place.IsIn(log.device, log.inode) && is_it(log);
    });
    if (found == there.end() && place.tail.bytes > 0) {
      found = std::find_if(there.begin(), there.end(), is_it);
    }
    if (found == there.end()) {
      ++counters_.lost;
      continue;
    }
    known_until = found->changed;
    if (found->path == path_) {
      current_ = *file;
    } else {
      AddOld(*file);
    }
    there.erase(found);
  }
  for (const RotatedLog& log : there) {
    // Of the same instant, as the kernel tells it, is what was written after those had been read.
    const bool later =
        log.changed > known_until || (log.changed == known_until && log.changed > past.saved);
    if (log.path == path_ || !later) continue;
    if (auto opened = Open(log.path, now)) AddOld(*opened);
  }
}

void LogFollower::AddOld(OpenFile file) {
  if (old_.size() >= kMaxOld && (old_.front().at_end || old_.size() >= kMaxBacklog)) {
    if (!old_.front().at_end) ++counters_.lost;
    Close(old_.front());
    old_.erase(old_.begin());
  }
  old_.push_back(file);
}

Result<LogFollower::OpenFile> LogFollower::Open(const std::string& path, MonoTime now) const {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return FileError(path, errno);
  struct stat info {};
  const bool known = ::fstat(fd, &info) == 0;
  if (!known || !S_ISREG(info.st_mode)) {
    ::close(fd);
    return Error{Errc::kIo, path + ": not a regular file"};
  }
  return OpenFile{fd, {.device = info.st_dev, .inode = info.st_ino}, now, false};
}

void LogFollower::StartAtEnd(OpenFile& file, std::uint64_t size) const {
  LogPlace& place = file.place;
  place.offset = size;
  place.head = MarkAt(file.fd, 0, size);
  const std::uint64_t tail = std::min<std::uint64_t>(size, LogMark::kMost);
  place.tail = MarkAt(file.fd, size - tail, tail);
  // A line that is being written has begun before.
  char last = '\n';
  place.skipping = size > 0 && ReadFileAt(file.fd, &last, 1, size - 1) == 1 && last != '\n';
}

/// Returns how many bytes it took: more than `bytes` by one buffer at most.
std::uint64_t LogFollower::ReadOn(OpenFile& file, const FollowBudget& budget, std::uint64_t bytes,
                                  FunctionRef<void(std::string_view)> lines) {
  LogPlace& place = file.place;
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) return 0;
  auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < place.offset || !place.FitsTail(file.fd)) {
    ++counters_.truncated;
    place = {.device = info.st_dev, .inode = info.st_ino};
  }
  const std::size_t room = budget.buffer.size() - kLinePadding;
  std::uint64_t taken = 0;
  while (place.offset < size && taken < bytes) {
    const std::size_t read = ReadFileAt(file.fd, budget.buffer.data(), room, place.offset);
    const std::size_t used = TakeLines(place, {budget.buffer.data(), read}, read == room, lines);
    if (used == 0) break;
    place.offset += used;
    taken += used;
    const std::size_t tail = std::min<std::size_t>(used, LogMark::kMost);
    place.tail = MarkOf({budget.buffer.data() + used - tail, tail});
    size = std::max(size, place.offset);
  }
  if (taken > 0 && place.head.bytes < LogMark::kMost) {
    place.head = MarkAt(file.fd, 0, place.offset);
  }
  file.at_end = place.offset >= size;
  counters_.bytes += taken;
  counters_.backlog_bytes += size - place.offset;
  if (taken > 0) file.last_news = budget.now;
  return taken;
}

/// How many of the bytes read are done with: whole lines, or all that belongs to one too long.
std::size_t LogFollower::TakeLines(LogPlace& place, std::string_view read, bool full,
                                   FunctionRef<void(std::string_view)> lines) {
  const void* const newline = ::memrchr(read.data(), '\n', read.size());
  if (!newline) {
    if (!full && !place.skipping) return 0;
    if (!std::exchange(place.skipping, true)) ++counters_.long_lines;
    return read.size();
  }
  const auto last = static_cast<std::size_t>(static_cast<const char*>(newline) - read.data());
  std::size_t from = 0;
  if (std::exchange(place.skipping, false)) from = read.find('\n') + 1;
  if (from <= last) lines(read.substr(from, last + 1 - from));
  return last + 1;
}

/// The last line of a file that nobody writes to any more, though no newline ends it.
void LogFollower::TakeRest(OpenFile& file, std::string& buffer,
                           FunctionRef<void(std::string_view)> lines) {
  if (file.place.skipping) return;
  const std::size_t room = buffer.size() - kLinePadding - 1;
  const std::size_t read = ReadFileAt(file.fd, buffer.data(), room, file.place.offset);
  if (read == 0) return;
  counters_.bytes += read;
  buffer[read] = '\n';
  lines({buffer.data(), read + 1});
}

void LogFollower::Close(OpenFile& file) {
  ::close(file.fd);
  file.fd = -1;
}

}  // namespace tocsin
