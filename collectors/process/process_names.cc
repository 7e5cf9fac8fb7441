#include "collectors/process/process_names.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "metrics/regex.h"

namespace tocsin {
namespace {

/// More captures than this in one expression are refused.
constexpr int kMaxCaptures = 32;

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }
std::string_view View(re2::StringPiece piece) { return {piece.data(), piece.size()}; }

Result<std::shared_ptr<const re2::RE2>> CompileCommandLine(const YamlFile& file,
                                                           const YamlNode& node) {
  TRY_ASSIGN(const std::string pattern, YamlString(file, node));
  std::shared_ptr<const re2::RE2> regex = CompileRegex(pattern, {.max_memory = 8 << 20});
  if (!regex->ok()) return file.At(node, "bad regular expression: " + regex->error());
  if (regex->NumberOfCapturingGroups() > kMaxCaptures) {
    return file.At(node, "at most " + std::to_string(kMaxCaptures) + " groups");
  }
  return regex;
}

/// False if the expression does not fit; otherwise adds its named captures.
bool Capture(const re2::RE2& regex, std::string_view text, NameCaptures& captures) {
  std::array<re2::StringPiece, kMaxCaptures + 1> groups;
  const int count = regex.NumberOfCapturingGroups() + 1;
  if (!regex.Match(Piece(text), 0, text.size(), re2::RE2::UNANCHORED, groups.data(), count)) {
    return false;
  }
  for (const auto& [index, name] : regex.CapturingGroupNames()) {
    captures.emplace_back(name, View(groups[static_cast<std::size_t>(index)]));
  }
  return true;
}

}  // namespace

Result<ProcessNameRule> ProcessNameRule::Read(const YamlFile& file, const YamlNode& node) {
  ProcessNameRule rule;
  YamlFields fields(file, node, "process_names entry");
  const YamlNode* name = fields.Find("name");
  TRY_ASSIGN(std::string text, fields.Read("name", YamlString, std::string()));
  if (text.empty()) text = "{{.ExeBase}}";
  auto parsed = NameTemplate::Parse(text);
  if (!parsed) return file.At(name ? *name : node, parsed.error().message());
  rule.template_ = *std::move(parsed);
  if (const YamlNode* comms = fields.Find("comm")) {
    TRY_ASSIGN(rule.comms_, YamlStrings(file, *comms));
  }
  if (const YamlNode* exes = fields.Find("exe")) {
    TRY_ASSIGN(const std::vector<std::string> paths, YamlStrings(file, *exes));
    rule.exes_.emplace();
    for (const std::string& path : paths) {
      const bool full = path.find('/') != std::string::npos;
      rule.exes_->push_back({std::string(BaseName(path)), full ? path : std::string()});
    }
  }
  const YamlNode* lines = fields.Find("cmdline");
  if (lines) {
    if (!lines->IsSequence()) return file.At(*lines, "cmdline: expected a list of expressions");
    for (const auto& line : lines->items) {
      TRY_ASSIGN(auto regex, CompileCommandLine(file, *line));
      rule.command_lines_.push_back(std::move(regex));
    }
  }
  TRY(fields.Finish());
  if (!rule.comms_ && !rule.exes_ && !lines) {
    return file.At(node, "expected at least one of comm, exe, cmdline");
  }
  return rule;
}

bool ProcessNameRule::MatchesExe(const ProcessIdentity& process) const {
  if (process.arguments.empty()) return false;
  const std::string_view base = process.ExeBase();
  // Of two with the same last part the later one counts.
  const auto exe = std::find_if(exes_->rbegin(), exes_->rend(),
                                [&](const Exe& one) { return one.base == base; });
  return exe != exes_->rend() && (exe->path.empty() || exe->path == process.ExeFull());
}

std::optional<std::string> ProcessNameRule::Name(const ProcessIdentity& process,
                                                 std::string_view command_line) const {
  if (comms_ && std::find(comms_->begin(), comms_->end(), process.comm) == comms_->end()) {
    return std::nullopt;
  }
  if (exes_ && !MatchesExe(process)) return std::nullopt;
  NameCaptures captures;
  for (const auto& regex : command_lines_) {
    if (!Capture(*regex, command_line, captures)) return std::nullopt;
  }
  std::string name;
  template_.Expand(process, captures, name);
  return name;
}

Result<ProcessNames> ProcessNames::Read(const YamlFile& file, const YamlNode& sequence) {
  if (!sequence.IsSequence()) return file.At(sequence, "process_names: expected a list");
  ProcessNames names;
  TRY(ReadItems(file, sequence, [&](const YamlNode& item) -> Status {
    TRY_ASSIGN(ProcessNameRule rule, ProcessNameRule::Read(file, item));
    names.uses_username_ = names.uses_username_ || rule.name_template().uses_username();
    names.uses_cgroups_ = names.uses_cgroups_ || rule.name_template().uses_cgroups();
    names.rules_.push_back(std::move(rule));
    return Unit{};
  }));
  return names;
}

Result<ProcessNames> ProcessNames::ReadFile(const YamlFile& parent, const std::string& path) {
  TRY_ASSIGN(const YamlFile file, ReadYamlFileOf(parent, path));
  YamlFields fields(file, *file.root, "process-exporter configuration");
  TRY_ASSIGN(const YamlNode* sequence, fields.Require("process_names"));
  TRY_ASSIGN(ProcessNames names, Read(file, *sequence));
  TRY(fields.Finish());
  return names;
}

ProcessNames ProcessNames::Default() {
  const auto file = ParseYaml("[{name: '{{.Comm}}', cmdline: ['.+']}]", "default process_names");
  assert(file.ok());
  auto names = Read(*file, *file->root);
  assert(names.ok());
  return *std::move(names);
}

std::optional<std::string> ProcessNames::Name(const ProcessIdentity& process) const {
  std::string command_line;
  for (std::size_t i = 0; i < process.arguments.size(); ++i) {
    if (i > 0) command_line += ' ';
    command_line += process.arguments[i];
  }
  for (const ProcessNameRule& rule : rules_) {
    if (auto name = rule.Name(process, command_line)) return name;
  }
  return std::nullopt;
}

}  // namespace tocsin
