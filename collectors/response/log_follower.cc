#include "collectors/response/log_follower.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "collectors/response/access_record.h"

namespace tocsin {
namespace {

/// Files of one path that are read to their ends at one time.
constexpr std::size_t kMaxOld = 4;

Error OsError(const std::string& path, int error) {
  const bool absent = error == ENOENT || error == ENOTDIR;
  return {absent ? Errc::kNotFound : Errc::kIo, path + ": " + std::strerror(error)};
}

/// As much as there is from `offset` on, up to `bytes`.
std::size_t ReadAt(int fd, char* out, std::size_t bytes, std::uint64_t offset) {
  std::size_t size = 0;
  while (size < bytes) {
    const ssize_t n = ::pread(fd, out + size, bytes - size, static_cast<off_t>(offset + size));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    size += static_cast<std::size_t>(n);
  }
  return size;
}

}  // namespace

std::string FollowBuffer(std::size_t bytes) { return std::string(bytes + kLinePadding, '\0'); }

LogFollower::~LogFollower() {
  if (current_) ::close(current_->fd);
  for (OpenFile& file : old_) ::close(file.fd);
}

LogFollower::LogFollower(LogFollower&& other) noexcept
    : path_(std::move(other.path_)),
      from_(other.from_),
      looked_(other.looked_),
      old_(std::exchange(other.old_, {})),
      current_(std::exchange(other.current_, std::nullopt)),
      closed_(other.closed_),
      counters_(other.counters_) {}

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
  if (current_) {
    struct stat info {};
    if (::stat(path_.c_str(), &info) != 0) return OsError(path_, errno);
    if (info.st_dev == current_->place.device && info.st_ino == current_->place.inode)
      return Unit{};
  }
  auto opened = Open(now);
  if (!opened) return std::move(opened).error();
  struct stat info {};
  if (::fstat(opened->fd, &info) == 0 && first && from_ == FollowFrom::kEnd) {
    StartAtEnd(*opened, static_cast<std::uint64_t>(info.st_size));
  }
  if (closed_ && StandsWhere(*opened, *closed_)) opened->place = *closed_;
  closed_.reset();
  if (current_) {
    ++counters_.renamed;
    if (old_.size() == kMaxOld) {
      Close(old_.front());
      old_.erase(old_.begin());
    }
    current_->last_news = now;
    old_.push_back(*current_);
  }
  current_ = *opened;
  return Unit{};
}

Result<LogFollower::OpenFile> LogFollower::Open(MonoTime now) const {
  const int fd = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return OsError(path_, errno);
  struct stat info {};
  const bool known = ::fstat(fd, &info) == 0;
  if (!known || !S_ISREG(info.st_mode)) {
    ::close(fd);
    return Error{Errc::kIo, path_ + ": not a regular file"};
  }
  OpenFile file{fd, {}, now};
  file.place.device = info.st_dev;
  file.place.inode = info.st_ino;
  return file;
}

bool LogFollower::StandsWhere(const OpenFile& file, const Place& place) const {
  if (file.place.device != place.device || file.place.inode != place.inode) return false;
  std::array<char, kTail> tail{};
  return ReadAt(file.fd, tail.data(), place.tail_bytes, place.offset - place.tail_bytes) ==
             place.tail_bytes &&
         std::memcmp(tail.data(), place.tail.data(), place.tail_bytes) == 0;
}

void LogFollower::StartAtEnd(OpenFile& file, std::uint64_t size) const {
  Place& place = file.place;
  place.offset = size;
  place.tail_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(size, kTail));
  ReadAt(file.fd, place.tail.data(), place.tail_bytes, size - place.tail_bytes);
  // A line that is being written has begun before.
  place.skipping = size > 0 && place.tail[place.tail_bytes - 1] != '\n';
}

/// Returns how many bytes it took: more than `bytes` by one buffer at most.
std::uint64_t LogFollower::ReadOn(OpenFile& file, const FollowBudget& budget, std::uint64_t bytes,
                                  FunctionRef<void(std::string_view)> lines) {
  Place& place = file.place;
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) return 0;
  auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < place.offset || !StandsWhere(file, place)) {
    ++counters_.truncated;
    place = Place{info.st_dev, info.st_ino};
  }
  const std::size_t room = budget.buffer.size() - kLinePadding;
  std::uint64_t taken = 0;
  while (place.offset < size && taken < bytes) {
    const std::size_t read = ReadAt(file.fd, budget.buffer.data(), room, place.offset);
    const std::size_t used = TakeLines(place, {budget.buffer.data(), read}, read == room, lines);
    if (used == 0) break;
    place.offset += used;
    taken += used;
    place.tail_bytes = static_cast<std::uint32_t>(std::min(used, kTail));
    std::memcpy(place.tail.data(), budget.buffer.data() + used - place.tail_bytes,
                place.tail_bytes);
    size = std::max(size, place.offset);
  }
  counters_.bytes += taken;
  counters_.backlog_bytes += size - place.offset;
  if (taken > 0) file.last_news = budget.now;
  return taken;
}

/// How many of the bytes read are done with: whole lines, or all that belongs to one too long.
std::size_t LogFollower::TakeLines(Place& place, std::string_view read, bool full,
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
  const std::size_t read = ReadAt(file.fd, buffer.data(), room, file.place.offset);
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
