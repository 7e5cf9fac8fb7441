#pragma once
// Floats as Go's strconv prints them, which is what Prometheus's formats and APIs contain.

#include <string>
#include <string_view>

namespace tocsin {

/// strconv.FormatFloat(v, 'g', -1, 64): the shortest digits that read back as `v`, with an exponent
/// below 1e-4 and from 1e+06 (metrics pages: "1e+06", "0.5", "+Inf", "NaN"). Writes at most
/// kGoFloatMax bytes to `out` and returns their end.
inline constexpr std::size_t kGoFloatMax = 32;
char* WriteGoFloat(double value, char* out);
std::string FormatGoFloat(double value);

/// strconv.FormatFloat(v, 'f', -1, 64): the same digits, never an exponent (query API: "1000000").
void AppendGoFixed(double value, std::string& out);
std::string FormatGoFixed(double value);

}  // namespace tocsin
