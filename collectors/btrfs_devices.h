#pragma once
// What btrfs tells of its devices by ioctl(2).

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace tocsin {

struct BtrfsDevice {
  std::string path;  // "/dev/sda"
  std::string uuid;  // "0abb23a9-579b-…"
  std::uint64_t bytes;
  std::uint64_t used_bytes;
  std::array<std::uint64_t, 5> errors;  // write, read, flush, corruption, generation
};

struct BtrfsFilesystem {
  std::string uuid;  // "0abb23a9-579b-…"
  std::vector<BtrfsDevice> devices;
};

/// Fills `filesystem`, whose heap is used again, with what the one mounted at `path` tells.
/// Errors: kIo (no such mount, no permission).
Status ReadBtrfsDevices(const std::string& path, BtrfsFilesystem& filesystem);

}  // namespace tocsin
