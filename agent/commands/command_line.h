#pragma once
// The command line as the commands see it. CLI11 stays inside command_line.cc.

#include <optional>
#include <string>
#include <vector>

#include "agent/commands/alerts.h"
#include "agent/commands/doctor.h"
#include "agent/commands/leaks.h"
#include "agent/commands/query.h"
#include "agent/commands/rules.h"
#include "agent/settings.h"

namespace tocsin {

enum class Command {
  kRun,
  kCheck,
  kCollect,
  kCollectors,
  kQuery,
  kFormat,
  kTest,
  kLint,
  kBacktest,
  kExportRules,
  kLeaks,
  kDoctor,
  kAlerts,
  kAcknowledge,
  kSilenceAdd,
  kSilenceList,
  kSilenceExpire,
  kVersion
};

struct CommandLine {
  Command command = Command::kRun;
  Flags flags;
  std::vector<std::string> names;  // collect: which collectors; empty for all that are enabled
  std::string http_config;         // how to reach the agent that is asked; empty: plainly
  bool json = false;               // collectors
  bool markdown = false;           // collectors
  QueryArguments query;            // query; its expr also of format
  AlertArguments alerts;           // alerts, ack, silence
  RuleArguments rules;             // test, lint, backtest, rules export
  LeakArguments leaks;
  DoctorArguments doctor;
};

/// What a command line asks for, or the exit status when there is nothing left to do: --help and
/// errors have been printed then.
struct ParsedCommandLine {
  std::optional<CommandLine> line;
  int exit_status = 0;
};
ParsedCommandLine ParseCommandLine(int argc, const char* const* argv);

}  // namespace tocsin
