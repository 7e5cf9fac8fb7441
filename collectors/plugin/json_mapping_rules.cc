// Reading the rules of a mapping.

#include <algorithm>
#include <array>
#include <map>

#include "base/parse.h"
#include "collectors/plugin/foreign_settings.h"
#include "collectors/plugin/json_mapping.h"
#include "collectors/shapes.h"
#include "metrics/names.h"

namespace tocsin::plugin {
namespace {

constexpr std::size_t kMaxSteps = 32;

/// A metric of the common shapes has its type and help without saying.
const FamilySpec* FindShape(std::string_view name) {
  static constexpr std::array<const FamilySpec*, 13> kShapes{
      &shapes::kCacheHits,     &shapes::kCacheMisses,    &shapes::kCacheEvictions,
      &shapes::kCacheEntries,  &shapes::kCacheSize,      &shapes::kCacheHitRatio,
      &shapes::kQueueDepth,    &shapes::kQueueOldest,    &shapes::kQueueEnqueued,
      &shapes::kQueueDequeued, &shapes::kQueueConsumers, &shapes::kResponses,
      &shapes::kResponseErrors};
  const auto found = std::find_if(kShapes.begin(), kShapes.end(),
                                  [&](const FamilySpec* shape) { return shape->name == name; });
  return found == kShapes.end() ? nullptr : *found;
}

std::size_t Stars(const std::vector<PathStep>& path) {
  return static_cast<std::size_t>(
      std::count_if(path.begin(), path.end(), [](const PathStep& step) { return !step; }));
}

/// ~1 is a slash, ~0 a tilde.
Result<std::string> Unescape(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] != '~') {
      out += step[i];
    } else if (i + 1 < step.size() && (step[i + 1] == '0' || step[i + 1] == '1')) {
      out += step[++i] == '0' ? '~' : '/';
    } else {
      return Error{Errc::kInvalid, "in a JSON pointer ~ is followed by 0 (~) or 1 (/)"};
    }
  }
  return out;
}

Result<std::vector<PathStep>> ReadPath(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string text, YamlString(file, node));
  auto path = ParseJsonPath(text);
  if (!path) return file.At(node, path.error().message());
  return path;
}

Result<MetricType> ReadType(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string word, YamlString(file, node));
  if (word == "gauge") return MetricType::kGauge;
  if (word == "counter") return MetricType::kCounter;
  if (word == "untyped" || word == "unknown") return MetricType::kUnknown;
  return file.At(node, "the type is gauge, counter or untyped, not \"" + word + "\"");
}

Result<LabelRule> ReadLabel(const YamlFile& file, const std::string& name, const YamlNode& node,
                            std::size_t stars) {
  LabelRule rule;
  rule.name = name;
  if (!node.IsMap()) {
    TRY_ASSIGN(rule.text, YamlString(file, node));
    return rule;
  }
  YamlFields fields(file, node, "label");
  const YamlNode* key = fields.Find("key");
  const YamlNode* path = fields.Find("path");
  TRY_ASSIGN(const std::int64_t of,
             key ? YamlInt(file, *key) : fields.Read("of", YamlInt, std::int64_t{0}));
  TRY(fields.Finish());
  if ((key != nullptr) == (path != nullptr)) {
    return file.At(node, "a label is a text, { key: N } or { path: /…, of: N }");
  }
  if (of < (key ? 1 : 0) || static_cast<std::size_t>(of) > stars) {
    return file.At(node, "the path has " + std::to_string(stars) + " *, there is no number " +
                             std::to_string(of));
  }
  rule.kind = key ? LabelRule::Kind::kKey : LabelRule::Kind::kField;
  rule.of = static_cast<std::size_t>(of);
  if (path) {
    TRY_ASSIGN(rule.path, ReadPath(file, *path));
    if (Stars(rule.path) > 0) return file.At(*path, "a label's path has no *");
  }
  return rule;
}

Status ReadValues(const YamlFile& file, const YamlNode& node, MetricRule& rule) {
  if (!node.IsMap()) return file.At(node, "expected a map of texts to numbers");
  for (const auto& [text, number] : node.entries) {
    TRY_ASSIGN(const double value, YamlDouble(file, *number));
    rule.values.emplace_back(text->scalar, value);
  }
  return Unit{};
}

Result<MetricRule> ReadRule(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "metric");
  MetricRule rule;
  TRY_ASSIGN(rule.name, fields.ReadRequired("name", YamlString));
  if (!IsMetricName(rule.name)) {
    return file.At(*fields.Find("name"), "\"" + rule.name + "\" is no name for a metric");
  }
  TRY_ASSIGN(rule.path, fields.ReadRequired("path", ReadPath));
  const FamilySpec* shape = FindShape(rule.name);
  TRY_ASSIGN(rule.help, fields.Read("help", YamlString, shape ? shape->help : ""));
  TRY_ASSIGN(rule.type, fields.Read("type", ReadType, shape ? shape->type : MetricType::kGauge));
  TRY_ASSIGN(rule.scale, fields.Read("scale", YamlDouble, 1.0));
  TRY_ASSIGN(const bool count, fields.Read("count", YamlBool, false));
  const YamlNode* constant = fields.Find("constant");
  if (count && constant) return file.At(node, "count and constant exclude each other");
  if (constant) {
    TRY_ASSIGN(rule.constant, YamlDouble(file, *constant));
    rule.reads = MetricRule::Reads::kConstant;
  }
  if (count) rule.reads = MetricRule::Reads::kCount;
  if (const YamlNode* values = fields.Find("values")) TRY(ReadValues(file, *values, rule));
  if (const YamlNode* labels = fields.Find("labels")) {
    if (!labels->IsMap()) return file.At(*labels, "expected a map of label names to values");
    for (const auto& [name, value] : labels->entries) {
      TRY(CheckLabelName(file, *name));
      TRY_ASSIGN(LabelRule label, ReadLabel(file, name->scalar, *value, Stars(rule.path)));
      rule.labels.push_back(std::move(label));
    }
  }
  TRY(fields.Finish());
  return rule;
}

}  // namespace

Result<std::vector<PathStep>> ParseJsonPath(std::string_view text) {
  std::vector<PathStep> path;
  if (text.empty()) return path;
  if (!text.starts_with('/')) {
    return Error{Errc::kInvalid,
                 "a path is a JSON pointer and begins with / (\"" + std::string(text) + "\")"};
  }
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view step = text.substr(0, text.find('/'));
    text.remove_prefix(step.size());
    if (path.size() == kMaxSteps) return Error{Errc::kInvalid, "a path has at most 32 steps"};
    if (step == "*") {
      path.emplace_back(std::nullopt);
      continue;
    }
    TRY_ASSIGN(std::string plain, Unescape(step));
    path.emplace_back(std::move(plain));
  }
  return path;
}

Result<JsonMapping> JsonMapping::Read(const YamlFile& file, const YamlNode& node) {
  if (!node.IsSequence() || node.items.empty()) return file.At(node, "expected a list of metrics");
  JsonMapping mapping;
  std::map<std::string, MetricRule> first;
  TRY(ReadItems(file, node, [&](const YamlNode& item) -> Status {
    TRY_ASSIGN(MetricRule rule, ReadRule(file, item));
    const auto [known, added] = first.try_emplace(rule.name, rule);
    if (known->second.type != rule.type) {
      return file.At(item, rule.name + " has another type above");
    }
    if (rule.help.empty()) rule.help = known->second.help;
    mapping.rules_.push_back(std::move(rule));
    return Unit{};
  }));
  return mapping;
}

}  // namespace tocsin::plugin
