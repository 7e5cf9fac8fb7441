#include "collectors/plugin/program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace tocsin::plugin {
namespace {

/// What a program sees of PATH, whatever the agent was started with.
constexpr std::string_view kPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

Error Refused(const std::string& path, std::string_view why) {
  return Error{Errc::kInvalid, path + " is refused: " + std::string(why)};
}

Status CheckOwned(const std::string& path, const struct stat& status) {
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return Refused(path, "it belongs to user " + std::to_string(status.st_uid) +
                             ", neither to root nor to the agent's user");
  }
  const bool sticky_folder = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
  if ((status.st_mode & S_IWOTH) != 0 && !sticky_folder) {
    return Refused(path, "everybody may write to it (chmod o-w)");
  }
  return Unit{};
}

Result<struct stat> StatOf(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return Error{Errc::kIo, path + ": " + std::strerror(errno)};
  }
  return status;
}

}  // namespace

Result<Program> ReadProgram(YamlFields& fields) {
  Program program;
  TRY_ASSIGN(program.path, fields.ReadRequired("command", YamlString));
  if (!program.path.starts_with('/')) {
    return fields.file().At(*fields.Find("command"),
                            "command must be an absolute path: no PATH is searched and no shell is "
                            "run (arguments are in args)");
  }
  TRY_ASSIGN(program.arguments, fields.Read("args", YamlStrings, std::vector<std::string>{}));
  program.environment.emplace_back(kPath);
  if (const YamlNode* env = fields.Find("env")) {
    if (!env->IsMap()) return fields.file().At(*env, "expected a map of variables to values");
    for (const auto& [name, node] : env->entries) {
      TRY_ASSIGN(const std::string value, YamlString(fields.file(), *node));
      if (name->scalar.empty() || name->scalar.find('=') != std::string::npos) {
        return fields.file().At(*name, "\"" + name->scalar + "\" is no name of a variable");
      }
      if (name->scalar == "PATH") program.environment.front().clear();
      program.environment.push_back(name->scalar + "=" + value);
    }
  }
  std::erase(program.environment, "");
  for (const auto* texts : {&program.arguments, &program.environment}) {
    for (const std::string& text : *texts) {
      if (text.find('\0') != std::string::npos) {
        return fields.file().At(fields.node(), "a NUL byte cannot be handed to a program");
      }
    }
  }
  return program;
}

Status CheckProgram(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), &std::free);
  if (!real) return Error{Errc::kIo, path + ": " + std::strerror(errno)};
  std::string at = real.get();
  TRY_ASSIGN(const struct stat file, StatOf(at));
  if (!S_ISREG(file.st_mode)) return Refused(at, "it is no regular file");
  TRY(CheckOwned(at, file));
  if (::access(at.c_str(), X_OK) != 0) return Refused(at, "it is not executable");
  while (at != "/") {
    const auto slash = at.rfind('/');
    at = slash == 0 ? "/" : at.substr(0, slash);
    TRY_ASSIGN(const struct stat folder, StatOf(at));
    TRY(CheckOwned(at, folder));
  }
  return Unit{};
}

}  // namespace tocsin::plugin
