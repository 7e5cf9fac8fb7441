#pragma once
#include <optional>
#include <string>

#include "agent/settings.h"
#include "rules/promql/engine.h"

namespace tocsin {

/// `tocsin query`: where the data is, and what is asked of it.
struct QueryArguments {
  std::optional<std::string> url;   // of an agent or a Prometheus
  std::optional<std::string> file;  // OpenMetrics with timestamps
  bool from_stdin = false;          // the line protocol, see query_stdin.h
  std::string expr;
  std::optional<std::string> time;
  std::optional<std::string> start;
  std::optional<std::string> end;
  std::optional<std::string> step;
  std::string output = "table";  // table, json, chart
};

/// --promql.compat as the engine has it.
promql::EngineOptions EngineOf(const Flags& flags);

/// Evaluates and prints. Without url and file it asks the agent on this host.
int RunQuery(const QueryArguments& arguments, const Flags& flags);

/// `tocsin format EXPR`: prints the expression well laid out; 1 with a caret under what is wrong.
int FormatExpression(const std::string& text);

}  // namespace tocsin
