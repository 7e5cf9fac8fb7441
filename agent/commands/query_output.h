#pragma once
// Query results for a person at a terminal.

#include <string>

#include "rules/promql/engine.h"

namespace tocsin {

/// A line a series: its labels and its value; of a matrix, each point below it with its time.
std::string ResultTable(const promql::QueryResult& result);

/// A line chart of each series of a matrix, `width` columns and a few rows high, with its bounds
/// and times. Of anything else, the table.
std::string ResultChart(const promql::QueryResult& result, std::size_t width);

}  // namespace tocsin
