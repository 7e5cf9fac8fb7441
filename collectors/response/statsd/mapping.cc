#include "collectors/response/statsd/mapping.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/ascii.h"
#include "base/parse.h"
#include "metrics/names.h"
#include "metrics/regex.h"

namespace tocsin::statsd {
namespace {

using Captures = std::vector<std::string_view>;  // [0] is the whole

/// $1, ${1}, $name, $$; what there is no group for is empty. A number goes as far as letters and
/// digits do: "$1_total" is a group of that name.
std::string Expand(std::string_view text, const Captures& captures, const re2::RE2* regex) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.starts_with('$')) {
      out += '$';
      text.remove_prefix(1);
      continue;
    }
    const bool braces = text.starts_with('{');
    if (braces) text.remove_prefix(1);
    const auto end = std::find_if_not(text.begin(), text.end(), &IsWordChar);
    const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(word.size());
    if (braces && text.starts_with('}')) text.remove_prefix(1);
    auto group = ParseInt<std::size_t>(word);
    if (!group && regex) {
      const auto& names = regex->NamedCapturingGroups();
      const auto found = names.find(std::string(word));
      if (found != names.end()) group = static_cast<std::size_t>(found->second);
    }
    if (group && *group < captures.size()) out += captures[*group];
  }
  return out;
}

bool MatchesGlob(const std::vector<std::string>& glob, std::string_view name, Captures& captures) {
  captures.assign(1, name);
  for (std::size_t i = 0; i < glob.size(); ++i) {
    const bool last = i + 1 == glob.size();
    const std::size_t dot = name.find('.');
    if (last != (dot == std::string_view::npos)) return false;
    const std::string_view part = name.substr(0, dot);
    if (glob[i] == "*") {
      captures.push_back(part);
    } else if (glob[i] != part) {
      return false;
    }
    if (!last) name.remove_prefix(dot + 1);
  }
  return true;
}

bool MatchesRegex(const re2::RE2& regex, std::string_view name, Captures& captures) {
  constexpr int kMaxGroups = 32;
  std::array<re2::StringPiece, kMaxGroups> groups;
  const int count = std::min(1 + regex.NumberOfCapturingGroups(), kMaxGroups);
  if (!regex.Match({name.data(), name.size()}, 0, name.size(), re2::RE2::UNANCHORED, groups.data(),
                   count)) {
    return false;
  }
  captures.clear();
  for (int i = 0; i < count; ++i) {
    const re2::StringPiece& group = groups[static_cast<std::size_t>(i)];
    captures.emplace_back(group.data() ? std::string_view(group.data(), group.size())
                                       : std::string_view{});
  }
  return true;
}

Result<std::vector<double>> ReadBounds(const YamlFile& file, const YamlNode& node) {
  if (!node.IsSequence()) return file.At(node, "expected a list of numbers");
  std::vector<double> bounds;
  for (const auto& item : node.items) {
    TRY_ASSIGN(const double bound, YamlDouble(file, *item));
    if (std::isinf(bound) && bound > 0) break;
    if (!std::isfinite(bound) || (!bounds.empty() && bound <= bounds.back())) {
      return file.At(*item, "expected rising numbers");
    }
    bounds.push_back(bound);
  }
  if (bounds.empty() || bounds.size() > 200) return file.At(node, "expected 1 to 200 numbers");
  return bounds;
}

Result<std::vector<double>> ReadQuantiles(const YamlFile& file, const YamlNode& node) {
  if (!node.IsSequence() || node.items.size() > 20) return file.At(node, "expected a list");
  std::vector<double> quantiles;
  for (const auto& item : node.items) {
    YamlFields fields(file, *item, "quantile");
    TRY_ASSIGN(const double quantile, fields.ReadRequired("quantile", YamlDouble));
    TRY(fields.Read("error", YamlDouble, 0.0));  // ours depends on the value, 6 % at most
    TRY(fields.Finish());
    if (!(quantile >= 0 && quantile <= 1)) return file.At(*item, "expected a quantile of 0 to 1");
    quantiles.push_back(quantile);
  }
  return quantiles;
}

Result<bool> ReadObserverType(const YamlFile& file, const YamlNode& node) {
  if (node.scalar == "summary") return true;
  if (node.scalar == "histogram") return false;
  return file.At(node, "expected histogram or summary");
}

/// `into` holds what counts where the map is silent. The keys of old files stand beside those of
/// now: timer_type, buckets, quantiles.
Status ReadObserver(YamlFields& fields, ObserverOptions& into) {
  const YamlFile& file = fields.file();
  TRY_ASSIGN(into.summary, fields.Read("timer_type", ReadObserverType, into.summary));
  TRY_ASSIGN(into.summary, fields.Read("observer_type", ReadObserverType, into.summary));
  TRY_ASSIGN(into.bounds, fields.Read("buckets", ReadBounds, into.bounds));
  TRY_ASSIGN(into.quantiles, fields.Read("quantiles", ReadQuantiles, into.quantiles));
  if (const YamlNode* node = fields.Find("histogram_options")) {
    YamlFields options(file, *node, "histogram_options");
    TRY_ASSIGN(into.bounds, options.Read("buckets", ReadBounds, into.bounds));
    // Native histograms of newer versions: classic buckets are exported in any case.
    for (const auto key : {"native_histogram_bucket_factor", "native_histogram_max_buckets",
                           "native_histogram_max_exemplars"}) {
      options.Find(key);
    }
    TRY(options.Finish());
  }
  if (const YamlNode* node = fields.Find("summary_options")) {
    YamlFields options(file, *node, "summary_options");
    TRY_ASSIGN(into.quantiles, options.Read("quantiles", ReadQuantiles, into.quantiles));
    TRY_ASSIGN(into.max_age, options.Read("max_age", YamlDuration, into.max_age));
    if (into.max_age <= milliseconds(0)) return file.At(*node, "max_age: expected a duration");
    TRY(options.Read("age_buckets", YamlInt, 0));
    TRY(options.Read("buf_cap", YamlInt, 0));
    TRY(options.Finish());
  }
  return Unit{};
}

Result<EventType> ReadType(const YamlFile& file, const YamlNode& node) {
  if (node.scalar == "counter") return EventType::kCounter;
  if (node.scalar == "gauge") return EventType::kGauge;
  if (node.scalar == "observer" || node.scalar == "timer") return EventType::kObserver;
  if (node.scalar == "set") return EventType::kSet;
  return file.At(node, "expected counter, gauge, observer or set");
}

Result<bool> ReadDrop(const YamlFile& file, const YamlNode& node) {
  if (node.scalar == "drop") return true;
  if (node.scalar == "map") return false;
  return file.At(node, "expected map or drop");
}

Result<bool> ReadIsRegex(const YamlFile& file, const YamlNode& node) {
  if (node.scalar == "regex") return true;
  if (node.scalar == "glob") return false;
  return file.At(node, "expected glob or regex");
}

Status ReadMatch(const YamlFile& file, const YamlNode& node, bool is_regex, MappingRule& rule) {
  if (is_regex) {
    rule.regex = CompileRegex(node.scalar);
    if (!rule.regex->ok()) return file.At(node, rule.regex->error());
    return Unit{};
  }
  std::string_view rest = node.scalar;
  while (true) {
    const std::size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    const bool good =
        part == "*" || (!part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
          return IsWordChar(c) || c == '-';
        }));
    if (!good) {
      return file.At(node, "expected parts of a name with dots between them, each a word or *");
    }
    rule.glob.emplace_back(part);
    if (dot == std::string_view::npos) return Unit{};
    rest.remove_prefix(dot + 1);
  }
}

Status ReadLabels(const YamlFile& file, const YamlNode& node, MappingRule& rule) {
  if (!node.IsMap()) return file.At(node, "expected a map of labels");
  for (const auto& [key, value] : node.entries) {
    const std::string& name = key->scalar;
    if (!IsLabelName(name)) {
      return file.At(*key, "\"" + name + "\" is no name of a label");
    }
    TRY_ASSIGN(std::string text, YamlString(file, *value));
    rule.labels.emplace_back(name, std::move(text));
  }
  return Unit{};
}

}  // namespace

std::string_view EventTypeText(EventType type) {
  constexpr std::array<std::string_view, kEventTypes> kTexts{"counter", "gauge", "observer", "set"};
  return kTexts[static_cast<std::size_t>(type)];
}

MappingRule::MappingRule() = default;
MappingRule::~MappingRule() = default;
MappingRule::MappingRule(MappingRule&&) noexcept = default;
MappingRule& MappingRule::operator=(MappingRule&&) noexcept = default;

// The bounds of Prometheus's client libraries, and statsd_exporter's quantiles.
Mapping::Mapping()
    : observer_{false, {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, {0.5, 0.9, 0.99}} {}

Result<Mapping> Mapping::Read(const YamlFile& file, const YamlNode& node) {
  constexpr std::size_t kMostRules = 5000;
  Mapping mapping;
  YamlFields fields(file, node, "mapping");
  bool regex_by_default = false;
  if (const YamlNode* defaults = fields.Find("defaults")) {
    YamlFields keys(file, *defaults, "defaults");
    TRY(ReadObserver(keys, mapping.observer_));
    TRY_ASSIGN(regex_by_default, keys.Read("match_type", ReadIsRegex, false));
    TRY_ASSIGN(mapping.ttl_, keys.Read("ttl", YamlDuration, milliseconds(0)));
    TRY_ASSIGN(const bool unordered, keys.Read("glob_disable_ordering", YamlBool, false));
    if (unordered) {
      return file.At(*defaults, "glob_disable_ordering is not supported: the first rule counts");
    }
    TRY(keys.Finish());
  }
  const YamlNode* const rules = fields.Find("mappings");
  TRY(fields.Finish());
  if (!rules) return mapping;
  if (!rules->IsSequence() || rules->items.size() > kMostRules) {
    return file.At(*rules, "expected a list of at most 5000 mappings");
  }
  TRY(ReadItems(file, *rules, [&](const YamlNode& item) -> Status {
    YamlFields keys(file, item, "mapping");
    MappingRule rule;
    rule.observer = mapping.observer_;
    TRY_ASSIGN(const YamlNode* match, keys.Require("match"));
    TRY_ASSIGN(const bool is_regex, keys.Read("match_type", ReadIsRegex, regex_by_default));
    TRY(ReadMatch(file, *match, is_regex, rule));
    TRY_ASSIGN(rule.drop, keys.Read("action", ReadDrop, false));
    TRY_ASSIGN(rule.name, keys.Read("name", YamlString, ""));
    if (rule.name.empty() && !rule.drop) return file.At(item, "a mapping needs a name");
    if (const YamlNode* labels = keys.Find("labels")) TRY(ReadLabels(file, *labels, rule));
    TRY_ASSIGN(rule.help, keys.Read("help", YamlString, ""));
    TRY_ASSIGN(rule.honor_labels, keys.Read("honor_labels", YamlBool, false));
    if (const YamlNode* type = keys.Find("match_metric_type")) {
      TRY_ASSIGN(rule.type, ReadType(file, *type));
    }
    if (const YamlNode* scale = keys.Find("scale")) {
      TRY_ASSIGN(rule.scale, YamlDouble(file, *scale));
    }
    TRY_ASSIGN(rule.ttl, keys.Read("ttl", YamlDuration, mapping.ttl_));
    TRY(ReadObserver(keys, rule.observer));
    TRY(keys.Finish());
    mapping.rules_.push_back(std::move(rule));
    return Unit{};
  }));
  std::stable_partition(mapping.rules_.begin(), mapping.rules_.end(),
                        [](const MappingRule& rule) { return !rule.regex; });
  return mapping;
}

std::optional<Mapped> Mapping::Find(std::string_view name, EventType type) const {
  Captures captures;
  for (const MappingRule& rule : rules_) {
    if (rule.type && *rule.type != type) continue;
    const bool fits = rule.regex ? MatchesRegex(*rule.regex, name, captures)
                                 : MatchesGlob(rule.glob, name, captures);
    if (!fits) continue;
    Mapped mapped{&rule, Expand(rule.name, captures, rule.regex.get()), {}};
    for (const auto& [label, text] : rule.labels) {
      mapped.labels.emplace_back(label, Expand(text, captures, rule.regex.get()));
    }
    return mapped;
  }
  return std::nullopt;
}

}  // namespace tocsin::statsd
