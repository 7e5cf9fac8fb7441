#pragma once
// Which processes are watched and by what name: process-exporter's `process_names`.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "collectors/process/name_template.h"

namespace re2 {
class RE2;
}

namespace tocsin {

/// One entry of process_names: all its conditions hold, then the template gives the name.
class ProcessNameRule {
 public:
  /// Errors: kInvalid with position.
  static Result<ProcessNameRule> Read(const YamlFile& file, const YamlNode& node);

  /// The group's name, or nothing if the process is not meant. `command_line` is the arguments
  /// joined by blanks.
  std::optional<std::string> Name(const ProcessIdentity& process,
                                  std::string_view command_line) const;
  const NameTemplate& name_template() const { return template_; }

 private:
  struct Exe {
    std::string base;
    std::string path;  // empty: any folder
  };

  bool MatchesExe(const ProcessIdentity& process) const;

  // An absent list is no condition.
  std::optional<std::vector<std::string>> comms_;
  std::optional<std::vector<Exe>> exes_;
  std::vector<std::shared_ptr<const re2::RE2>> command_lines_;
  NameTemplate template_;
};

/// The rules in their order; the first that fits names the process. Immutable.
class ProcessNames {
 public:
  /// Reads the sequence `process_names`. Errors: kInvalid with position.
  static Result<ProcessNames> Read(const YamlFile& file, const YamlNode& sequence);
  /// A process-exporter configuration file that `parent` names: a map with the key process_names.
  /// Errors besides: kIo, kMalformed.
  static Result<ProcessNames> ReadFile(const YamlFile& parent, const std::string& path);
  /// Every process that has arguments, by its comm.
  static ProcessNames Default();

  std::optional<std::string> Name(const ProcessIdentity& process) const;
  bool uses_username() const { return uses_username_; }
  bool uses_cgroups() const { return uses_cgroups_; }

 private:
  std::vector<ProcessNameRule> rules_;
  bool uses_username_ = false;
  bool uses_cgroups_ = false;
};

}  // namespace tocsin
