#pragma once
// The programs that exec and plugin run: how they are configured, and which are refused.

#include <string>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"

namespace tocsin::plugin {

struct Program {
  std::string path;  // absolute
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  // "NAME=value": all that it gets
};

/// Reads `command` (an absolute path), `args` and `env` (a map over a fixed PATH). Errors: kInvalid
/// with position.
Result<Program> ReadProgram(YamlFields& fields);

/// Whether nobody but root and this process's user can have put the program there or change it:
/// they own it and every folder above it, others may write to neither (a sticky folder such as /tmp
/// counts as safe). Errors: kInvalid, saying what to change; kIo if it is not there.
Status CheckProgram(const std::string& path);

}  // namespace tocsin::plugin
