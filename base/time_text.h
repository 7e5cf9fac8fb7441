#pragma once
// Instants as text, in UTC, as protocols and people write them.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tocsin {

/// RFC 3339 with milliseconds: "2023-01-02T03:04:05.000Z" (the API of Alertmanager).
std::string Rfc3339Millis(WallTime time);

/// RFC 3339 without trailing zeros of the fraction, as Go marshals a time:
/// "2023-01-02T03:04:05.12Z".
std::string Rfc3339(WallTime time);

/// Any RFC 3339 time, fraction and offset included; finer than a millisecond is cut.
std::optional<WallTime> ParseRfc3339(std::string_view text);

/// Appends the date of mail (RFC 5322, 3.3) and of HTTP (RFC 9110, 5.6.7) without its zone, which
/// they write differently: "Sun, 06 Nov 1994 08:49:37".
void AppendImfDate(WallTime time, std::string& out);

/// A date in any of the three forms of HTTP (RFC 9110, 5.6.7).
std::optional<WallTime> ParseHttpDate(std::string_view text);

/// As strftime writes it; at most 63 characters.
std::string FormatUtc(WallTime time, const char* format);

}  // namespace tocsin
