#include "rules/backtest.h"

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_map>

#include "base/format.h"
#include "base/parse.h"
#include "rules/store_sink.h"

namespace tocsin {
namespace {

/// Turns what alerts tell (with all repetitions) into pages and episodes.
class Recorder final : public StoreSink {
 public:
  Recorder(MemoryStore& history, Backtest& backtest) : StoreSink(history), backtest_(backtest) {}

  void At(WallTime now) { now_ = now; }

  void Notify(std::span<const AlertEvent> events) override {
    for (const AlertEvent& event : events) Take(event);
  }

 private:
  void Take(const AlertEvent& event) {
    const auto open = open_.find(event.identity);
    if (event.state == AlertState::kInactive) {
      if (open == open_.end()) return;  // told again
      backtest_.episodes[open->second].resolved_at = now_;
      open_.erase(open);
      backtest_.pages.push_back({now_, BacktestPage::Kind::kResolved, event});
      return;
    }
    if (open == open_.end()) {
      open_[event.identity] = backtest_.episodes.size();
      backtest_.episodes.push_back({event.identity, now_, std::nullopt, event.severity});
      severity_[event.identity] = event.severity;
      backtest_.pages.push_back({now_, BacktestPage::Kind::kFiring, event});
      return;
    }
    Severity& severity = severity_[event.identity];
    if (severity == event.severity) return;
    severity = event.severity;
    BacktestEpisode& episode = backtest_.episodes[open->second];
    episode.highest = std::max(episode.highest, event.severity);
    backtest_.pages.push_back({now_, BacktestPage::Kind::kSeverity, event});
  }

  Backtest& backtest_;
  WallTime now_{};
  std::unordered_map<Labels, std::size_t, LabelsHash> open_;  // identity → episode
  std::unordered_map<Labels, Severity, LabelsHash> severity_;
};

/// The next evaluation of each group.
struct Turn {
  WallTime at;
  std::size_t group;
};

}  // namespace

Backtest RunBacktest(const std::vector<RuleGroupSpec>& specs, const BacktestOptions& options,
                     MemoryStore& history) {
  Backtest backtest;
  Recorder recorder(history, backtest);
  std::vector<std::unique_ptr<RuleGroup>> groups;
  std::vector<Turn> turns;
  for (const RuleGroupSpec& spec : specs) {
    turns.push_back({options.start, groups.size()});
    groups.push_back(std::make_unique<RuleGroup>(spec, options.rules));
  }
  const ManualClock stopwatch(options.start);
  std::map<std::string, std::pair<std::string, std::size_t>> failures;  // rule → first error, count
  // The earliest first; those of one time in the order of the files.
  const auto later = [](const Turn& a, const Turn& b) {
    return a.at != b.at ? a.at > b.at : a.group > b.group;
  };
  std::make_heap(turns.begin(), turns.end(), later);
  while (!turns.empty() && turns.front().at <= options.end) {
    std::pop_heap(turns.begin(), turns.end(), later);
    Turn& turn = turns.back();
    RuleGroup& group = *groups[turn.group];
    recorder.At(turn.at);
    const Moment now{turn.at, MonoTime(turn.at.time_since_epoch())};
    const RuleContext context{history, options.engine, recorder, turn.at - options.data_since,
                              stopwatch};
    const EvaluationSummary summary = group.Evaluate(now, context);
    ++backtest.evaluations;
    if (summary.failures > 0) {
      for (const RuleView& rule : group.View().rules) {
        if (rule.health != RuleHealth::kError) continue;
        auto& [error, count] = failures[group.file() + ": " + rule.name];
        if (count++ == 0) error = rule.last_error;
      }
    }
    turn.at += group.interval();
    std::push_heap(turns.begin(), turns.end(), later);
  }
  for (const auto& [rule, failure] : failures) {
    backtest.failures.push_back(rule + ": " + failure.first + " (" +
                                std::to_string(failure.second) + " times)");
  }
  return backtest;
}

}  // namespace tocsin
