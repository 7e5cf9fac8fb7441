#include "collectors/dir_stream.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"

namespace tocsin {
namespace {

class RealDirStream final : public DirStream {
 public:
  static Result<std::unique_ptr<DirStream>> Open(int parent, const std::string& name,
                                                 std::string path, int flags) {
    const int fd =
        ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | flags);
    if (fd < 0) return FileError(path, errno);
    DIR* const dir = ::fdopendir(fd);
    if (!dir) {
      const int error = errno;
      ::close(fd);
      return FileError(path, error);
    }
    return std::unique_ptr<DirStream>(new RealDirStream(std::move(path), dir));
  }
  ~RealDirStream() override { ::closedir(dir_); }
  RealDirStream(const RealDirStream&) = delete;
  RealDirStream& operator=(const RealDirStream&) = delete;

  Result<std::optional<DirEntry>> Next() override {
    while (true) {
      errno = 0;
      const dirent* const entry = ::readdir(dir_);
      if (!entry) {
        if (errno != 0) return FileError(path_, errno);
        return std::optional<DirEntry>();
      }
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat info {};
      if (::fstatat(::dirfd(dir_), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;
        return FileError(path_ + "/" + entry->d_name, errno);
      }
      const auto kind = S_ISREG(info.st_mode)   ? DirEntry::Kind::kFile
                        : S_ISDIR(info.st_mode) ? DirEntry::Kind::kDirectory
                                                : DirEntry::Kind::kOther;
      return std::optional(
          DirEntry{name, kind, seconds(info.st_mtim.tv_sec) + nanoseconds(info.st_mtim.tv_nsec),
                   static_cast<std::uint64_t>(info.st_size)});
    }
  }

  Result<std::unique_ptr<DirStream>> OpenChild(const std::string& name) const override {
    return Open(::dirfd(dir_), name, path_ + "/" + name, O_NOFOLLOW);
  }

 private:
  RealDirStream(std::string path, DIR* dir) : path_(std::move(path)), dir_(dir) {}

  const std::string path_;
  DIR* const dir_;
};

}  // namespace

Result<std::unique_ptr<DirStream>> OpenDirStream(const std::string& path) {
  return RealDirStream::Open(AT_FDCWD, path, path, 0);
}

}  // namespace tocsin
