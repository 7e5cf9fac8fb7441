#include "agent/commands/query.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <utility>

#include "agent/api/params.h"
#include "agent/api/result_json.h"
#include "agent/api/result_parse.h"
#include "agent/commands/http_get.h"
#include "agent/commands/query_output.h"
#include "agent/commands/query_stdin.h"
#include "base/file.h"
#include "base/format.h"
#include "base/json.h"
#include "base/percent.h"
#include "rules/history.h"
#include "rules/memory_store.h"
#include "rules/promql/engine.h"
#include "rules/promql/parser.h"
#include "rules/promql/printer.h"

namespace tocsin {
namespace {

constexpr std::size_t kChartWidth = 72;
constexpr std::int64_t kDefaultPoints = 250;
constexpr std::size_t kMaxFileBytes = std::size_t{4} << 30;

/// When the query is evaluated: once at `start`, or over a grid.
struct Grid {
  bool range = false;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::int64_t step_ms = 0;
};

/// `newest_ms` is what the query is evaluated at when nothing is said.
Result<Grid> ReadGrid(const QueryArguments& arguments, std::int64_t newest_ms) {
  const auto time = [&](const std::optional<std::string>& text,
                        std::int64_t fallback) -> Result<std::int64_t> {
    return text ? api::ParseTimeParam(*text) : Result<std::int64_t>(fallback);
  };
  Grid grid;
  grid.range = arguments.start || arguments.end || arguments.step;
  TRY_ASSIGN(grid.end_ms, time(grid.range ? arguments.end : arguments.time, newest_ms));
  TRY_ASSIGN(grid.start_ms, time(arguments.start, grid.end_ms - (grid.range ? 3'600'000 : 0)));
  if (arguments.step) {
    TRY_ASSIGN(grid.step_ms, api::ParseDurationParam(*arguments.step));
  } else {
    grid.step_ms = std::max<std::int64_t>(1'000, (grid.end_ms - grid.start_ms) / kDefaultPoints);
  }
  return grid;
}

Result<promql::QueryResult> QueryFile(const QueryArguments& arguments, const Flags& flags) {
  TRY_ASSIGN(const std::string text, ReadWholeFile(*arguments.file, kMaxFileBytes));
  MemoryStore store;
  TRY_ASSIGN(const HistorySpan span, LoadOpenMetrics(text, *arguments.file, {}, store));
  TRY_ASSIGN(const promql::ExprPtr expr, promql::ParseExpr(arguments.expr));
  TRY_ASSIGN(const Grid grid, ReadGrid(arguments, span.last_ms));
  const promql::EngineOptions options = EngineOf(flags);
  return grid.range
             ? promql::EvalRange(*expr, grid.start_ms, grid.end_ms, grid.step_ms, store, options)
             : promql::EvalInstant(*expr, grid.end_ms, store, options);
}

std::string Seconds(std::int64_t ms) { return FormatGoFixed(static_cast<double>(ms) / 1000); }

Result<promql::QueryResult> QueryUrl(const QueryArguments& arguments) {
  std::string base = arguments.url.value_or("http://127.0.0.1:9909");
  while (base.ends_with('/')) base.pop_back();
  TRY_ASSIGN(const Grid grid, ReadGrid(arguments, ToMillis(SystemClock().Wall())));
  std::string form = "query=" + EscapeQuery(arguments.expr);
  if (grid.range) {
    form += "&start=" + Seconds(grid.start_ms) + "&end=" + Seconds(grid.end_ms) +
            "&step=" + Seconds(grid.step_ms);
  } else {
    form += "&time=" + Seconds(grid.end_ms);
  }
  TRY_ASSIGN(const std::string answer,
             HttpFetch(base + (grid.range ? "/api/v1/query_range" : "/api/v1/query"), form));
  return api::ParseQueryAnswer(answer);
}

std::size_t TerminalWidth() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 40) return kChartWidth;
  return size.ws_col - 14U;  // the bounds stand beside the chart
}

void PrintResult(const promql::QueryResult& result, const QueryArguments& arguments) {
  std::string text;
  if (arguments.output == "json") {
    JsonWriter json(text);
    api::WriteResult(json, result);
    text += '\n';
  } else if (arguments.output == "chart") {
    text = ResultChart(result, TerminalWidth());
  } else {
    text = ResultTable(result);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  for (const promql::Annotation& warning : result.warnings) {
    std::fprintf(stderr, "warning: %s\n", warning.ToString(arguments.expr).c_str());
  }
}

/// The error of an expression, with a caret under it.
int PrintParseError(const std::string& text, const Error& error, const promql::ParseError& where) {
  std::fprintf(stderr, "%s\n%s\n", error.message().c_str(), where.Caret(text).c_str());
  return 1;
}

}  // namespace

promql::EngineOptions EngineOf(const Flags& flags) {
  promql::EngineOptions options;
  if (flags.promql_compat == "v2") options.compat = promql::Compat::kV2;
  return options;
}

int RunQuery(const QueryArguments& arguments, const Flags& flags) {
  if (arguments.from_stdin) {
    QueryPipe(EngineOf(flags)).Run(std::cin, std::cout);
    return 0;
  }
  promql::ParseError where;
  if (const auto expr = promql::ParseExpr(arguments.expr, {}, &where); !expr) {
    return PrintParseError(arguments.expr, expr.error(), where);
  }
  const auto result = arguments.file ? QueryFile(arguments, flags) : QueryUrl(arguments);
  if (!result) {
    std::fprintf(stderr, "error: %s\n", result.error().message().c_str());
    return 1;
  }
  PrintResult(*result, arguments);
  return 0;
}

int FormatExpression(const std::string& text) {
  promql::ParseError where;
  const auto expr = promql::ParseExpr(text, {}, &where);
  if (!expr) return PrintParseError(text, expr.error(), where);
  std::printf("%s\n", promql::Prettify(**expr).c_str());
  return 0;
}

}  // namespace tocsin
