#include "rules/export.h"

#include <algorithm>
#include <set>

#include "base/format.h"
#include "base/json.h"
#include "base/parse.h"
#include "rules/promql/functions/catalog.h"
#include "rules/promql/printer.h"
#include "rules/promql/quote.h"

namespace tocsin {
namespace {

/// A scalar for YAML: in single quotes, or as JSON (which is YAML) where it has line breaks or
/// control characters.
std::string YamlText(std::string_view text) {
  const bool simple = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  std::string out;
  if (!simple) {
    JsonWriter(out).String(text);
    return out;
  }
  out = "'";
  for (const char c : text) {
    out += c;
    if (c == '\'') out += '\'';
  }
  return out + "'";
}

std::string Parenthesized(const promql::Expr& expr) {
  const std::string text = promql::ToString(expr);
  // Others do not let two scalars be compared in a rule.
  if (expr.type == promql::ValueType::kScalar) return "vector(" + text + ")";
  const bool loose =
      expr.kind == promql::NodeKind::kBinary || expr.kind == promql::NodeKind::kUnary;
  return loose ? "(" + text + ")" : text;
}

/// The regular expression of nothing but `text`.
std::string RegexOf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// The number as PromQL reads it.
std::string Number(double value) { return FormatGoFloat(value); }

/// The plain condition of one severity.
std::string LevelExpr(const Rule& rule, std::size_t level, milliseconds interval) {
  const Threshold& threshold = *rule.thresholds[level];
  const LevelPolicy& policy = *rule.policy.levels[level];
  const bool above = threshold.side == Threshold::Side::kAbove;
  // The detector runs in the agents: a ruler reads what they say.
  const std::string value =
      rule.leak
          ? "tocsin_leak_exhaustion_seconds{bound=\"mid\",rule=" + promql::GoQuoted(rule.name) + "}"
          : Parenthesized(*rule.expr);
  const std::string limit = (above ? " > " : " < ") + Number(threshold.limit);
  std::string expr = value + limit;
  if (policy.of > 1) {
    // A subquery of M steps holds the last M evaluations.
    const std::string step = FormatDuration(interval);
    const std::string range = FormatDuration(interval * policy.of);
    expr = value + " and sum_over_time((" + value + (above ? " > bool " : " < bool ") +
           Number(threshold.limit) + ")[" + range + ":" + step +
           "]) >= " + std::to_string(policy.met);
  }
  if (threshold.resolve == threshold.limit) return expr;
  // Once it fires it goes on until beyond the resolve threshold.
  std::string not_of_series = "alertname, alertstate, severity";
  for (const RuleText& label : rule.labels) not_of_series += ", " + label.name;
  return expr + " or (" + value + (above ? " >= " : " <= ") + Number(threshold.resolve) +
         ") and ignoring (" + not_of_series + ") ALERTS{alertname=" + promql::GoQuoted(rule.name) +
         ",alertstate=\"firing\",severity=\"" + (level == kHighLevel ? "critical" : "warning") +
         "\"}";
}

void WriteTexts(std::string_view key, const std::vector<RuleText>& texts, std::string_view severity,
                std::string& out) {
  if (texts.empty() && severity.empty()) return;
  out.append("        ").append(key).append(":\n");
  for (const RuleText& text : texts) {
    out.append("          ")
        .append(text.name)
        .append(": ")
        .append(YamlText(text.text))
        .append("\n");
  }
  if (!severity.empty()) out.append("          severity: ").append(severity).append("\n");
}

void WriteDuration(std::string_view key, milliseconds duration, std::string& out) {
  if (duration.count() > 0) {
    out.append("        ").append(key).append(": ").append(FormatDuration(duration)).append("\n");
  }
}

void WriteAlert(const Rule& rule, const std::string& expr, const LevelPolicy& policy,
                std::string_view severity, std::string& out) {
  out += "      - alert: " + YamlText(rule.name) + "\n        expr: " + YamlText(expr) + "\n";
  WriteDuration("for", policy.hold_for, out);
  WriteDuration("keep_firing_for", policy.keep_firing_for, out);
  WriteTexts("labels", rule.labels, severity, out);
  WriteTexts("annotations", rule.annotations, "", out);
}

void WriteComments(const Rule& rule, std::string& out) {
  if (rule.policy.no_data == NoData::kKeep) {
    out +=
        "      # no_data: keep cannot be said here: a series that vanishes resolves its alert.\n";
  }
  if (rule.policy.no_data == NoData::kAlert) {
    out += "      # no_data: alert cannot be said here: add a rule over absent() for the series.\n";
  }
  if (rule.leak) {
    out += "      # What the agents' leak detectors found; each explains itself in tocsin leaks.\n";
  }
  if (rule.policy.plain && rule.policy.levels[kLowLevel]->of > 1) {
    out += "      # met_in of a plain rule cannot be said here.\n";
  }
}

/// The name of a function in `expr` that only Tocsin has; empty if there is none.
std::string_view ExtensionIn(const promql::Expr& expr) {
  if (expr.kind == promql::NodeKind::kCall) {
    const promql::FunctionSpec& function = promql::As<promql::CallExpr>(expr).function;
    if (function.extension) return function.name;
  }
  for (const promql::Expr* child : promql::Children(expr)) {
    if (const std::string_view name = ExtensionIn(*child); !name.empty()) return name;
  }
  return {};
}

void WriteRule(const Rule& rule, milliseconds interval, std::string& out) {
  const std::string_view extension = rule.leak ? std::string_view{} : ExtensionIn(*rule.expr);
  if (!extension.empty()) {
    out += "      # " + YamlText(rule.name) + " is left out: no other engine knows " +
           std::string(extension) + "().\n";
    return;
  }
  if (!rule.IsAlerting()) {
    out += "      - record: " + YamlText(rule.name) +
           "\n        expr: " + YamlText(promql::ToString(*rule.expr)) + "\n";
    WriteTexts("labels", rule.labels, "", out);
    return;
  }
  WriteComments(rule, out);
  if (!rule.HasThresholds()) {
    WriteAlert(rule, promql::ToString(*rule.expr), *rule.policy.levels[kLowLevel], "", out);
    return;
  }
  for (const std::size_t level : {kLowLevel, kHighLevel}) {
    if (!rule.thresholds[level]) continue;
    WriteAlert(rule, LevelExpr(rule, level, interval), *rule.policy.levels[level],
               level == kHighLevel ? "critical" : "warning", out);
  }
}

/// The labels that the series of an alert may differ by, as far as its expression names them.
void AddIdentifyingLabels(const promql::Expr& expr, std::set<std::string>& labels) {
  if (expr.kind == promql::NodeKind::kAggregate) {
    const auto& aggregate = promql::As<promql::AggregateExpr>(expr);
    if (!aggregate.without) labels.insert(aggregate.grouping.begin(), aggregate.grouping.end());
  }
  if (expr.kind == promql::NodeKind::kBinary) {
    const auto& matching = promql::As<promql::BinaryExpr>(expr).matching;
    if (matching && matching->on) labels.insert(matching->labels.begin(), matching->labels.end());
  }
  for (const promql::VectorSelector* selector : promql::Selectors(expr)) {
    for (const Matcher& matcher : selector->matchers) labels.insert(matcher.name());
  }
  for (const promql::Expr* child : promql::Children(expr)) AddIdentifyingLabels(*child, labels);
}

}  // namespace

PrometheusRules ExportPrometheus(std::span<const RuleGroupSpec> groups,
                                 milliseconds evaluation_interval) {
  PrometheusRules out;
  out.rules = "groups:\n";
  std::set<std::string> names;
  // An absent label is equal to an absent label, so more of them do no harm.
  std::set<std::string> labels{"alertname", "instance", "job",       "device", "mountpoint",
                               "service",   "queue",    "collector", "cache"};
  for (const RuleGroupSpec& group : groups) {
    out.rules += "  - name: " + YamlText(group.name) + "\n";
    if (group.interval) out.rules += "    interval: " + FormatDuration(*group.interval) + "\n";
    if (group.limit > 0) out.rules += "    limit: " + std::to_string(group.limit) + "\n";
    if (group.query_offset) {
      out.rules += "    query_offset: " + FormatDuration(*group.query_offset) + "\n";
    }
    out.rules += group.rules.empty() ? "    rules: []\n" : "    rules:\n";
    const milliseconds interval = group.interval.value_or(evaluation_interval);
    for (const auto& rule : group.rules) {
      WriteRule(*rule, interval, out.rules);
      if (!rule->thresholds[kLowLevel] || !rule->thresholds[kHighLevel]) continue;
      names.insert(rule->name);
      AddIdentifyingLabels(*rule->expr, labels);
    }
  }
  if (names.empty()) return out;
  labels.erase(std::string(kMetricName));
  labels.erase("severity");
  std::string any;
  for (const std::string& name : names) any += (any.empty() ? "" : "|") + RegexOf(name);
  std::string equal;
  for (const std::string& label : labels) equal += (equal.empty() ? "" : ", ") + label;
  out.inhibition =
      "inhibit_rules:\n"
      "  # A critical alert silences its own warning.\n"
      "  - source_matchers: [" +
      YamlText("alertname=~" + promql::GoQuoted(any)) +
      ", 'severity=\"critical\"']\n"
      "    target_matchers: ['severity=\"warning\"']\n"
      "    equal: [" +
      equal + "]\n";
  return out;
}

}  // namespace tocsin
