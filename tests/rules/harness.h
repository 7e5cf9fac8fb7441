#pragma once
// Drives rule groups over samples given by hand, at an interval.

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "rules/manager.h"
#include "rules/rule_file.h"
#include "rules/series_notation.h"
#include "rules/store_sink.h"

namespace tocsin {

inline RuleSet RulesOf(std::string_view yaml, const std::string& name = "r.yml") {
  RuleFile file = ParseRuleFile(yaml, name);
  for (const Error& error : file.errors) ADD_FAILURE() << error.message();
  return {{name}, std::move(file.groups), {}};
}

/// A RuleManager with one interval, a store and everything it was told.
class RuleHarness : public RuleSink {
 public:
  explicit RuleHarness(std::string_view yaml, RuleOptions o = DefaultOptions()) : options(o) {
    Reload(yaml);
  }

  static RuleOptions DefaultOptions() {
    RuleOptions options;
    options.evaluation_interval = std::chrono::seconds(15);
    options.external_url = "http://host:9909";
    return options;
  }

  void Reload(std::string_view yaml) { manager.Exchange(RulesOf(yaml), options, now, *this); }

  void Set(std::string_view series, double value) {
    store.Append(*ParseSeriesName(series), ToMillis(now.wall), value);
  }

  /// Evaluates all groups now.
  EvaluationSummary Evaluate() {
    events.clear();
    EvaluationSummary all;
    const ManualClock stopwatch(now.wall);
    for (const auto& group : manager.Groups()) {
      const EvaluationSummary summary = manager.Evaluate(
          {group, now.wall, 0}, now.mono, {store, engine, *this, data_age, stopwatch});
      all.rules += summary.rules;
      all.failures += summary.failures;
      all.samples += summary.samples;
      all.events += summary.events;
    }
    return all;
  }

  void Pass(milliseconds time) {
    now.wall += time;
    now.mono += time;
    if (data_age) *data_age += time;
  }

  /// An interval passes, `series` gets `value`, the rules are evaluated.
  void Step(std::string_view series, double value) {
    Pass(options.evaluation_interval);
    Set(series, value);
    Evaluate();
  }

  /// An interval passes without a sample.
  void Step() {
    Pass(options.evaluation_interval);
    Evaluate();
  }

  void Write(const std::string& rule, std::span<const RuleSample> samples) override {
    StoreSink(store).Write(rule, samples);
    writers.insert(rule);
  }
  void Notify(std::span<const AlertEvent> told) override {
    events.insert(events.end(), told.begin(), told.end());
  }

  /// What the last evaluation told: "firing{labels} resolved{labels}".
  std::string Told() const {
    std::string text;
    for (const AlertEvent& event : events) {
      if (!text.empty()) text += " ";
      text += event.state == AlertState::kFiring ? "firing" : "resolved";
      text += event.labels.ToString();
    }
    return text;
  }

  RuleView Rule(std::size_t i = 0) const { return manager.View().at(0).rules.at(i); }

  /// The last value of a series, stale markers as "stale", nothing as "none".
  std::string Last(std::string_view series) const {
    const Labels labels = *ParseSeriesName(series);
    std::vector<Matcher> matchers;
    for (const LabelView label : labels) {
      matchers.push_back(Matcher::Equal(std::string(label.name), std::string(label.value)));
    }
    const auto found = *store.Select({INT64_MIN, INT64_MAX}, matchers);
    promql::SeriesView view;
    while (found->Next(view)) {
      if (*view.labels != labels) continue;
      const double value = view.samples.back().value;
      return IsStaleNan(value) ? "stale" : std::to_string(value);
    }
    return "none";
  }

  RuleOptions options;
  Moment now{FromMillis(1'700'000'000'000), MonoTime(std::chrono::hours(1))};
  std::optional<milliseconds> data_age;
  promql::EngineOptions engine;
  MemoryStore store;
  RuleManager manager;
  std::vector<AlertEvent> events;
  std::set<std::string> writers;  // every rule that wrote, as RuleSink::Write calls it
};

}  // namespace tocsin
