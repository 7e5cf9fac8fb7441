#pragma once
// The host's files under movable roots. Collectors reach the host only through this.

#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tocsin {

class EthtoolSource;
class DbusConnection;
class DirStream;
class NetlinkSocket;
class ProcDir;
struct BtrfsFilesystem;

/// Where the host's trees are mounted, as --path.procfs and its siblings give them.
struct HostPaths {
  std::string procfs = "/proc";
  std::string sysfs = "/sys";
  std::string rootfs = "/";
  std::string udev_data = "/run/udev/data";
};

/// A file that is read again every round. In procfs and sysfs the descriptor stays open and is read
/// by pread(2) from 0, which re-renders the file without a path walk, until a read fails; any other
/// file, which may have been replaced, is opened anew each time. One thread at a time.
class HostFile {
 public:
  virtual ~HostFile() = default;
  /// The whole file. The view is valid until the next call. Errors: kNotFound if there is no such
  /// file, kUnsupported if the kernel says so (EOPNOTSUPP), kIo with errno's text otherwise (also
  /// for files over 64 MB).
  virtual Result<std::string_view> Read() = 0;
};

/// A directory that is listed again every round, without heap once its size is known. The
/// descriptor stays open between rounds. One thread at a time.
class HostDir {
 public:
  virtual ~HostDir() = default;
  /// Its names, sorted, without "." and "..", valid until the next call. Errors: kNotFound, kIo.
  virtual Result<std::span<const std::string_view>> List() = 0;
};

/// What stat(2) says, of the file that symbolic links lead to.
struct FileStatus {
  nanoseconds mtime;  // since the Unix epoch
  std::uint64_t bytes;
  std::uint64_t inode;
  bool regular;
};

/// What came of a read that keeps no descriptor and takes no heap.
struct RawRead {
  int error;  // errno; 0 if it went well
  std::string_view text;

  explicit operator bool() const { return error == 0; }
};

/// adjtimex(2): how the kernel keeps the clock.
struct ClockDiscipline {
  int state;  // TIME_OK … TIME_ERROR
  struct timex timex;
};

/// A time zone as it is at one instant.
struct LocalZone {
  std::string name;  // "CET"
  seconds offset;    // east of UTC
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

  /// A handle for a directory that need not exist yet.
  virtual std::unique_ptr<HostDir> Dir(std::string path) const = 0;

  /// One read of a whole file. Errors: kNotFound, kIo.
  virtual Result<std::string> Read(const std::string& path) const = 0;
  /// The same into `buffer`, which only grows and holds the text: for the many small files of
  /// sysfs, of which some are absent or unreadable every round. EISDIR if it is not a regular file.
  virtual RawRead ReadInto(const std::string& path, std::string& buffer) const = 0;
  /// One read without the blanks at both ends, for one-value files of sysfs.
  Result<std::string> ReadTrimmed(const std::string& path) const;

  /// Names in a directory, sorted, without "." and "..". Errors: kNotFound, kIo.
  virtual Result<std::vector<std::string>> List(const std::string& path) const = 0;
  /// A directory of any size, entry by entry (collectors/dir_stream.h). Errors: kNotFound, kIo.
  virtual Result<std::unique_ptr<DirStream>> OpenDir(const std::string& path) const = 0;
  /// The target of a symbolic link. Errors: kNotFound, kIo.
  virtual Result<std::string> ReadLink(const std::string& path) const = 0;
  /// Where `path` leads once all symbolic links are followed. Errors: kNotFound, kIo.
  virtual Result<std::string> RealPath(const std::string& path) const = 0;
  virtual bool Exists(const std::string& path) const = 0;
  /// Errors: kNotFound, kIo.
  virtual Result<FileStatus> Stat(const std::string& path) const = 0;

  /// statvfs(2) as a call that may block for ever (a dead network mount) and that may outlive this
  /// HostFs: whoever makes it on a thread of its own can leave the thread behind. Errors of the
  /// call: kNotFound, kIo.
  using StatVfsCall = std::function<Result<struct statvfs>(const std::string& path)>;
  virtual StatVfsCall StatVfs() const = 0;
  /// What the btrfs mounted at `path` tells of its devices (collectors/btrfs_devices.h), into
  /// `filesystem`, whose heap is used again. Errors: kIo.
  virtual Status BtrfsDevices(const std::string& path, BtrfsFilesystem& filesystem) const = 0;
  /// The processes (collectors/proc_dir.h).
  virtual std::unique_ptr<ProcDir> Processes() const = 0;
  /// uname(2).
  virtual Result<struct utsname> Uname() const = 0;
  /// Changes nothing. Errors: kUnsupported if forbidden here, kIo.
  virtual Result<ClockDiscipline> Adjtimex() const = 0;
  /// A conversation of a netlink protocol (collectors/netlink.h), not yet opened.
  virtual std::unique_ptr<NetlinkSocket> Netlink(int protocol) const = 0;
  /// The drivers of network cards (collectors/ethtool.h).
  virtual std::unique_ptr<EthtoolSource> Ethtool() const = 0;
  /// The system bus of the host, or else the door of its systemd for root (collectors/dbus.h).
  virtual std::unique_ptr<DbusConnection> SystemBus() const = 0;
  /// The host's own time zone at `at`.
  virtual LocalZone ZoneAt(WallTime at) const = 0;
  /// Bytes of a page of memory, in which the kernel counts.
  virtual std::size_t PageBytes() const = 0;

 private:
  static std::string Join(std::string_view root, std::string_view path);
};

/// The real host (or a fixture tree: only the paths differ).
std::unique_ptr<HostFs> MakeHostFs(HostPaths paths);

}  // namespace tocsin
