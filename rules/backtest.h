#pragma once
// Rules replayed over history: what would have paged, when, and what another set of rules would
// have changed. The whole state machine runs, as it does in the agent.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metrics/labels.h"
#include "rules/alert.h"
#include "rules/group.h"
#include "rules/memory_store.h"
#include "rules/promql/engine.h"
#include "rules/rule.h"

namespace tocsin {

struct BacktestOptions {
  WallTime start;
  WallTime end;
  /// When the history begins: what rules look back on before it is not there yet (WarmUp).
  WallTime data_since;
  RuleOptions rules;
  promql::EngineOptions engine;
};

/// Something that somebody would have been told.
struct BacktestPage {
  enum class Kind { kFiring, kSeverity, kResolved };
  WallTime at;
  Kind kind;
  AlertEvent event;
};

/// One alert from firing to resolved.
struct BacktestEpisode {
  Labels identity;
  WallTime fired_at;
  std::optional<WallTime> resolved_at;  // nothing: it still fires at the end
  Severity highest = Severity::kNone;
};

struct Backtest {
  std::vector<BacktestPage> pages;  // by time
  std::vector<BacktestEpisode> episodes;
  std::size_t evaluations = 0;
  /// Rules that failed, each once: "rule: first error (and n more)".
  std::vector<std::string> failures;
};

/// Replays `groups` from start to end, each group at its own interval. What the rules record is
/// added to `history`, which is otherwise only read; it must not hold series that they make
/// (history.h).
Backtest RunBacktest(const std::vector<RuleGroupSpec>& groups, const BacktestOptions& options,
                     MemoryStore& history);

/// One line a page, then a table of alerts: pages, time firing, longest.
std::string FormatTimeline(const Backtest& backtest, const BacktestOptions& options);

/// What would be otherwise with `after` instead of `before`: episodes only in one of them, those
/// that fire earlier or later, last longer or shorter, or reach another severity.
std::string FormatDifference(const Backtest& before, const Backtest& after);

}  // namespace tocsin
