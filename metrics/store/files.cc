#include "metrics/store/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tocsin::store {
namespace {

Error Failed(const std::string& path, std::string_view what) {
  std::string message = path + ": cannot ";
  message.append(what).append(": ").append(std::strerror(errno));
  return {Errc::kIo, std::move(message)};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

class PosixAppendFile final : public AppendFile {
 public:
  PosixAppendFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Status Append(std::span<const std::uint8_t> bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return Failed(path_, "write");
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return Unit{};
  }

  Status Truncate(std::uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return Failed(path_, "truncate");
    if (::lseek(fd_.get(), static_cast<off_t>(size), SEEK_SET) < 0) return Failed(path_, "seek");
    return Unit{};
  }

  Status Sync() override {
    if (::fdatasync(fd_.get()) != 0) return Failed(path_, "sync");
    return Unit{};
  }

 private:
  const Descriptor fd_;
  const std::string path_;
};

class PosixLock final : public DirectoryLock {
 public:
  explicit PosixLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  const Descriptor fd_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Status MakeDirectory(const std::string& path) override {
    for (std::size_t at = 1; at != std::string::npos;) {
      at = path.find('/', at);
      const std::string parent = path.substr(0, at);
      if (at != std::string::npos) ++at;
      if (::mkdir(parent.c_str(), 0750) != 0 && errno != EEXIST) {
        // A parent that may not be written to (EROFS, EACCES) may well exist.
        struct stat info;
        if (::stat(parent.c_str(), &info) != 0) return Failed(parent, "create the directory");
      }
    }
    return Unit{};
  }

  Result<std::unique_ptr<DirectoryLock>> Lock(const std::string& directory) override {
    const std::string path = directory + "/lock";
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (fd.get() < 0) return Failed(path, "open");
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return Failed(path, "lock");
      return Error{Errc::kInvalid, directory + ": is in use by another process"};
    }
    return std::unique_ptr<DirectoryLock>(std::make_unique<PosixLock>(std::move(fd)));
  }

  Result<std::vector<FileEntry>> List(const std::string& directory) override {
    DIR* const handle = ::opendir(directory.c_str());
    if (!handle) return Failed(directory, "list");
    std::vector<FileEntry> entries;
    while (const dirent* const entry = ::readdir(handle)) {
      struct stat info;
      if (::fstatat(::dirfd(handle), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (!S_ISREG(info.st_mode)) continue;
      entries.push_back({entry->d_name, static_cast<std::uint64_t>(info.st_size)});
    }
    ::closedir(handle);
    return entries;
  }

  Result<Bytes> Read(const std::string& path, std::size_t max_bytes) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat info;
    if (fd.get() < 0 || ::fstat(fd.get(), &info) != 0) return Failed(path, "open");
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size > max_bytes) return Error{Errc::kLimit, path + ": is larger than it can be"};
    Bytes bytes(size);
    std::size_t at = 0;
    while (at < bytes.size()) {
      const ssize_t got = ::read(fd.get(), bytes.data() + at, bytes.size() - at);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Failed(path, "read");
      if (got == 0) break;  // shortened meanwhile
      at += static_cast<std::size_t>(got);
    }
    bytes.resize(at);
    return bytes;
  }

  Result<std::unique_ptr<AppendFile>> Create(const std::string& path) override {
    Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    if (fd.get() < 0) return Failed(path, "create");
    return std::unique_ptr<AppendFile>(std::make_unique<PosixAppendFile>(std::move(fd), path));
  }

  Status Remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Failed(path, "remove");
    return Unit{};
  }
};

}  // namespace

FileSystem& PosixFiles() {
  static PosixFileSystem files;
  return files;
}

}  // namespace tocsin::store
