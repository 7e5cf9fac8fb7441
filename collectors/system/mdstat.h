#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// One array of /proc/mdstat. Views point into the text.
struct MdArray {
  enum class State : std::uint8_t {
    kActive,
    kInactive,
    kRecovering,
    kResyncing,
    kChecking,
    kOther
  };

  std::string_view name;
  State state = State::kOther;
  std::uint64_t disks_active = 0;
  std::uint64_t disks_required = 0;
  std::uint64_t disks_failed = 0;
  std::uint64_t disks_spare = 0;
  std::uint64_t blocks = 0;
  std::uint64_t blocks_synced = 0;
};

/// Fills `arrays`, whose heap is used again. Errors: kMalformed.
Status ParseMdstat(std::string_view text, std::vector<MdArray>& arrays);

}  // namespace tocsin
