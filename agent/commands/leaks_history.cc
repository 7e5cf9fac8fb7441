#include "agent/commands/leaks_history.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <vector>

#include "base/format.h"
#include "base/parse.h"
#include "base/time_text.h"
#include "rules/history.h"
#include "rules/leak_tracker.h"
#include "rules/memory_store.h"
#include "rules/promql/parser.h"
#include "rules/rule_file.h"

namespace tocsin {
namespace {

constexpr std::string_view kCsvSeries = "csv";

std::string_view TakeCell(std::string_view& line) {
  const std::size_t comma = line.find(',');
  std::string_view cell = Trim(line.substr(0, comma));
  line.remove_prefix(comma == line.npos ? line.size() : comma + 1);
  if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') {
    cell = cell.substr(1, cell.size() - 2);
  }
  return cell;
}

/// A table with a header: time in Unix seconds, then a column a series; an empty cell is no sample.
Result<HistorySpan> LoadCsv(std::string_view text, const std::string& name, MemoryStore& store) {
  std::vector<Labels> columns;
  std::string_view header = TakeLine(text);
  TakeCell(header);
  while (!header.empty()) {
    columns.push_back(Labels{{kMetricName, kCsvSeries}, {"name", TakeCell(header)}});
  }
  if (columns.empty()) {
    return Error{Errc::kMalformed, name + ":1: expected a header: time, then the names of series"};
  }
  HistorySpan span;
  for (int number = 2; !text.empty(); ++number) {
    std::string_view line = TakeLine(text);
    if (Trim(line).empty()) continue;
    const auto malformed = [&](std::string_view what) {
      return Error{Errc::kMalformed,
                   name + ":" + std::to_string(number) + ": " + std::string(what)};
    };
    const auto time = ParseDouble(TakeCell(line));
    if (!time || !(std::fabs(*time) < 1e11)) {
      return malformed("expected a time in Unix seconds in the first column");
    }
    const auto t_ms = static_cast<std::int64_t>(*time * 1000);
    if (span.samples > 0 && t_ms <= span.last_ms) return malformed("times must rise");
    for (const Labels& column : columns) {
      const std::string_view cell = TakeCell(line);
      if (cell.empty()) continue;
      const auto value = ParseDouble(cell);
      if (!value) return malformed("\"" + std::string(cell) + "\" is not a number");
      store.Append(column, t_ms, *value);
    }
    if (span.samples == 0) span.first_ms = t_ms;
    span.last_ms = t_ms;
    ++span.samples;
  }
  return span;
}

/// The arguments as the rule file that says the same, so that there is one reader of them.
Result<std::shared_ptr<const Rule>> RuleOf(const LeakArguments& arguments) {
  std::string leak;
  const auto add = [&](std::string_view key, const std::string& value) {
    leak.append(leak.empty() ? "" : ", ").append(key).append(": '");
    for (const char c : value) leak.append(c == '\'' ? "''" : std::string(1, c));
    leak += '\'';
  };
  const std::string all =
      arguments.csv ? std::string(kCsvSeries) : std::string("{__name__=~\".+\"}");
  add("series", arguments.series.value_or(all));
  add("sensitivity", arguments.sensitivity);
  if (arguments.limit) add("limit", *arguments.limit);
  if (arguments.falls_to) leak += ", falls_to: " + *arguments.falls_to;
  if (arguments.work) add("work", *arguments.work);
  if (arguments.restart) add("restart", *arguments.restart);
  // A limit that is a size, or is looked for in the file, is one of memory.
  const bool is_size = arguments.limit
                           ? !ParseDouble(*arguments.limit) && ParseBytes(*arguments.limit)
                           : !arguments.falls_to;
  if (is_size) leak += ", unit: bytes";
  const RuleFile file = ParseRuleFile("groups: [{name: leaks, rules: [{alert: leak, leak: {" +
                                          leak + "}, warning: {exhausts_within: 1d}}]}]",
                                      "arguments");
  if (!file.errors.empty()) return file.errors.front();
  return file.groups[0].rules[0];
}

}  // namespace

Result<std::string> FindLeaksIn(std::string_view text, const std::string& name,
                                const LeakArguments& arguments) {
  MemoryStore store;
  TRY_ASSIGN(const HistorySpan span,
             arguments.file ? LoadOpenMetrics(text, name, {}, store) : LoadCsv(text, name, store));
  TRY_ASSIGN(const auto rule, RuleOf(arguments));
  TRY_ASSIGN(const milliseconds step, ParseDuration(arguments.step));
  if (step < seconds(1)) return Error{Errc::kInvalid, "expected a step of at least 1s"};
  LeakTracker tracker(rule->name, rule->leak, 1);
  std::unordered_map<Labels, bool, LabelsHash> leaking;
  std::string out;
  const auto tell = [&](WallTime at, const std::string& what) {
    out += Rfc3339(at) + " " + what + "\n";
  };
  const WallTime end = FromMillis(span.last_ms);
  for (WallTime t = FromMillis(span.first_ms); t <= end; t += step) {
    TRY_ASSIGN(const LeakInputs inputs,
               ReadLeakInputs(*rule->expr, *rule->leak, ToMillis(t), store, {}));
    const std::uint64_t before = tracker.changes();
    TRY(tracker.Update(inputs, t));
    if (tracker.changes() == before) continue;
    for (const LeakFinding& finding : tracker.FindAll(t)) {
      const bool leaks = finding.state == trend::LeakState::kConfirmed;
      bool& leaked = leaking[finding.labels];
      if (leaks && !leaked) tell(t, LeakSummary(finding));
      if (!leaks && leaked) tell(t, finding.labels.ToString() + " does not leak any more");
      leaked = leaks;
    }
  }
  out += std::to_string(tracker.size()) + " series over " +
         FormatDuration(std::max(end - FromMillis(span.first_ms), milliseconds(0))) + "\n";
  for (const LeakFinding& finding : tracker.FindAll(end)) {
    if (finding.state != trend::LeakState::kConfirmed) continue;
    out += "\n" + LeakDescription(finding, end) + "\n";
  }
  return out;
}

}  // namespace tocsin
