#include "agent/commands/rules.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "agent/api/params.h"
#include "agent/api/result_parse.h"
#include "agent/commands/fail.h"
#include "agent/commands/http_get.h"
#include "agent/commands/query.h"
#include "base/file.h"
#include "base/format.h"
#include "base/parse.h"
#include "base/percent.h"
#include "rules/backtest.h"
#include "rules/export.h"
#include "rules/history.h"
#include "rules/lint.h"
#include "rules/manager.h"
#include "rules/unit_test.h"

namespace tocsin {
namespace {

constexpr const char* kThisAgent = "http://127.0.0.1:9909";
constexpr std::size_t kMaxHistoryBytes = std::size_t{4} << 30;
constexpr milliseconds kFetchAtOnce = std::chrono::hours(6);

void Print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

/// The rules a command works on, and what the configuration says of their evaluation.
struct Rules {
  RuleSet set;
  RuleOptions options;
};

Result<Rules> LoadRulesFor(const std::vector<std::string>& files, const Flags& flags) {
  TRY_ASSIGN(const Settings settings, LoadSettings(flags));
  Rules rules;
  rules.set = LoadRules(files.empty() ? settings.rules.files : files);
  rules.options.evaluation_interval = settings.rules.evaluation_interval;
  rules.options.external_labels = settings.external_labels;
  rules.options.external_url = settings.web.external_url;
  if (!rules.set.errors.empty()) return Joined(rules.set.errors);
  if (rules.set.files.empty()) {
    return Error{Errc::kInvalid, "no rule files: name them, or a configuration that does"};
  }
  return rules;
}

std::string BaseOf(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

namespace json = simdjson::dom;

MetricType TypeOf(std::string_view name) {
  if (name == "counter") return MetricType::kCounter;
  if (name == "gauge") return MetricType::kGauge;
  if (name == "histogram") return MetricType::kHistogram;
  if (name == "summary") return MetricType::kSummary;
  return MetricType::kUnknown;
}

/// What metrics an agent or Prometheus has.
Result<std::map<std::string, MetricFacts, std::less<>>> FetchMetrics(const std::string& base) {
  TRY_ASSIGN(const std::string names, HttpFetch(base + "/api/v1/label/__name__/values"));
  TRY_ASSIGN(const std::string metadata, HttpFetch(base + "/api/v1/metadata"));
  const Error bad{Errc::kMalformed, base + " does not answer as Prometheus's API does"};
  std::map<std::string, MetricFacts, std::less<>> metrics;
  json::parser parser;
  json::element root;
  json::array values;
  if (parser.parse(names).get(root) != simdjson::SUCCESS ||
      root["data"].get(values) != simdjson::SUCCESS) {
    return bad;
  }
  for (const json::element& value : values) {
    std::string_view name;
    if (value.get(name) == simdjson::SUCCESS) metrics[std::string(name)];
  }
  json::object families;
  if (parser.parse(metadata).get(root) != simdjson::SUCCESS ||
      root["data"].get(families) != simdjson::SUCCESS) {
    return bad;
  }
  for (const auto& family : families) {
    std::string_view type;
    const auto found = metrics.find(family.key);
    if (found != metrics.end() && family.value.at(0)["type"].get(type) == simdjson::SUCCESS) {
      found->second.type = TypeOf(type);
    }
  }
  return metrics;
}

/// What the rules look back on, over [start - look_back, end], from Prometheus.
Result<HistorySpan> FetchHistory(const std::string& base, const HistoryNeeds& needs, WallTime start,
                                 WallTime end, MemoryStore& store) {
  HistorySpan all;
  const WallTime from = start - needs.look_back - std::chrono::minutes(5);
  for (WallTime at = from; at < end;) {
    const WallTime until = std::min(at + kFetchAtOnce, end);
    for (const std::string& selector : needs.selectors) {
      const std::string expr = selector + "[" + FormatDuration(until - at) + "]";
      TRY_ASSIGN(const std::string answer,
                 HttpFetch(base + "/api/v1/query", "query=" + EscapeQuery(expr) +
                                                       "&time=" + FormatGoFixed(ToSeconds(until))));
      TRY_ASSIGN(const promql::QueryResult result, api::ParseQueryAnswer(answer));
      const HistorySpan span = LoadResult(result, needs.made, store);
      if (span.samples == 0) continue;
      all.first_ms = all.samples == 0 ? span.first_ms : std::min(all.first_ms, span.first_ms);
      all.last_ms = std::max(all.last_ms, span.last_ms);
      all.samples += span.samples;
    }
    at = until;
  }
  return all;
}

/// The replay of one set of rules.
Result<Backtest> Replay(const RuleArguments& arguments, const Rules& rules, const Flags& flags,
                        BacktestOptions& options) {
  const HistoryNeeds needs = NeedsOf(rules.set.groups);
  MemoryStore history;
  HistorySpan span;
  const auto time = [](const std::string& text) -> Result<WallTime> {
    TRY_ASSIGN(const std::int64_t ms, api::ParseTimeParam(text));
    return FromMillis(ms);
  };
  if (arguments.from) {
    TRY_ASSIGN(const std::string text, ReadWholeFile(*arguments.from, kMaxHistoryBytes));
    TRY_ASSIGN(span, LoadOpenMetrics(text, *arguments.from, needs.made, history));
    options.start = FromMillis(span.first_ms);
    options.end = FromMillis(span.last_ms);
  } else if (!arguments.start || !arguments.end) {
    return Error{Errc::kInvalid, "a replay from a Prometheus needs --start and --end"};
  }
  if (arguments.start) {
    TRY_ASSIGN(options.start, time(*arguments.start));
  }
  if (arguments.end) {
    TRY_ASSIGN(options.end, time(*arguments.end));
  }
  if (options.end < options.start) return Error{Errc::kInvalid, "--end is before --start"};
  if (!arguments.from) {
    TRY_ASSIGN(span, FetchHistory(BaseOf(arguments.url.value_or(kThisAgent)), needs, options.start,
                                  options.end, history));
  }
  if (span.samples == 0) {
    return Error{Errc::kNotFound, "there are no samples of what the rules look at in that time"};
  }
  options.data_since = FromMillis(span.first_ms);
  options.rules = rules.options;
  options.engine = EngineOf(flags);
  return RunBacktest(rules.set.groups, options, history);
}

}  // namespace

int TestRules(const RuleArguments& arguments, const Flags& flags) {
  bool passed = true;
  for (const std::string& file : arguments.files) {
    const UnitTestReport report = RunRuleTests(file, EngineOf(flags).compat);
    Print(report.text + "\n");
    passed = passed && report.passed;
  }
  return passed ? 0 : 1;
}

int LintRules(const RuleArguments& arguments, const Flags& flags) {
  const auto rules = LoadRulesFor(arguments.files, flags);
  if (!rules) return Fail(rules.error());
  LintOptions options;
  options.evaluation_interval = rules->options.evaluation_interval;
  if (arguments.sample_interval) {
    const auto interval = ParseDuration(*arguments.sample_interval);
    if (!interval) return Fail(interval.error());
    options.sample_interval = *interval;
  }
  const std::string base = BaseOf(arguments.url.value_or(kThisAgent));
  if (auto metrics = FetchMetrics(base)) {
    options.metrics = *std::move(metrics);
  } else if (arguments.url) {
    return Fail(metrics.error());
  } else {
    std::fprintf(stderr, "no agent answers at %s: metrics are not checked\n", base.c_str());
  }
  const std::vector<LintFinding> findings = Lint(rules->set.groups, options);
  for (const LintFinding& finding : findings) Print(finding.ToString() + "\n");
  return findings.empty() ? 0 : 1;
}

int BacktestRules(const RuleArguments& arguments, const Flags& flags) {
  const auto rules = LoadRulesFor(arguments.files, flags);
  if (!rules) return Fail(rules.error());
  BacktestOptions options;
  const auto backtest = Replay(arguments, *rules, flags, options);
  if (!backtest) return Fail(backtest.error());
  Print(FormatTimeline(*backtest, options));
  if (arguments.against.empty()) return 0;
  const auto others = LoadRulesFor(arguments.against, flags);
  if (!others) return Fail(others.error());
  const auto other = Replay(arguments, *others, flags, options);
  if (!other) return Fail(other.error());
  Print("\nwith the other rules instead:\n" + FormatDifference(*backtest, *other));
  return 0;
}

int ExportRules(const RuleArguments& arguments, const Flags& flags) {
  const auto rules = LoadRulesFor(arguments.files, flags);
  if (!rules) return Fail(rules.error());
  const PrometheusRules out =
      ExportPrometheus(rules->set.groups, rules->options.evaluation_interval);
  Print(out.rules);
  if (arguments.inhibition) {
    std::ofstream file(*arguments.inhibition, std::ios::trunc);
    file << out.inhibition;
    file.close();
    if (!file) return Fail({Errc::kIo, *arguments.inhibition + ": cannot be written"});
  } else if (!out.inhibition.empty()) {
    std::fprintf(stderr, "# For alertmanager.yml (--inhibition FILE writes it there):\n%s",
                 out.inhibition.c_str());
  }
  return 0;
}

}  // namespace tocsin
