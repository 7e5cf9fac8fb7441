#include "agent/commands/command_line.h"
#include "agent/commands/commands.h"

int main(int argc, char** argv) {
  const tocsin::ParsedCommandLine parsed = tocsin::ParseCommandLine(argc, argv);
  return parsed.line ? tocsin::RunCommand(*parsed.line) : parsed.exit_status;
}
