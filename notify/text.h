#pragma once
// Text as notifications spell it.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/utf8.h"

namespace tocsin::notify {

/// Appends `text` as Go's strconv.Quote writes it.
void AppendGoQuoted(std::string_view text, std::string& out);

/// The value of a Retry-After header: seconds, or an HTTP date.
std::optional<milliseconds> ParseRetryAfter(std::string_view text, WallTime now);

/// An address without what may be secret in it: scheme, host and port only.
std::string PublicUrl(std::string_view url);

}  // namespace tocsin::notify
