#pragma once
// Fixture trees: a host as files, and what collectors make of it.
//
//   tests/fixtures/<collector>/<case>/
//     proc/ sys/ rootfs/ udev/   the host's trees, each may be missing; paths in settings are of
//                                rootfs
//     settings.yml               the collector's own settings
//     expected.prom              what one round renders to, or
//     expected.error             "kUnsupported: message" (paths without the tree's own root)
//     <2, 3 …>/                  later rounds: proc/ … laid over the tree, `removed` (paths, one a
//                                line) taken away, and an expected file of its own
//   and, for what does not come from files:
//     uname      FIELD VALUE a line: sysname, nodename, release, version, machine, domainname
//     statvfs    PATH BSIZE BLOCKS BFREE BAVAIL FILES FFREE, or PATH ERRNO
//     adjtimex   FIELD NUMBER a line: state and the fields of struct timex
//     zone       NAME SECONDS, the time zone
//     unreadable PATH ERRNO a line: paths from the tree's root ("sys/class/net/eth0/speed EINVAL")
//     inodes     PATH NUMBER a line: as in unreadable; others have the working copy's
//     btrfs      MOUNT UUID DEVICE DEVICE-UUID BYTES USED and five error counts, a device a line
//     ethtool    DEVICE driver DRIVER VERSION FIRMWARE BUS ROM ("-" for none),
//                DEVICE link SUPPORTED ADVERTISED AUTONEGOTIATION (bits in hex),
//                DEVICE statistic VALUE NAME
//     dbus       `ask PATH MEMBER [ARGUMENT…]`, then the answer's body in hex
//     serve/     servers, as fixture_server.h reads them
//     netlink    `ask PROTOCOL TYPE [PAYLOAD]`, then what the kernel sends, a batch a line, in hex
//
// Modification times are 1700000000 for every file; the round's time is 1700000100.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"
#include "collectors/host_fs.h"
#include "metrics/snapshot.h"
#include "tests/base/temp_folder.h"

namespace tocsin {

inline constexpr WallTime kFixtureNow{seconds(1700000100)};

/// A working copy of one case, removed at the end. Fails the test on an unreadable case.
class FixtureTree {
 public:
  explicit FixtureTree(std::filesystem::path source);

  const std::filesystem::path& root() const { return root_.path(); }
  /// What the host is like at `step` (from 2): files change in place, as the kernel's do.
  void Advance(int step);

 private:
  std::filesystem::path source_;
  TempFolder root_;
};

/// The host that a case describes. Reads the overrides again at each call.
std::unique_ptr<HostFs> MakeFixtureHostFs(const std::filesystem::path& root);

/// The cases of a collector, sorted; none if it has no folder.
std::vector<std::filesystem::path> FixtureCases(std::string_view collector);

/// A file's text, empty if there is none.
std::string ReadTextFile(const std::filesystem::path& path);

/// Exposition format 0.0.4, as /metrics serves it.
std::string RenderText(const Ref<const Snapshot>& snapshot);

/// "kIo", as expected.error spells it.
std::string_view ErrcName(Errc code);

}  // namespace tocsin
