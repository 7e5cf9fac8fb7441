#include "rules/rule_file.h"

#include <set>

#include "base/file.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "metrics/names.h"
#include "rules/leak_spec.h"
#include "rules/promql/parser.h"
#include "rules/promql/printer.h"
#include "rules/rule_parse.h"

namespace tocsin {
namespace {

using TextList = std::vector<RuleText>;

/// Sets or replaces `name`.
void SetText(TextList& texts, std::string name, std::string text) {
  for (RuleText& known : texts) {
    if (known.name == name) {
      known.text = std::move(text);
      return;
    }
  }
  texts.push_back({std::move(name), std::move(text), std::nullopt});
}

/// A map of names to text, added to `out`. `kind` is "label" or "annotation".
void ReadTexts(RuleSource& source, YamlFields& fields, std::string_view key, std::string_view kind,
               TextList& out) {
  const YamlNode* node = fields.Find(key);
  if (!node) return;
  if (!node->IsMap()) {
    source.Fail(*node, "expected " + std::string(key) + " to be a map of names to text");
    return;
  }
  for (const auto& [name, value] : node->entries) {
    if (!IsLabelName(name->scalar) || name->scalar == kMetricName) {
      source.Fail(*name, "invalid " + std::string(kind) + " name \"" + name->scalar +
                             "\": expected letters, digits and _, not beginning with a digit");
      continue;
    }
    std::string text;
    if (!value->IsNull() && !source.Take(YamlString(source.file, *value), text)) continue;
    if (!IsValidUtf8(text)) {
      source.Fail(*value, "the " + std::string(kind) + " \"" + name->scalar + "\" is not UTF-8");
      continue;
    }
    SetText(out, name->scalar, std::move(text));
  }
}

/// Compiles the templates of an alert's labels or annotations.
void CompileTexts(RuleSource& source, const YamlNode& rule, std::string_view key,
                  std::string_view kind, const std::string& alert, TextList& texts) {
  for (RuleText& text : texts) {
    auto compiled = tmpl::AlertText::Parse(text.text, "__alert_" + alert);
    if (compiled) {
      text.compiled = *std::move(compiled);
      continue;
    }
    const YamlNode* map = rule.Find(key);
    const YamlNode* at = map ? map->Find(text.name) : nullptr;
    source.Fail(at ? *at : rule, "in the " + std::string(kind) + " \"" + text.name +
                                     "\" of alert \"" + alert +
                                     "\": " + compiled.error().message());
  }
}

void ReadAlert(RuleSource& source, YamlFields& fields, const std::string& what, Rule& rule) {
  ReadTexts(source, fields, "annotations", "annotation", rule.annotations);
  ReadAlertPolicy(source, fields, what, rule);
  CompileTexts(source, fields.node(), "labels", "label", rule.name, rule.labels);
  CompileTexts(source, fields.node(), "annotations", "annotation", rule.name, rule.annotations);
  if (rule.policy.plain) return;
  for (const RuleText& label : rule.labels) {
    if (label.name != "severity") continue;
    const YamlNode* labels = fields.Find("labels");
    const YamlNode* at = labels ? labels->Find("severity") : nullptr;
    source.Fail(
        at ? *at : fields.node(),
        "the severity of " + what + " is set by warning: and critical:; take the label out");
  }
}

void ReadRecording(RuleSource& source, YamlFields& fields, const std::string& what, Rule& rule) {
  for (const std::string_view key : {"for", "keep_firing_for", "annotations", "met_in", "warning",
                                     "critical", "no_data", "no_data_for", "leak", "exhaustion"}) {
    const YamlNode* value = fields.Find(key);
    // Prometheus lets `for: 0s` and empty annotations pass.
    if (!value || (value->IsMap() && value->entries.empty())) continue;
    if (key == "for" || key == "keep_firing_for") {
      const auto duration = YamlDuration(source.file, *value);
      if (duration && *duration == milliseconds(0)) continue;
    }
    source.Fail(*value, "\"" + std::string(key) + "\" belongs to alerting rules; " + what +
                            " only records");
  }
  if (!IsMetricName(rule.name)) {
    source.Fail(*fields.Find("record"), "invalid recording rule name \"" + rule.name +
                                            "\": expected a metric name, letters, digits, _ and :");
  }
}

std::shared_ptr<const Rule> ReadRule(RuleSource& source, const YamlNode& node,
                                     const TextList& group_labels) {
  if (!node.IsMap()) {
    source.Fail(node, "expected a rule as a map with record: or alert:");
    return nullptr;
  }
  const std::size_t errors_before = source.ErrorCount();
  YamlFields fields(source.file, node, "rule");
  auto rule = std::make_shared<Rule>();
  rule->line = node.line;
  rule->column = node.column;
  const YamlNode* record = fields.Find("record");
  const YamlNode* alert = fields.Find("alert");
  // Generators write the one that a rule has not as "".
  const auto empty = [](const YamlNode& name) { return name.IsScalar() && name.scalar.empty(); };
  if (record && alert && empty(*record)) record = nullptr;
  if (record && alert && empty(*alert)) alert = nullptr;
  if (record && alert) {
    source.Fail(*alert, "a rule has either record: or alert:, this one has both");
    return nullptr;
  }
  if (!record && !alert) {
    source.Note(fields.Missing("alert", "a rule needs record: or alert:"));
  } else {
    rule->kind = record ? Rule::Kind::kRecording : Rule::Kind::kAlerting;
    const YamlNode& name = record ? *record : *alert;
    if (source.Take(YamlString(source.file, name), rule->name) && rule->name.empty()) {
      source.Fail(name, "the name of the rule is empty");
    }
  }
  const std::string what =
      rule->name.empty() ? "the rule"
                         : (record ? "the recording rule \"" : "alert \"") + rule->name + "\"";
  if (auto series = alert ? ReadLeak(source, fields, what, rule->leak) : nullptr) {
    rule->expr = std::move(series);
    rule->expr_text = promql::ToString(*rule->expr);
  } else if (rule->leak) {
    // Its errors are noted.
  } else if (const YamlNode* expr = fields.Find("expr")) {
    rule->expr = ReadExpr(source, *expr, what);
    rule->expr_text = expr->scalar;
  } else {
    if (source.ErrorCount() == errors_before) {
      source.Note(fields.Missing("expr", what + " needs expr:"));
    }
  }
  rule->labels = group_labels;
  ReadTexts(source, fields, "labels", "label", rule->labels);
  if (record) {
    ReadRecording(source, fields, what, *rule);
  } else {
    ReadAlert(source, fields, what, *rule);
  }
  source.Take(fields.Finish());
  return source.ErrorCount() == errors_before ? rule : nullptr;
}

RuleGroupSpec ReadGroup(RuleSource& source, const YamlNode& node) {
  RuleGroupSpec group;
  group.file = source.file.name;
  YamlFields fields(source.file, node, "group");
  if (const YamlNode* name = fields.Find("name")) {
    if (source.Take(YamlString(source.file, *name), group.name) && group.name.empty()) {
      source.Fail(*name, "the name of the group is empty");
    }
  } else {
    source.Note(fields.Missing("name", "a group needs name:"));
  }
  if (const YamlNode* interval = fields.Find("interval")) {
    milliseconds value{0};
    // 0 is "not given", as in Prometheus.
    if (source.Take(YamlDuration(source.file, *interval), value) && value.count() > 0) {
      group.interval = value;
    }
  }
  if (const YamlNode* offset = fields.Find("query_offset")) {
    source.Take(YamlDuration(source.file, *offset), group.query_offset);
  }
  if (const YamlNode* limit = fields.Find("limit")) {
    std::int64_t value = 0;
    // Prometheus takes a negative limit for none.
    if (source.Take(YamlInt(source.file, *limit), value) && value > 0) {
      group.limit = static_cast<std::uint64_t>(value);
    }
  }
  TextList labels;
  ReadTexts(source, fields, "labels", "label", labels);
  const YamlNode* rules = fields.Find("rules");
  if (rules && !rules->IsSequence()) {
    source.Fail(*rules, "expected rules to be a list");
  } else if (rules) {
    for (const YamlNode::Ptr& rule : rules->items) {
      if (auto read = ReadRule(source, *rule, labels)) group.rules.push_back(std::move(read));
    }
  }
  source.Take(fields.Finish());
  return group;
}

}  // namespace

std::vector<const promql::Expr*> Rule::Exprs() const {
  std::vector<const promql::Expr*> exprs{expr.get()};
  const auto add = [&](const promql::ExprPtr& one) {
    if (one) exprs.push_back(one.get());
  };
  if (!leak) return exprs;
  add(leak->limit);
  add(leak->total);
  add(leak->work);
  add(leak->restart);
  for (const LeakSpec::Beside& beside : leak->beside) add(beside.expr);
  return exprs;
}

std::string Rule::Key() const {
  std::string key = IsAlerting() ? "alert " : "record ";
  key += name;
  for (const RuleText& label : labels)
    key.append("\n").append(label.name).append("=").append(label.text);
  // One alert whose severities were taken away or given is another alert to whoever is told.
  if (HasThresholds()) key += "\nlevels";
  return key;
}

RuleFile ParseRuleFile(std::string_view text, const std::string& name) {
  RuleFile result;
  auto yaml = ParseYaml(text, name);
  if (!yaml) {
    result.errors.push_back(std::move(yaml).error());
    return result;
  }
  RuleSource source{*std::move(yaml), text};
  source.file.errors = std::make_shared<YamlErrors>();
  YamlFields fields(source.file, *source.file.root, "a rule file");
  const YamlNode* groups = source.file.root->IsMap() ? fields.Find("groups") : nullptr;
  if (groups && !groups->IsSequence()) {
    source.Fail(*groups, "expected groups to be a list");
  } else if (groups) {
    std::set<std::string> names;
    for (const YamlNode::Ptr& node : groups->items) {
      RuleGroupSpec group = ReadGroup(source, *node);
      if (!group.name.empty() && !names.insert(group.name).second) {
        source.Fail(*node, "the group \"" + group.name + "\" stands twice in this file");
      }
      result.groups.push_back(std::move(group));
    }
  }
  source.Take(fields.Finish());
  result.errors = InFileOrder(std::move(source.file.errors->found));
  return result;
}

RuleFile LoadRuleFile(const std::string& path) {
  const auto text = ReadWholeFile(path, YamlBudget{}.max_bytes);
  if (text) return ParseRuleFile(*text, path);
  RuleFile failed;
  failed.errors.push_back(text.error());
  return failed;
}

}  // namespace tocsin
