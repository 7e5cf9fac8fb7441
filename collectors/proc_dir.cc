#include "collectors/proc_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/parse.h"

namespace tocsin {
namespace {

/// What getdents64(2) fills in, as its manual page has it.
struct Entry {
  std::uint64_t inode;
  std::int64_t next;  // the position after this entry
  std::uint16_t bytes;
  std::uint8_t type;
  char name[];  // NOLINT: the kernel's own layout
};

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  const int fd_;
};

class RealProcDir final : public ProcDir {
 public:
  explicit RealProcDir(std::string path) : path_(std::move(path)) {}
  ~RealProcDir() override { Close(); }

  Result<bool> ForEach(FunctionRef<bool(std::uint32_t pid)> visit) override {
    TRY(Open());
    const auto result = Visit(fd_, position_, entries_, [&](std::string_view name) {
      const auto pid = ParseInt<std::uint32_t>(name);
      return !pid || visit(*pid);
    });
    if (result == Walk::kStopped) return false;
    position_ = 0;
    if (result == Walk::kEnd) return true;
    const int error = errno;
    Close();
    return FileError(path_, error);
  }

  RawRead Read(const char* path, std::span<char> buffer) override {
    if (!Open()) return {ENOENT, {}};
    const Fd fd(::openat(fd_, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (fd.get() < 0) return {errno, {}};
    std::size_t size = 0;
    while (size < buffer.size()) {
      const ssize_t n = ::read(fd.get(), buffer.data() + size, buffer.size() - size);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return {errno, {}};
      size += static_cast<std::size_t>(n);
      // procfs gives such a file whole unless it is longer than a page.
      if (n == 0 || (proc_ && size < kPage)) break;
    }
    return {0, {buffer.data(), size}};
  }

  bool List(const char* path, std::vector<std::uint32_t>& numbers) override {
    numbers.clear();
    return Names(path, [&](std::string_view name) {
      if (const auto number = ParseInt<std::uint32_t>(name)) numbers.push_back(*number);
    });
  }

  std::optional<std::uint64_t> Count(const char* path) override {
    if (!Open()) return std::nullopt;
    if (proc_) {
      struct stat info {};
      if (::fstatat(fd_, path, &info, 0) != 0) return std::nullopt;
      if (info.st_size > 0) return static_cast<std::uint64_t>(info.st_size);
    }
    std::uint64_t count = 0;
    if (!Names(path, [&](std::string_view) { ++count; })) return std::nullopt;
    return count;
  }

 private:
  static constexpr std::size_t kPage = 4096;

  enum class Walk { kEnd, kStopped, kFailed };

  /// Visits the names from `position` on, leaving there where it stopped.
  static Walk Visit(int fd, std::int64_t& position, std::span<char> entries,
                    FunctionRef<bool(std::string_view)> visit) {
    if (::lseek(fd, position, SEEK_SET) < 0) return Walk::kFailed;
    while (true) {
      const long n = ::syscall(SYS_getdents64, fd, entries.data(), entries.size());
      if (n < 0) return Walk::kFailed;
      if (n == 0) return Walk::kEnd;
      for (std::size_t at = 0; at < static_cast<std::size_t>(n);) {
        const auto* entry = reinterpret_cast<const Entry*>(entries.data() + at);
        const std::string_view name = entry->name;
        if (name != "." && name != ".." && !visit(name)) return Walk::kStopped;
        position = entry->next;
        at += entry->bytes;
      }
    }
  }

  bool Names(const char* path, FunctionRef<void(std::string_view)> visit) {
    if (!Open()) return false;
    const Fd fd(::openat(fd_, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return false;
    std::int64_t position = 0;
    const auto all = [&](std::string_view name) {
      visit(name);
      return true;
    };
    return Visit(fd.get(), position, folder_entries_, all) == Walk::kEnd;
  }

  Status Open() {
    if (fd_ >= 0) return Unit{};
    fd_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd_ < 0) return FileError(path_, errno);
    struct statfs info {};
    proc_ = ::fstatfs(fd_, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
    return Unit{};
  }

  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  const std::string path_;
  int fd_ = -1;
  bool proc_ = false;          // a proc file system, not a tree of plain files
  std::int64_t position_ = 0;  // of ForEach
  alignas(Entry) std::array<char, 16384> entries_;
  alignas(Entry) std::array<char, 8192> folder_entries_;  // of folders looked into meanwhile
};

}  // namespace

std::unique_ptr<ProcDir> MakeProcDir(std::string path) {
  return std::make_unique<RealProcDir>(std::move(path));
}

}  // namespace tocsin
