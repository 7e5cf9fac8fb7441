#include "collectors/plugin/relabel.h"

#include <re2/re2.h>

#include <algorithm>

#include "metrics/regex.h"

namespace tocsin::plugin {
namespace {

std::string_view ValueOf(std::string_view label, std::string_view name,
                         const std::vector<LabelView>& labels) {
  if (label == kMetricName) return name;
  const auto found = std::find_if(labels.begin(), labels.end(),
                                  [&](const LabelView& view) { return view.name == label; });
  return found == labels.end() ? std::string_view() : found->value;
}

bool Matches(const re2::RE2& regex, std::string_view text) {
  return re2::RE2::FullMatch({text.data(), text.size()}, regex);
}

}  // namespace

Result<RelabelRules::Rule> RelabelRules::ReadRule(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "relabelling rule");
  Rule rule;
  TRY_ASSIGN(rule.source_labels,
             fields.Read("source_labels", YamlStrings, std::vector<std::string>{}));
  TRY_ASSIGN(rule.separator, fields.Read("separator", YamlString, ";"));
  TRY_ASSIGN(const std::string pattern, fields.Read("regex", YamlString, "(.*)"));
  TRY_ASSIGN(const std::string action, fields.Read("action", YamlString, "replace"));
  if (action == "keep") {
    rule.action = Action::kKeep;
  } else if (action == "drop") {
    rule.action = Action::kDrop;
  } else if (action == "labelkeep") {
    rule.action = Action::kLabelKeep;
  } else if (action == "labeldrop") {
    rule.action = Action::kLabelDrop;
  } else {
    return file.At(node, "the action is keep, drop, labelkeep or labeldrop, not \"" + action +
                             "\": what rewrites labels belongs into the Prometheus that asks");
  }
  TRY(fields.Finish());
  rule.regex = CompileRegex("^(?:" + pattern + ")$");
  if (!rule.regex->ok()) return file.At(*node.Find("regex"), "bad regex: " + rule.regex->error());
  return rule;
}

Result<RelabelRules> RelabelRules::Read(const YamlFile& file, const YamlNode& node) {
  if (!node.IsSequence()) return file.At(node, "expected a list of relabelling rules");
  RelabelRules rules;
  TRY(ReadItems(file, node, [&](const YamlNode& item) -> Status {
    TRY_ASSIGN(Rule rule, ReadRule(file, item));
    rules.rules_.push_back(std::move(rule));
    return Unit{};
  }));
  return rules;
}

bool RelabelRules::Apply(std::string_view name, std::vector<LabelView>& labels) const {
  std::string joined;
  for (const Rule& rule : rules_) {
    if (rule.action == Action::kLabelKeep || rule.action == Action::kLabelDrop) {
      const bool goes_if = rule.action == Action::kLabelDrop;
      std::erase_if(labels, [&](const LabelView& label) {
        return Matches(*rule.regex, label.name) == goes_if;
      });
      continue;
    }
    joined.clear();
    for (const std::string& label : rule.source_labels) {
      if (&label != rule.source_labels.data()) joined += rule.separator;
      joined += ValueOf(label, name, labels);
    }
    if (Matches(*rule.regex, joined) != (rule.action == Action::kKeep)) return false;
  }
  return true;
}

}  // namespace tocsin::plugin
