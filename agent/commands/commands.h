#pragma once
// What each command of the binary does. All print to standard output, errors to standard error,
// and return the exit status: 0, 1 when what was asked for failed, 2 when it was asked wrongly.

#include <string>

#include "agent/commands/command_line.h"

namespace tocsin {

int RunCommand(const CommandLine& line);

int RunAgent(const CommandLine& line);
int CheckConfiguration(const CommandLine& line);
int CollectOnce(const CommandLine& line);
int PrintVersion();
/// "tocsin 1.2.3 (revision abc, 12.2.0)".
std::string VersionText();

}  // namespace tocsin
