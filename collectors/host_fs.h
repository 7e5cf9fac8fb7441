#pragma once
// The host's files under movable roots. Collectors reach the host only through this.

#include <sys/statvfs.h>
#include <sys/utsname.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// Where the host's trees are mounted, as --path.procfs and its siblings give them.
struct HostPaths {
  std::string procfs = "/proc";
  std::string sysfs = "/sys";
  std::string rootfs = "/";
  std::string udev_data = "/run/udev/data";
};

/// A file that is read again every round. The descriptor stays open between rounds and is read by
/// pread(2) from 0, which re-renders procfs and sysfs files without the cost of a path walk; it is
/// opened again when the read fails or the file was replaced. One thread at a time.
class HostFile {
 public:
  virtual ~HostFile() = default;
  /// The whole file. The view is valid until the next call. Errors: kNotFound if there is no such
  /// file, kIo with errno's text otherwise (also for files over 64 MB).
  virtual Result<std::string_view> Read() = 0;
};

/// Thread-safe, immutable. Relative paths are joined to the root named by the function. Opens with
/// O_CLOEXEC | O_NONBLOCK and refuses to read anything but regular files (a FIFO under /proc's name
/// is kIo, never a hang).
class HostFs {
 public:
  virtual ~HostFs() = default;

  virtual const HostPaths& paths() const = 0;

  /// The absolute path that a file of that tree has for this process.
  std::string ProcPath(std::string_view relative) const { return Join(paths().procfs, relative); }
  std::string SysPath(std::string_view relative) const { return Join(paths().sysfs, relative); }
  std::string RootPath(std::string_view path) const { return Join(paths().rootfs, path); }
  std::string UdevPath(std::string_view relative) const {
    return Join(paths().udev_data, relative);
  }

  /// A handle for a file that need not exist yet. `path` is absolute (see ProcPath …).
  virtual std::unique_ptr<HostFile> File(std::string path) const = 0;

  /// One read of a whole file. Errors: kNotFound, kIo.
  virtual Result<std::string> Read(const std::string& path) const = 0;
  /// The same without the blanks at both ends, for one-value files of sysfs.
  Result<std::string> ReadTrimmed(const std::string& path) const;

  /// Names in a directory, sorted, without "." and "..". Errors: kNotFound, kIo.
  virtual Result<std::vector<std::string>> List(const std::string& path) const = 0;
  /// The target of a symbolic link. Errors: kNotFound, kIo.
  virtual Result<std::string> ReadLink(const std::string& path) const = 0;
  virtual bool Exists(const std::string& path) const = 0;

  /// statvfs(2); may block for ever on a dead network mount. Errors: kNotFound, kIo.
  virtual Result<struct statvfs> StatVfs(const std::string& path) const = 0;
  /// uname(2).
  virtual Result<struct utsname> Uname() const = 0;

 private:
  static std::string Join(std::string_view root, std::string_view path);
};

/// The real host (or a fixture tree: only the paths differ).
std::unique_ptr<HostFs> MakeHostFs(HostPaths paths);

}  // namespace tocsin
