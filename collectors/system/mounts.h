#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// One line of /proc/PID/mounts, as fstab(5) describes them.
struct Mount {
  std::string device;
  std::string point;  // with the octal escapes of blanks resolved
  std::string type;
  bool read_only;

  bool IsAs(const Mount& other) const {
    return device == other.device && point == other.point && type == other.type;
  }
};

/// Errors: kMalformed for a line with fewer than four columns.
Result<std::vector<Mount>> ParseMounts(std::string_view text);

}  // namespace tocsin
