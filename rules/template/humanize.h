#pragma once
// Prometheus's humanize functions: numbers for people.

#include <string>

#include "base/result.h"
#include "rules/template/value.h"

namespace tocsin::tmpl {

std::string Humanize(double value);            // 1.235k, 12m
std::string Humanize1024(double value);        // 1.206ki
std::string HumanizeDuration(double seconds);  // 1h 2m 3s, 12ms
std::string HumanizePercentage(double ratio);  // 12.35%

/// A Unix time in seconds, to the millisecond, as Prometheus's toTime. Errors: kInvalid for what
/// does not fit into nanoseconds of 64 bits; NaN and infinities are the caller's to sort out.
Result<Time> TimeOfSeconds(double seconds);

/// A number as templates may give it: float, int, or a string of one. Errors: kInvalid.
Result<double> ToNumber(const Value& value);

}  // namespace tocsin::tmpl
