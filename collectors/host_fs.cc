#include "collectors/host_fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/file.h"
#include "base/parse.h"
#include "collectors/btrfs_devices.h"
#include "collectors/dbus.h"
#include "collectors/dir_stream.h"
#include "collectors/ethtool.h"
#include "collectors/netlink.h"
#include "collectors/proc_dir.h"

namespace tocsin {
namespace {

constexpr std::size_t kMaxFileBytes = 64 << 20;
constexpr std::size_t kFirstBufferBytes = 4096;

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// The errno of opening `path`; EISDIR stands for anything that is not a regular file.
int OpenRaw(const std::string& path, Fd& fd) {
  fd = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return errno;
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return errno;
  return S_ISREG(info.st_mode) ? 0 : EISDIR;
}

Result<Fd> OpenRegular(const std::string& path) {
  Fd fd;
  const int error = OpenRaw(path, fd);
  if (error == EISDIR) return Error{Errc::kIo, path + ": not a regular file"};
  if (error != 0) return FileError(path, error);
  return fd;
}

/// Reads from offset 0 to the end into `buffer`, which only grows; its first `size` bytes count.
/// The errno; EFBIG for more than kMaxFileBytes.
int ReadRaw(int fd, std::string& buffer, std::size_t& size) {
  if (buffer.empty()) buffer.resize(kFirstBufferBytes);
  size = 0;
  while (true) {
    const ssize_t n =
        ::pread(fd, buffer.data() + size, buffer.size() - size, static_cast<off_t>(size));
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    if (n == 0) return 0;
    size += static_cast<std::size_t>(n);
    if (size == buffer.size()) {
      if (size >= kMaxFileBytes) return EFBIG;
      buffer.resize(buffer.size() * 2);
    }
  }
}

Status ReadAll(int fd, const std::string& path, std::string& buffer, std::size_t& size) {
  const int error = ReadRaw(fd, buffer, size);
  if (error == EFBIG) return Error{Errc::kIo, path + ": larger than 64 MB"};
  if (error != 0) return FileError(path, error);
  return Unit{};
}

/// Whether a file says "gone" once it is. One on a disk is replaced by rename(2), and a descriptor
/// would show what it was before for ever.
bool IsOfKernel(int fd) {
  struct statfs info {};
  return ::fstatfs(fd, &info) == 0 &&
         (info.f_type == PROC_SUPER_MAGIC || info.f_type == SYSFS_MAGIC);
}

class RealHostFile final : public HostFile {
 public:
  explicit RealHostFile(std::string path) : path_(std::move(path)) {}

  Result<std::string_view> Read() override {
    if (fd_) {
      std::size_t size = 0;
      if (ReadRaw(fd_.get(), buffer_, size) == 0 && size > 0) {
        return std::string_view(buffer_.data(), size);
      }
      fd_ = Fd();  // gone, replaced or empty: ask the path again
    }
    TRY_ASSIGN(Fd fd, OpenRegular(path_));
    std::size_t size = 0;
    TRY(ReadAll(fd.get(), path_, buffer_, size));
    if (IsOfKernel(fd.get())) fd_ = std::move(fd);
    return std::string_view(buffer_.data(), size);
  }

 private:
  const std::string path_;
  Fd fd_;
  std::string buffer_;
};

class RealHostDir final : public HostDir {
 public:
  explicit RealHostDir(std::string path) : path_(std::move(path)) {}

  Result<std::span<const std::string_view>> List() override {
    if (dir_) {
      ::rewinddir(dir_.get());
      ReadNames();
      if (!names_.empty()) return std::span<const std::string_view>(names_);
      dir_.reset();  // empty, or gone and perhaps there again: ask the path again
    }
    dir_.reset(::opendir(path_.c_str()));
    if (!dir_) return FileError(path_, errno);
    ReadNames();
    return std::span<const std::string_view>(names_);
  }

 private:
  void ReadNames() {
    text_.clear();
    ends_.clear();
    while (const dirent* entry = ::readdir(dir_.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      text_ += name;
      ends_.push_back(text_.size());
    }
    names_.clear();
    std::size_t start = 0;
    for (const std::size_t end : ends_) {
      names_.push_back(std::string_view(text_).substr(start, end - start));
      start = end;
    }
    std::sort(names_.begin(), names_.end());
  }

  struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };

  const std::string path_;
  std::unique_ptr<DIR, CloseDir> dir_;
  std::string text_;
  std::vector<std::size_t> ends_;
  std::vector<std::string_view> names_;
};

class RealHostFs final : public HostFs {
 public:
  explicit RealHostFs(HostPaths paths) : paths_(std::move(paths)) {}

  const HostPaths& paths() const override { return paths_; }

  std::unique_ptr<HostFile> File(std::string path) const override {
    return std::make_unique<RealHostFile>(std::move(path));
  }

  std::unique_ptr<HostDir> Dir(std::string path) const override {
    return std::make_unique<RealHostDir>(std::move(path));
  }

  Result<std::string> Read(const std::string& path) const override {
    TRY_ASSIGN(const Fd fd, OpenRegular(path));
    std::string buffer;
    std::size_t size = 0;
    TRY(ReadAll(fd.get(), path, buffer, size));
    buffer.resize(size);
    return buffer;
  }

  RawRead ReadInto(const std::string& path, std::string& buffer) const override {
    Fd fd;
    if (const int error = OpenRaw(path, fd)) return {error, {}};
    std::size_t size = 0;
    const int error = ReadRaw(fd.get(), buffer, size);
    return {error, std::string_view(buffer.data(), error == 0 ? size : 0)};
  }

  Result<std::vector<std::string>> List(const std::string& path) const override {
    DIR* const dir = ::opendir(path.c_str());
    if (!dir) return FileError(path, errno);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(dir)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    ::closedir(dir);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<std::unique_ptr<DirStream>> OpenDir(const std::string& path) const override {
    return OpenDirStream(path);
  }

  Result<std::string> ReadLink(const std::string& path) const override {
    std::string target(4096, '\0');
    const ssize_t n = ::readlink(path.c_str(), target.data(), target.size());
    if (n < 0) return FileError(path, errno);
    target.resize(static_cast<std::size_t>(n));
    return target;
  }

  Result<std::string> RealPath(const std::string& path) const override {
    std::array<char, PATH_MAX> real;
    if (!::realpath(path.c_str(), real.data())) return FileError(path, errno);
    return std::string(real.data());
  }

  bool Exists(const std::string& path) const override {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0;
  }

  Result<FileStatus> Stat(const std::string& path) const override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return FileError(path, errno);
    return FileStatus{seconds(info.st_mtim.tv_sec) + nanoseconds(info.st_mtim.tv_nsec),
                      static_cast<std::uint64_t>(info.st_size), info.st_ino, S_ISREG(info.st_mode)};
  }

  StatVfsCall StatVfs() const override {
    return [](const std::string& path) -> Result<struct statvfs> {
      struct statvfs info {};
      if (::statvfs(path.c_str(), &info) != 0) return FileError(path, errno);
      return info;
    };
  }

  Status BtrfsDevices(const std::string& path, BtrfsFilesystem& filesystem) const override {
    return ReadBtrfsDevices(path, filesystem);
  }

  std::unique_ptr<ProcDir> Processes() const override { return MakeProcDir(paths_.procfs); }

  Result<struct utsname> Uname() const override {
    struct utsname info {};
    if (::uname(&info) != 0) return FileError("uname", errno);
    return info;
  }

  Result<ClockDiscipline> Adjtimex() const override {
    ClockDiscipline clock{};
    clock.state = ::adjtimex(&clock.timex);
    if (clock.state >= 0) return clock;
    if (errno == EPERM || errno == ENOSYS) {
      return Error{Errc::kUnsupported, std::string("adjtimex: ") + std::strerror(errno)};
    }
    return FileError("adjtimex", errno);
  }

  std::unique_ptr<NetlinkSocket> Netlink(int protocol) const override {
    return MakeNetlinkSocket(protocol);
  }

  std::unique_ptr<EthtoolSource> Ethtool() const override { return MakeEthtoolSource(); }
  std::unique_ptr<DbusConnection> SystemBus() const override {
    return MakeDbusConnection(
        {RootPath("run/dbus/system_bus_socket"), RootPath("run/systemd/private")});
  }

  LocalZone ZoneAt(WallTime at) const override {
    const std::time_t time = std::chrono::floor<seconds>(at).time_since_epoch().count();
    struct tm local {};
    ::tzset();
    ::localtime_r(&time, &local);
    return {local.tm_zone ? local.tm_zone : "", seconds(local.tm_gmtoff)};
  }

  std::size_t PageBytes() const override {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  }

 private:
  const HostPaths paths_;
};

}  // namespace

Result<std::string> HostFs::ReadTrimmed(const std::string& path) const {
  TRY_ASSIGN(std::string text, Read(path));
  return std::string(Trim(text));
}

std::string HostFs::Join(std::string_view root, std::string_view path) {
  while (root.size() > 1 && root.ends_with('/')) root.remove_suffix(1);
  while (path.starts_with('/')) path.remove_prefix(1);
  std::string joined(root);
  if (!joined.ends_with('/')) joined += '/';
  joined += path;
  return joined;
}

std::unique_ptr<HostFs> MakeHostFs(HostPaths paths) {
  return std::make_unique<RealHostFs>(std::move(paths));
}

}  // namespace tocsin
