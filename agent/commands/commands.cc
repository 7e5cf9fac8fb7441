#include "agent/commands/commands.h"

#include <cstdio>
#include <iostream>
#include <string>

#include "agent/commands/collector_docs.h"
#include "agent/commands/fail.h"
#include "agent/commands/http_get.h"
#include "agent/version.h"

namespace tocsin {
namespace {

int Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

int Dispatch(const CommandLine& line) {
  if (!line.http_config.empty()) {
    if (const Status used = UseHttpConfig(line.http_config); !used) {
      std::fprintf(stderr, "%s\n", used.error().message().c_str());
      return 2;
    }
  }
  switch (line.command) {
    case Command::kRun:
      return RunAgent(line);
    case Command::kCheck:
      return CheckConfiguration(line);
    case Command::kCollect:
      return CollectOnce(line);
    case Command::kCollectors:
      return Print(line.json       ? CollectorJson()
                   : line.markdown ? CollectorMarkdown()
                                   : CollectorTable());
    case Command::kQuery:
      return RunQuery(line.query, line.flags);
    case Command::kFormat:
      return FormatExpression(line.query.expr);
    case Command::kTest:
      return TestRules(line.rules, line.flags);
    case Command::kLint:
      return LintRules(line.rules, line.flags);
    case Command::kBacktest:
      return BacktestRules(line.rules, line.flags);
    case Command::kExportRules:
      return ExportRules(line.rules, line.flags);
    case Command::kLeaks:
      return FindLeaks(line.leaks);
    case Command::kDoctor:
      return ConsultDoctor(line.doctor);
    case Command::kAlerts:
      return ListAlerts(line.alerts);
    case Command::kAcknowledge:
      return AcknowledgeAlerts(line.alerts);
    case Command::kSilenceAdd:
      return AddSilence(line.alerts);
    case Command::kSilenceList:
      return ListSilences(line.alerts);
    case Command::kSilenceExpire:
      return ExpireSilences(line.alerts);
    case Command::kVersion:
      return PrintVersion();
  }
  return 2;
}

/// False when a full disk has not taken all that was printed.
bool IsAllPrinted() {
  std::cout.flush();
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
}

}  // namespace

int RunCommand(const CommandLine& line) {
  const int status = Dispatch(line);
  if (status != 0 || line.command == Command::kRun || IsAllPrinted()) return status;
  return Fail({Errc::kIo, "standard output cannot be written"});
}

std::string VersionText() {
  return "tocsin " + std::string(kVersion) + " (revision " + std::string(kRevision) + ", " +
         __VERSION__ + ")";
}

int PrintVersion() { return Print(VersionText() + "\n"); }

}  // namespace tocsin
