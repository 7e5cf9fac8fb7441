#include <re2/re2.h>

#include <array>

#include "base/ascii.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "metrics/names.h"
#include "metrics/regex.h"
#include "rules/promql/evaluator.h"
#include "rules/promql/functions/families.h"
#include "rules/promql/parser.h"

namespace tocsin::promql::labels {
namespace {

const std::string& StringArg(const CallExpr& call, std::size_t i) {
  return As<StringLiteral>(Unparenthesized(*call.args[i])).value;
}

bool IsLabelName(std::string_view name, const QueryContext& context) {
  return context.v2() ? tocsin::IsLabelName(name) : !name.empty() && IsValidUtf8(name);
}

Labels WithLabel(const Labels& labels, std::string_view name, std::string_view value) {
  return value.empty() ? labels.Without(name) : labels.With(name, value);
}

/// A replacement as Go's Regexp.Expand reads it, taken apart once: text, and groups by number.
class Template {
 public:
  Template(std::string_view text, const re2::RE2& regex) {
    const auto& names = regex.NamedCapturingGroups();
    while (!text.empty()) {
      const auto dollar = text.find('$');
      AddText(text.substr(0, dollar));
      if (dollar == std::string_view::npos) return;
      text.remove_prefix(dollar + 1);
      if (text.starts_with('$')) {
        AddText("$");
        text.remove_prefix(1);
        continue;
      }
      const std::string_view name = TakeName(text);
      if (name.empty()) {
        AddText("$");
      } else if (const auto number = GroupNumber(name)) {
        if (*number <= regex.NumberOfCapturingGroups()) parts_.push_back({{}, *number});
      } else if (const auto named = names.find(std::string(name)); named != names.end()) {
        parts_.push_back({{}, named->second});
      }
    }
  }

  std::string Expand(const std::vector<re2::StringPiece>& groups) const {
    std::string out;
    for (const Part& part : parts_) {
      if (part.group < 0) {
        out += part.text;
      } else {
        const re2::StringPiece& group = groups[static_cast<std::size_t>(part.group)];
        out.append(group.data() ? group.data() : "", group.size());
      }
    }
    return out;
  }

 private:
  struct Part {
    std::string text;
    int group;  // -1: text
  };

  void AddText(std::string_view text) {
    if (!text.empty()) parts_.push_back({std::string(text), -1});
  }

  /// Takes `name` or `{name}` off the front; empty, and nothing taken, if neither is there.
  static std::string_view TakeName(std::string_view& text) {
    const bool braced = text.starts_with('{');
    const std::size_t start = braced ? 1 : 0;
    std::size_t end = start;
    while (end < text.size() && IsWordChar(text[end])) ++end;
    const std::string_view name = text.substr(start, end - start);
    if (name.empty() || (braced && (end == text.size() || text[end] != '}'))) return {};
    text.remove_prefix(braced ? end + 1 : end);
    return name;
  }

  static std::optional<int> GroupNumber(std::string_view name) {
    if (name.size() > 8 || (name.size() > 1 && name.front() == '0')) return std::nullopt;
    return ParseInt<int>(name);
  }

  std::vector<Part> parts_;
};

}  // namespace

Status Replace(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  const std::string& destination = StringArg(call, 1);
  const std::string& replacement = StringArg(call, 2);
  const std::string& source = StringArg(call, 3);
  const std::string& pattern = StringArg(call, 4);
  const auto compiled =
      CompileRegex(pattern, {.dot = evaluator.context().v2() ? DotNewline::kNo : DotNewline::kYes});
  const re2::RE2& regex = *compiled;
  if (!regex.ok()) {
    return ExecutionError("invalid regular expression in label_replace(): " + pattern);
  }
  if (!IsLabelName(destination, evaluator.context())) {
    return ExecutionError("invalid destination label name in label_replace(): " + destination);
  }
  const Template expansion(replacement, regex);
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) +
                                       1);
  return evaluator.Merged(kMergeApart, sink, [&](SeriesSink out) -> Status {
    return evaluator.Vector(*call.args[0], [&](StepSeries& series) -> Status {
      const std::string_view value = series.labels.Get(source);
      if (regex.Match(re2::StringPiece(value.data(), value.size()), 0, value.size(),
                      re2::RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size()))) {
        series.labels = WithLabel(series.labels, destination, expansion.Expand(groups));
      }
      return out(series);
    });
  });
}

Status Join(const CallExpr& call, Evaluator& evaluator, SeriesSink sink) {
  const std::string& destination = StringArg(call, 1);
  const std::string& separator = StringArg(call, 2);
  for (std::size_t i = 3; i < call.args.size(); ++i) {
    if (!IsLabelName(StringArg(call, i), evaluator.context())) {
      return ExecutionError("invalid source label name in label_join(): " + StringArg(call, i));
    }
  }
  if (!IsLabelName(destination, evaluator.context())) {
    return ExecutionError("invalid destination label name in label_join(): " + destination);
  }
  return evaluator.Merged(kMergeApart, sink, [&](SeriesSink out) -> Status {
    return evaluator.Vector(*call.args[0], [&](StepSeries& series) -> Status {
      std::string joined;
      for (std::size_t i = 3; i < call.args.size(); ++i) {
        if (i > 3) joined += separator;
        joined += series.labels.Get(StringArg(call, i));
      }
      series.labels = WithLabel(series.labels, destination, joined);
      return out(series);
    });
  });
}

}  // namespace tocsin::promql::labels
