#pragma once
// The part of Prometheus's metric_relabel_configs that chooses: keep, drop, labelkeep, labeldrop.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "metrics/labels.h"

namespace re2 {
class RE2;
}

namespace tocsin::plugin {

/// Immutable, cheap to copy.
class RelabelRules {
 public:
  /// No rules: everything stays.
  RelabelRules() = default;

  /// Reads a list of rules with the keys source_labels, separator, regex and action. Errors:
  /// kInvalid with position; the actions that rewrite labels are refused by name.
  static Result<RelabelRules> Read(const YamlFile& file, const YamlNode& node);

  bool empty() const { return rules_.empty(); }
  /// Whether the series stays; `labels` may become fewer. `name` is what __name__ stands for.
  bool Apply(std::string_view name, std::vector<LabelView>& labels) const;

 private:
  enum class Action { kKeep, kDrop, kLabelKeep, kLabelDrop };
  struct Rule {
    Action action;
    std::vector<std::string> source_labels;
    std::string separator;
    std::shared_ptr<const re2::RE2> regex;  // anchored at both ends
  };
  static Result<Rule> ReadRule(const YamlFile& file, const YamlNode& node);

  std::vector<Rule> rules_;
};

}  // namespace tocsin::plugin
