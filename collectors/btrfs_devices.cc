#include "collectors/btrfs_devices.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/hex.h"

namespace tocsin {
namespace {

constexpr std::size_t kMaxDevices = 4096;

Error Failed(const std::string& path) { return {Errc::kIo, path + ": " + std::strerror(errno)}; }

Status ReadDevice(int fd, const btrfs_ioctl_dev_info_args& info, const std::string& path,
                  BtrfsDevice& device) {
  btrfs_ioctl_get_dev_stats stats{};
  stats.devid = info.devid;
  stats.nr_items = BTRFS_DEV_STAT_VALUES_MAX;
  if (::ioctl(fd, BTRFS_IOC_GET_DEV_STATS, &stats) != 0) return Failed(path);
  const auto* const name = reinterpret_cast<const char*>(info.path);
  device.path.assign(name, ::strnlen(name, sizeof info.path));
  device.uuid = UuidText(info.uuid);
  device.bytes = info.total_bytes;
  device.used_bytes = info.bytes_used;
  device.errors = {stats.values[BTRFS_DEV_STAT_WRITE_ERRS], stats.values[BTRFS_DEV_STAT_READ_ERRS],
                   stats.values[BTRFS_DEV_STAT_FLUSH_ERRS],
                   stats.values[BTRFS_DEV_STAT_CORRUPTION_ERRS],
                   stats.values[BTRFS_DEV_STAT_GENERATION_ERRS]};
  return Unit{};
}

Status ReadFrom(int fd, const std::string& path, BtrfsFilesystem& filesystem) {
  btrfs_ioctl_fs_info_args info{};
  if (::ioctl(fd, BTRFS_IOC_FS_INFO, &info) != 0) return Failed(path);
  filesystem.uuid = UuidText(info.fsid);
  std::size_t count = 0;
  // Numbers of devices start anywhere and have gaps.
  for (std::uint64_t id = 0; id <= info.max_id && id < kMaxDevices; ++id) {
    btrfs_ioctl_dev_info_args device{};
    device.devid = id;
    if (::ioctl(fd, BTRFS_IOC_DEV_INFO, &device) != 0) {
      if (errno == ENODEV) continue;
      return Failed(path);
    }
    if (count == filesystem.devices.size()) filesystem.devices.emplace_back();
    TRY(ReadDevice(fd, device, path, filesystem.devices[count]));
    if (++count == info.num_devices) break;
  }
  filesystem.devices.resize(count);
  return Unit{};
}

}  // namespace

Status ReadBtrfsDevices(const std::string& path, BtrfsFilesystem& filesystem) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK);
  if (fd < 0) return Failed(path);
  Status status = ReadFrom(fd, path, filesystem);
  ::close(fd);
  return status;
}

}  // namespace tocsin
