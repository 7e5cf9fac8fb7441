#pragma once
// The templates that name process groups: a Go template's text with fields of the process in it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// What a rule may look at to choose and name a process. Views of whoever read it.
struct ProcessIdentity {
  std::uint32_t pid = 0;
  std::string_view comm;
  std::span<const std::string_view> arguments;
  std::string_view username;
  std::span<const std::string_view> cgroups;  // paths, one a hierarchy
  double start_seconds = 0;                   // since the Unix epoch

  /// The first argument, or the comm of a process without any.
  std::string_view ExeFull() const { return arguments.empty() ? comm : arguments[0]; }
  std::string_view ExeBase() const;
};

/// The last part of a path, as Go's filepath.Base: "." for nothing, "/" for slashes alone.
std::string_view BaseName(std::string_view path);

/// Named captures of a regular expression: name and text.
using NameCaptures = std::vector<std::pair<std::string_view, std::string_view>>;

/// Immutable.
class NameTemplate {
 public:
  /// Text with {{.Comm}} {{.ExeBase}} {{.ExeFull}} {{.Username}} {{.PID}} {{.StartTime}}
  /// {{.Matches.NAME}} {{index .Matches "NAME"}} {{.Cgroups}} {{index .Cgroups N}}; "{{-" and "-}}"
  /// trim blanks outside. Errors: kInvalid, saying which part is not understood.
  static Result<NameTemplate> Parse(std::string_view text);

  /// Appends the name. As in Go, a capture that is not there is "<no value>", or nothing by index.
  void Expand(const ProcessIdentity& process, const NameCaptures& captures, std::string& out) const;

  bool uses_username() const { return Uses(Field::kUsername); }
  bool uses_cgroups() const { return Uses(Field::kCgroups) || Uses(Field::kCgroup); }

 private:
  enum class Field : std::uint8_t {
    kText,
    kComm,
    kExeBase,
    kExeFull,
    kUsername,
    kPid,
    kStartTime,
    kMatch,         // `text` is the capture's name
    kIndexedMatch,  // likewise, by index
    kCgroups,       // all of them
    kCgroup,        // the one at `index`
  };
  struct Part {
    Field field;
    std::string text;
    std::size_t index = 0;
  };

  static Result<Part> ParseAction(std::string_view action);
  bool Uses(Field field) const;

  std::vector<Part> parts_;
};

}  // namespace tocsin
