#pragma once
// Inhibition: an alert is not told of while another one that explains it fires.

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "metrics/labels.h"
#include "notify/alert.h"
#include "notify/route/matchers.h"

namespace tocsin::notify {

struct InhibitRule {
  Matchers source;
  Matchers target;
  std::vector<std::string> equal;  // labels that both must share; absent equals absent
};

/// One element of `inhibit_rules`. Errors: kInvalid with position.
Result<InhibitRule> ReadInhibitRule(const YamlFile& file, const YamlNode& node);

/// Knows which alerts fire now. Not thread-safe.
class Inhibitor {
 public:
  explicit Inhibitor(std::vector<InhibitRule> rules);

  /// The newest state of an alert.
  void Update(const Alert& alert);
  /// The fingerprint of an alert that inhibits `labels`, or empty. An alert that matches both
  /// sides of a rule is not inhibited by another that does too (nor by itself).
  std::string InhibitedBy(const Labels& labels) const;

 private:
  struct Rule {
    InhibitRule spec;
    // Firing source alerts by the values of the `equal` labels.
    std::unordered_map<Labels, std::map<Labels, bool>, LabelsHash> sources;  // → is target as well
  };
  static Labels EqualPart(const InhibitRule& rule, const Labels& labels);

  std::vector<Rule> rules_;
};

}  // namespace tocsin::notify
