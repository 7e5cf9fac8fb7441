#pragma once
// Samples of the past, from files and from Prometheus, for replays and for queries without an
// agent.

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rules/memory_store.h"
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

/// Reads the answer of Prometheus's /api/v1/query or /api/v1/query_range: a matrix, or a vector.
/// Errors: kMalformed; kInvalid with Prometheus's message if it is an error.
Result<HistorySpan> LoadPrometheusAnswer(std::string_view json,
                                         const std::set<std::string, std::less<>>& skip,
                                         MemoryStore& store);

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
