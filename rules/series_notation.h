#pragma once
// How promtool's tests of rules write series and their values.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/labels.h"

namespace tocsin {

/// `up{job="x"}`, `{job="x"}` or `{}`. Errors: kInvalid.
Result<Labels> ParseSeriesName(std::string_view text);

/// Values one interval apart, nothing where there is no sample:
///   1 2 -3.5 NaN Inf     these
///   _   _x3              none; none three times
///   stale                the staleness marker
///   4x3                  4, and three times more
///   1+2x3   10-2x3       1 3 5 7;  10 8 6 4
/// Errors: kInvalid, with the part at fault; kLimit for more than `max_values`.
Result<std::vector<std::optional<double>>> ParseSeriesValues(std::string_view text,
                                                             std::size_t max_values);

}  // namespace tocsin
