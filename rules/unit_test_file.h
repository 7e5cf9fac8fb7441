#pragma once
// A file of rule tests as read. Internal to unit_test.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"
#include "metrics/labels.h"

namespace tocsin {

struct InputSeries {
  Labels labels;
  std::vector<std::optional<double>> values;
};

struct ExpectedAlert {
  Labels labels;  // alertname included
  Labels annotations;
  bool annotations_include = false;  // others may stand beside them
  bool no_data = false;
};

struct AlertExpectation {
  milliseconds eval_time{0};
  std::string alertname;
  std::vector<ExpectedAlert> firing;
  std::optional<std::vector<ExpectedAlert>> pending;
};

struct ExpectedSample {
  Labels labels;
  double value;
};

struct ExprExpectation {
  milliseconds eval_time{0};
  std::string expr;
  std::vector<ExpectedSample> samples;
};

struct UnitTestCase {
  std::string name;  // may be empty
  milliseconds interval{0};
  std::vector<InputSeries> series;
  std::vector<AlertExpectation> alerts;
  std::vector<ExprExpectation> exprs;
  Labels external_labels;
  std::string external_url;
  bool warm_up = false;

  milliseconds LastTime() const;
};

struct UnitTestFile {
  std::vector<std::string> rule_files;  // patterns, with the test file's folder in front
  milliseconds evaluation_interval{0};
  std::vector<std::string> group_order;
  std::vector<UnitTestCase> cases;
};

/// Errors: as ParseYaml and kInvalid, "name:line:column: …".
Result<UnitTestFile> ParseUnitTestFile(const YamlFile& yaml);

}  // namespace tocsin
