#include "agent/api/rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "agent/api/envelope.h"
#include "base/format.h"
#include "base/json.h"
#include "base/time_text.h"
#include "metrics/labels_json.h"

namespace tocsin::api {
namespace {

/// Go's zero time stands for never.
std::string TimeOrNever(WallTime time) {
  return time == WallTime{} ? "0001-01-01T00:00:00Z" : Rfc3339(time);
}

/// strconv.FormatFloat(v, 'e', -1, 64): "1e+00".
std::string FormatExponent(double value) {
  if (!std::isfinite(value)) return FormatGoFloat(value);
  std::array<char, 40> text;
  const auto [end, ec] =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  return {text.data(), end};
}

void WriteAlert(JsonWriter& json, const AlertView& alert) {
  json.BeginObject().Key("labels");
  WriteLabels(alert.labels, json);
  json.Key("annotations");
  WriteLabels(alert.annotations, json);
  json.Key("state").String(AlertStateText(alert.state));
  json.Key("activeAt").String(Rfc3339(alert.active_at));
  if (alert.keep_firing_since) {
    json.Key("keepFiringSince").String(Rfc3339(*alert.keep_firing_since));
  }
  json.Key("value").String(FormatExponent(alert.value));
  if (alert.no_data) json.Key("noData").Bool(true);
  json.EndObject();
}

struct Filters {
  bool alerting = true;
  bool recording = true;
  bool with_alerts = true;
  std::vector<std::string_view> names;
  std::vector<std::string_view> groups;
  std::vector<std::string_view> files;
};

bool Admits(const std::vector<std::string_view>& wanted, std::string_view name) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
}

bool Admits(const Filters& filters, const RuleView& rule) {
  return (rule.alerting ? filters.alerting : filters.recording) && Admits(filters.names, rule.name);
}

void WriteAlertingPart(JsonWriter& json, const RuleView& rule, const Filters& filters) {
  json.Key("state").String(AlertStateText(rule.state));
  json.Key("duration").Double(ToSeconds(rule.hold_for));
  json.Key("keepFiringFor").Double(ToSeconds(rule.keep_firing_for));
  json.Key("annotations");
  WriteLabels(rule.annotations, json);
  json.Key("alerts").BeginArray();
  if (filters.with_alerts) {
    for (const AlertView& alert : rule.alerts) WriteAlert(json, alert);
  }
  json.EndArray();
  if (!rule.warning.empty()) json.Key("warning").String(rule.warning);
  if (!rule.critical.empty()) json.Key("critical").String(rule.critical);
}

void WriteRule(JsonWriter& json, const RuleView& rule, const Filters& filters) {
  json.BeginObject().Key("name").String(rule.name).Key("query").String(rule.query);
  if (rule.alerting || !rule.labels.empty()) {
    json.Key("labels");
    WriteLabels(rule.labels, json);
  }
  if (rule.alerting) WriteAlertingPart(json, rule, filters);
  json.Key("health").String(RuleHealthText(rule.health));
  if (!rule.last_error.empty()) json.Key("lastError").String(rule.last_error);
  json.Key("evaluationTime").Double(ToSeconds(rule.evaluation_time));
  json.Key("lastEvaluation").String(TimeOrNever(rule.last_evaluation));
  json.Key("type").String(rule.alerting ? "alerting" : "recording").EndObject();
}

void WriteGroup(JsonWriter& json, const RuleGroupView& group, const Filters& filters) {
  json.BeginObject().Key("name").String(group.name).Key("file").String(group.file);
  json.Key("rules").BeginArray();
  for (const RuleView& rule : group.rules) {
    if (Admits(filters, rule)) WriteRule(json, rule, filters);
  }
  json.EndArray().Key("interval").Double(ToSeconds(group.interval));
  json.Key("limit").Int(static_cast<std::int64_t>(group.limit));
  json.Key("evaluationTime").Double(ToSeconds(group.evaluation_time));
  json.Key("lastEvaluation").String(TimeOrNever(group.last_evaluation)).EndObject();
}

}  // namespace

http::Response Rules(const std::vector<RuleGroupView>& groups, const http::Request& request) {
  const http::Form form = http::Form::Parse(request);
  Filters filters;
  if (const std::string_view type = form.Get("type"); !type.empty()) {
    if (type != "alert" && type != "record") {
      return InvalidParameter("type", Error{Errc::kInvalid, "expected alert or record, found \"" +
                                                                std::string(type) + "\""});
    }
    filters.alerting = type == "alert";
    filters.recording = type == "record";
  }
  filters.with_alerts = form.Get("exclude_alerts") != "true";
  filters.names = form.All("rule_name[]");
  filters.groups = form.All("rule_group[]");
  filters.files = form.All("file[]");
  std::string data;
  JsonWriter json(data);
  json.BeginObject().Key("groups").BeginArray();
  for (const RuleGroupView& group : groups) {
    if (!Admits(filters.groups, group.name) || !Admits(filters.files, group.file)) continue;
    const bool any = std::any_of(group.rules.begin(), group.rules.end(),
                                 [&](const RuleView& rule) { return Admits(filters, rule); });
    if (any || filters.names.empty()) WriteGroup(json, group, filters);
  }
  json.EndArray().EndObject();
  return Success(data);
}

http::Response Alerts(const std::vector<RuleGroupView>& groups) {
  std::string data;
  JsonWriter json(data);
  json.BeginObject().Key("alerts").BeginArray();
  for (const RuleGroupView& group : groups) {
    for (const RuleView& rule : group.rules) {
      for (const AlertView& alert : rule.alerts) WriteAlert(json, alert);
    }
  }
  json.EndArray().EndObject();
  return Success(data);
}

}  // namespace tocsin::api
