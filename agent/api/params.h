#pragma once
// Parameters of the query API, as Prometheus reads them.

#include <cstdint>
#include <string_view>

#include "agent/http/router.h"
#include "base/result.h"

namespace tocsin::api {

/// Milliseconds since the epoch of a Unix time in seconds ("1600000000.5") or RFC 3339
/// ("2020-09-13T12:26:40Z"). Errors: kInvalid, as Prometheus words it.
Result<std::int64_t> ParseTimeParam(std::string_view text);

/// Milliseconds of a number of seconds ("15", "0.5") or a Prometheus duration ("1m").
Result<std::int64_t> ParseDurationParam(std::string_view text);

/// The named time, or `fallback` when it is absent or empty.
Result<std::int64_t> TimeParam(const http::Form& form, std::string_view name,
                               std::int64_t fallback);

/// The named whole number from 0 (0: no limit), or 0 when absent.
Result<std::uint64_t> LimitParam(const http::Form& form, std::string_view name);

}  // namespace tocsin::api
