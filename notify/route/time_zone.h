#pragma once
// Offsets from UTC by the system's time zone files (RFC 8536), without touching the process's own
// zone.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tocsin::notify {

/// Immutable, cheap to copy.
class TimeZone {
 public:
  /// UTC.
  TimeZone() = default;
  /// "UTC", "Local" (/etc/localtime) or a name as "Europe/Berlin".
  /// Errors: kInvalid for a name that is none, kNotFound, kMalformed.
  static Result<TimeZone> Load(const std::string& name);
  /// The zone that the bytes of a zone file describe. Errors: kMalformed.
  static Result<TimeZone> Parse(std::string_view bytes);

  seconds OffsetAt(WallTime time) const;

 private:
  struct Rules;
  std::shared_ptr<const Rules> rules_;
};

}  // namespace tocsin::notify
