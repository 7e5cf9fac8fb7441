#pragma once
// Query results as the API and the --stdin protocol show them.

#include <string>

#include "base/json.h"
#include "rules/promql/engine.h"

namespace tocsin::api {

/// {"resultType":…,"result":…} as Prometheus writes it: timestamps in seconds with three decimals
/// where they are not whole, values as strings.
void WriteResult(JsonWriter& json, const promql::QueryResult& result);

/// A sample's value as Prometheus writes it within quotes: "1", "0.25", "1e-07", "1e+21", "NaN",
/// "+Inf".
std::string FormatSampleValue(double value);
void AppendSampleValue(double value, std::string& out);

}  // namespace tocsin::api
