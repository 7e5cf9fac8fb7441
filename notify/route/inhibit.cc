#include "notify/route/inhibit.h"

#include "notify/route/route.h"

namespace tocsin::notify {

Result<InhibitRule> ReadInhibitRule(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "inhibit rule");
  InhibitRule rule;
  TRY_ASSIGN(rule.source, ReadMatchers(fields, "source_"));
  TRY_ASSIGN(rule.target, ReadMatchers(fields, "target_"));
  TRY_ASSIGN(rule.equal, fields.Read("equal", YamlStrings, rule.equal));
  TRY(fields.Finish());
  return rule;
}

Inhibitor::Inhibitor(std::vector<InhibitRule> rules) {
  for (InhibitRule& rule : rules) rules_.push_back({std::move(rule), {}});
}

Labels Inhibitor::EqualPart(const InhibitRule& rule, const Labels& labels) {
  std::vector<LabelView> part;
  for (const std::string& name : rule.equal) part.push_back({name, labels.Get(name)});
  return Labels(part);
}

void Inhibitor::Update(const Alert& alert) {
  for (Rule& rule : rules_) {
    if (!AllMatch(rule.spec.source, alert.labels)) continue;
    const Labels part = EqualPart(rule.spec, alert.labels);
    if (!alert.resolved()) {
      rule.sources[part][alert.labels] = AllMatch(rule.spec.target, alert.labels);
      continue;
    }
    const auto found = rule.sources.find(part);
    if (found == rule.sources.end()) continue;
    found->second.erase(alert.labels);
    if (found->second.empty()) rule.sources.erase(found);
  }
}

std::string Inhibitor::InhibitedBy(const Labels& labels) const {
  for (const Rule& rule : rules_) {
    if (rule.sources.empty() || !AllMatch(rule.spec.target, labels)) continue;
    const auto found = rule.sources.find(EqualPart(rule.spec, labels));
    if (found == rule.sources.end()) continue;
    const bool two_sided = AllMatch(rule.spec.source, labels);
    for (const auto& [source, is_target] : found->second) {
      if (!(two_sided && is_target)) return FingerprintText(source);
    }
  }
  return {};
}

}  // namespace tocsin::notify
