#include "rules/unit_test_file.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <unordered_map>

#include "base/parse.h"
#include "rules/series_notation.h"

namespace tocsin {
namespace {

constexpr std::size_t kMaxValues = 5'000'000;  // of all series of one test

/// What YAML calls a number, its .nan and .inf among them.
Result<double> ReadNumber(const YamlFile& file, const YamlNode& node) {
  std::string_view text = node.scalar;
  std::string sign;
  if (text.starts_with('-') || text.starts_with('+')) sign = text.front();
  if (text.substr(sign.size()).starts_with('.') && text.find_first_of("0123456789") == text.npos) {
    if (const auto value = ParseDouble(sign + std::string(text.substr(sign.size() + 1)))) {
      return *value;
    }
  }
  return YamlDouble(file, node);
}

Result<Labels> ReadLabels(const YamlFile& file, const YamlNode* node) {
  LabelsBuilder labels;
  if (!node) return labels.Build();
  if (!node->IsMap()) return file.At(*node, "expected a map of names to text");
  for (const auto& [name, value] : node->entries) {
    std::string text;
    if (!value->IsNull()) {
      TRY_ASSIGN(text, YamlString(file, *value));
    }
    labels.Set(name->scalar, text);
  }
  return labels.Build();
}

/// The elements of a list, or of nothing.
Result<std::span<const YamlNode::Ptr>> ReadList(YamlFields& fields, std::string_view key) {
  const YamlNode* node = fields.Find(key);
  if (!node) return std::span<const YamlNode::Ptr>();
  if (!node->IsSequence()) {
    return fields.file().At(*node, "expected " + std::string(key) + " to be a list");
  }
  return std::span<const YamlNode::Ptr>(node->items);
}

Result<InputSeries> ReadSeries(const YamlFile& file, const YamlNode& node, std::size_t max_values) {
  YamlFields fields(file, node, "a series");
  TRY_ASSIGN(const YamlNode* name, fields.Require("series"));
  TRY_ASSIGN(const YamlNode* values, fields.Require("values"));
  TRY(fields.Finish());
  InputSeries series;
  auto labels = ParseSeriesName(name->scalar);
  if (!labels) return file.At(*name, labels.error().message());
  series.labels = *std::move(labels);
  auto parsed = ParseSeriesValues(values->scalar, max_values);
  if (!parsed) return file.At(*values, parsed.error().message());
  series.values = *std::move(parsed);
  return series;
}

Result<ExpectedAlert> ReadAlert(const YamlFile& file, const YamlNode& node,
                                const std::string& alertname) {
  YamlFields fields(file, node, "an expected alert");
  ExpectedAlert alert;
  TRY_ASSIGN(const Labels labels, ReadLabels(file, fields.Find("exp_labels")));
  const YamlNode* all_annotations = fields.Find("exp_annotations");
  const YamlNode* some_annotations = fields.Find("exp_annotations_include");
  if (all_annotations && some_annotations) {
    return file.At(*some_annotations, "give either exp_annotations or exp_annotations_include");
  }
  alert.annotations_include = some_annotations != nullptr;
  TRY_ASSIGN(alert.annotations,
             ReadLabels(file, some_annotations ? some_annotations : all_annotations));
  TRY_ASSIGN(const std::string severity, fields.Read("severity", YamlString, ""));
  TRY_ASSIGN(alert.no_data, fields.Read("no_data", YamlBool, false));
  TRY(fields.Finish());
  LabelsBuilder all(labels);
  all.Set("alertname", alertname);
  if (!severity.empty()) all.Set("severity", severity);
  alert.labels = all.Build();
  return alert;
}

Result<std::vector<ExpectedAlert>> ReadAlerts(YamlFields& fields, std::string_view key,
                                              const std::string& alertname) {
  std::vector<ExpectedAlert> alerts;
  TRY_ASSIGN(const auto nodes, ReadList(fields, key));
  for (const YamlNode::Ptr& node : nodes) {
    TRY_ASSIGN(ExpectedAlert alert, ReadAlert(fields.file(), *node, alertname));
    alerts.push_back(std::move(alert));
  }
  return alerts;
}

Result<AlertExpectation> ReadAlertTest(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "an alert_rule_test");
  AlertExpectation expectation;
  TRY_ASSIGN(expectation.eval_time, fields.Read("eval_time", YamlDuration, milliseconds(0)));
  TRY_ASSIGN(expectation.alertname, fields.ReadRequired("alertname", YamlString));
  if (expectation.alertname.empty()) return file.At(node, "the alertname is empty");
  TRY_ASSIGN(expectation.firing, ReadAlerts(fields, "exp_alerts", expectation.alertname));
  if (node.Find("exp_pending")) {
    TRY_ASSIGN(expectation.pending, ReadAlerts(fields, "exp_pending", expectation.alertname));
  }
  TRY(fields.Finish());
  return expectation;
}

Result<ExprExpectation> ReadExprTest(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "a promql_expr_test");
  ExprExpectation expectation;
  TRY_ASSIGN(expectation.expr, fields.Read("expr", YamlString, ""));
  TRY_ASSIGN(expectation.eval_time, fields.Read("eval_time", YamlDuration, milliseconds(0)));
  TRY_ASSIGN(const auto samples, ReadList(fields, "exp_samples"));
  for (const YamlNode::Ptr& sample : samples) {
    YamlFields keys(file, *sample, "an expected sample");
    TRY_ASSIGN(const std::string text, keys.Read("labels", YamlString, ""));
    TRY_ASSIGN(const double value, keys.Read("value", ReadNumber, 0));
    TRY(keys.Finish());
    auto labels = text.empty() ? Result<Labels>(Labels()) : ParseSeriesName(text);
    if (!labels) return file.At(*sample, labels.error().message());
    expectation.samples.push_back({*std::move(labels), value});
  }
  TRY(fields.Finish());
  return expectation;
}

Result<UnitTestCase> ReadCase(const YamlFile& file, const YamlNode& node,
                              milliseconds default_interval) {
  YamlFields fields(file, node, "a test");
  UnitTestCase test;
  TRY_ASSIGN(test.name, fields.Read("name", YamlString, ""));
  TRY_ASSIGN(test.interval, fields.Read("interval", YamlDuration, default_interval));
  if (test.interval.count() == 0) test.interval = default_interval;
  std::size_t room = kMaxValues;
  std::unordered_map<Labels, std::size_t, LabelsHash> places;
  TRY_ASSIGN(const auto series, ReadList(fields, "input_series"));
  for (const YamlNode::Ptr& one : series) {
    TRY_ASSIGN(InputSeries read, ReadSeries(file, *one, room));
    room -= read.values.size();
    // As in promtool, of a series that stands twice the last one counts.
    const auto [place, added] = places.try_emplace(read.labels, test.series.size());
    if (added) {
      test.series.push_back(std::move(read));
    } else {
      test.series[place->second] = std::move(read);
    }
  }
  TRY_ASSIGN(const auto alerts, ReadList(fields, "alert_rule_test"));
  for (const YamlNode::Ptr& alert : alerts) {
    TRY_ASSIGN(AlertExpectation read, ReadAlertTest(file, *alert));
    test.alerts.push_back(std::move(read));
  }
  TRY_ASSIGN(const auto exprs, ReadList(fields, "promql_expr_test"));
  for (const YamlNode::Ptr& expr : exprs) {
    TRY_ASSIGN(ExprExpectation read, ReadExprTest(file, *expr));
    test.exprs.push_back(std::move(read));
  }
  TRY_ASSIGN(test.external_labels, ReadLabels(file, fields.Find("external_labels")));
  TRY_ASSIGN(test.external_url, fields.Read("external_url", YamlString, ""));
  TRY_ASSIGN(test.warm_up, fields.Read("warm_up", YamlBool, false));
  TRY(fields.Finish());
  return test;
}

}  // namespace

milliseconds UnitTestCase::LastTime() const {
  milliseconds last{0};
  for (const AlertExpectation& alert : alerts) last = std::max(last, alert.eval_time);
  for (const ExprExpectation& expr : exprs) last = std::max(last, expr.eval_time);
  return last;
}

Result<UnitTestFile> ParseUnitTestFile(const YamlFile& yaml) {
  UnitTestFile tests;
  YamlFields fields(yaml, *yaml.root, "a file of rule tests");
  if (!yaml.root->IsMap() && !yaml.root->IsNull()) return fields.Finish().error();
  const std::filesystem::path folder = std::filesystem::path(yaml.name).parent_path();
  TRY_ASSIGN(const auto files, ReadList(fields, "rule_files"));
  for (const YamlNode::Ptr& file : files) {
    TRY_ASSIGN(const std::string path, YamlString(yaml, *file));
    tests.rule_files.push_back((folder / path).string());  // an absolute path stands for itself
  }
  constexpr milliseconds kDefault = std::chrono::minutes(1);
  TRY_ASSIGN(tests.evaluation_interval, fields.Read("evaluation_interval", YamlDuration, kDefault));
  if (tests.evaluation_interval.count() == 0) tests.evaluation_interval = kDefault;
  TRY_ASSIGN(const auto order, ReadList(fields, "group_eval_order"));
  for (const YamlNode::Ptr& group : order) {
    TRY_ASSIGN(std::string name, YamlString(yaml, *group));
    if (std::find(tests.group_order.begin(), tests.group_order.end(), name) !=
        tests.group_order.end()) {
      return yaml.At(*group, "group name repeated in evaluation order: " + name);
    }
    tests.group_order.push_back(std::move(name));
  }
  TRY_ASSIGN(const auto cases, ReadList(fields, "tests"));
  for (const YamlNode::Ptr& node : cases) {
    TRY_ASSIGN(UnitTestCase test, ReadCase(yaml, *node, tests.evaluation_interval));
    tests.cases.push_back(std::move(test));
  }
  TRY(fields.Finish());
  return tests;
}

}  // namespace tocsin
