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

/// RFC 3339 in UTC with milliseconds: "2023-01-02T03:04:05.000Z" (the APIs of Prometheus and
/// Alertmanager).
std::string Rfc3339Millis(WallTime time);

/// RFC 3339 in UTC without trailing zeros of the fraction, as Go marshals a time:
/// "2023-01-02T03:04:05.12Z".
std::string Rfc3339(WallTime time);

/// Any RFC 3339 time, fraction and offset included; finer than a millisecond is cut.
std::optional<WallTime> ParseRfc3339(std::string_view text);

/// The value of a Retry-After header: seconds, or an HTTP date (RFC 7231: IMF-fixdate).
std::optional<milliseconds> ParseRetryAfter(std::string_view text, WallTime now);

/// An address without what may be secret in it: scheme, host and port only.
std::string PublicUrl(std::string_view url);

}  // namespace tocsin::notify
