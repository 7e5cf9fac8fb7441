#pragma once
// Samples of the past, from files and from Prometheus, for replays and for queries without an
// agent.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rules/memory_store.h"
#include "rules/promql/engine.h"
#include "rules/rule.h"

namespace tocsin {

/// What a loaded history spans.
struct HistorySpan {
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
  std::size_t samples = 0;
};

/// Reads OpenMetrics with timestamps (as `promtool tsdb dump-openmetrics` and backfilling use) into
/// `store`, series in any order and samples of one series in any order. Names in `skip` are left
/// out. Errors: kMalformed with position, a sample without a timestamp among them.
Result<HistorySpan> LoadOpenMetrics(std::string_view text, std::string_view name,
                                    const std::set<std::string, std::less<>>& skip,
                                    MemoryStore& store);

/// Adds the series of a query's result (a matrix, or a vector) to `store`.
HistorySpan LoadResult(const promql::QueryResult& result,
                       const std::set<std::string, std::less<>>& skip, MemoryStore& store);

/// The selectors that rules read, as PromQL (without offsets and ranges), each once: what to fetch
/// for a replay. `look_back` is the longest that any rule looks back.
struct HistoryNeeds {
  std::set<std::string> selectors;
  milliseconds look_back{0};
  /// Series that the rules make themselves: not to be taken from history.
  std::set<std::string, std::less<>> made;
};
HistoryNeeds NeedsOf(const std::vector<RuleGroupSpec>& groups);

}  // namespace tocsin
