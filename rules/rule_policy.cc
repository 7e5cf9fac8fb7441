// for, keep_firing_for, met_in, warning, critical, no_data and no_data_for of an alerting rule.

#include <array>
#include <string>

#include "base/format.h"
#include "base/parse.h"
#include "rules/rule_parse.h"

namespace tocsin {
namespace {

using namespace std::string_literals;

constexpr std::array<std::string_view, 3> kNoDataNames{"keep", "ok", "alert"};

/// "3 of 5".
Result<LevelPolicy> ReadMetIn(const YamlFile& file, const YamlNode& node) {
  LevelPolicy policy;
  std::string_view rest = node.scalar;
  const auto met = ParseInt<int>(TakeField(rest));
  const std::string_view of = TakeField(rest);
  const auto last = ParseInt<int>(TakeField(rest));
  if (!node.IsScalar() || !met || of != "of" || !last || !Trim(rest).empty()) {
    return file.At(
        node,
        "expected met_in as \"3 of 5\": the condition counts as true while it was met in "
        "3 of the last 5 evaluations");
  }
  if (*last < 1 || *last > kMaxEvaluations || *met < 1 || *met > *last) {
    return file.At(node, "met_in: \"" + node.scalar +
                             "\" cannot be: expected N of M with 1 ≤ N ≤ M ≤ " +
                             std::to_string(kMaxEvaluations));
  }
  policy.met = static_cast<std::uint8_t>(*met);
  policy.of = static_cast<std::uint8_t>(*last);
  return policy;
}

/// The keys that may stand at the rule and within a severity.
LevelPolicy ReadTiming(RuleSource& source, YamlFields& fields, LevelPolicy policy) {
  source.Take(fields.Read("for", YamlDuration, policy.hold_for), policy.hold_for);
  source.Take(fields.Read("keep_firing_for", YamlDuration, policy.keep_firing_for),
              policy.keep_firing_for);
  if (const YamlNode* node = fields.Find("met_in")) {
    LevelPolicy met_in;
    if (source.Take(ReadMetIn(source.file, *node), met_in)) {
      policy.met = met_in.met;
      policy.of = met_in.of;
    }
  }
  return policy;
}

struct ThresholdKeys {
  Threshold::Side side;
  std::string_view limit;
  std::string_view resolve;
};
constexpr std::array<ThresholdKeys, 2> kSides{
    {{Threshold::Side::kAbove, "above", "resolve_below"},
     {Threshold::Side::kBelow, "below", "resolve_above"}}};

/// Of a leak or exhaustion: compared with the seconds that are left.
std::optional<Threshold> ReadExhaustsWithin(RuleSource& source, YamlFields& fields,
                                            std::string_view what) {
  const YamlNode* node = fields.Find("exhausts_within");
  if (!node) {
    source.Note(fields.Missing("exhausts_within", std::string(what) + " needs exhausts_within:"));
    return std::nullopt;
  }
  milliseconds within{0};
  if (!source.Take(YamlDuration(source.file, *node), within)) return std::nullopt;
  // A forecast breathes; a severity is not given up for that.
  constexpr double kGivenUpAt = 1.5;
  return Threshold{Threshold::Side::kBelow, ToSeconds(within), kGivenUpAt * ToSeconds(within)};
}

std::optional<Threshold> ReadThreshold(RuleSource& source, YamlFields& fields,
                                       std::string_view what) {
  std::array<const YamlNode*, 2> limits{}, resolves{};
  for (std::size_t i = 0; i < kSides.size(); ++i) {
    limits[i] = fields.Find(kSides[i].limit);
    resolves[i] = fields.Find(kSides[i].resolve);
  }
  if (limits[0] && limits[1]) {
    source.Fail(*limits[1], std::string(what) + " has both above and below: give one of them");
    return std::nullopt;
  }
  if (!limits[0] && !limits[1]) {
    source.Note(
        fields.Missing("above", std::string(what) + " needs a threshold: above: or below:"));
    return std::nullopt;
  }
  const std::size_t side = limits[0] ? 0 : 1;
  const ThresholdKeys& keys = kSides[side];
  Threshold threshold{keys.side, 0, 0};
  if (!source.Take(YamlDouble(source.file, *limits[side]), threshold.limit)) return std::nullopt;
  threshold.resolve = threshold.limit;
  if (threshold.limit != threshold.limit) {
    source.Fail(*limits[side], "a threshold must be a number");
    return std::nullopt;
  }
  if (const YamlNode* wrong = resolves[1 - side]) {
    source.Fail(*wrong, std::string(kSides[1 - side].resolve) + " goes with " +
                            std::string(kSides[1 - side].limit) + "; with " +
                            std::string(keys.limit) + " it is " + std::string(keys.resolve));
  }
  const YamlNode* resolve = resolves[side];
  if (!resolve || !source.Take(YamlDouble(source.file, *resolve), threshold.resolve)) {
    return threshold;
  }
  const bool above = keys.side == Threshold::Side::kAbove;
  if (above ? !(threshold.resolve <= threshold.limit) : !(threshold.resolve >= threshold.limit)) {
    source.Fail(*resolve, std::string(keys.resolve) + " " + FormatGoFloat(threshold.resolve) +
                              " is " + (above ? "above" : "below") + " the threshold " +
                              FormatGoFloat(threshold.limit) +
                              ": the alert would resolve while its condition holds");
  }
  return threshold;
}

void ReadLevel(RuleSource& source, const YamlNode& node, const std::string& what,
               const LevelPolicy& defaults, std::size_t level, Rule& rule) {
  if (!node.IsMap()) {
    source.Fail(node, "expected " + what + " as a map such as { above: 90, for: 5m }");
    return;
  }
  YamlFields fields(source.file, node, what);
  rule.thresholds[level] =
      rule.leak ? ReadExhaustsWithin(source, fields, what) : ReadThreshold(source, fields, what);
  rule.policy.levels[level] = ReadTiming(source, fields, defaults);
  source.Take(fields.Finish());
}

/// critical must be at least as far out as warning.
void CheckLevelsAgree(RuleSource& source, const YamlNode& critical, const Rule& rule) {
  const auto& low = rule.thresholds[kLowLevel];
  const auto& high = rule.thresholds[kHighLevel];
  if (!low || !high) return;
  if (low->side != high->side) {
    source.Fail(critical, "warning and critical must both be above or both be below");
    return;
  }
  const bool above = low->side == Threshold::Side::kAbove;
  if (above ? high->limit < low->limit : high->limit > low->limit) {
    source.Fail(critical, "critical ("s + Describe(*high) + ") is reached before warning (" +
                              Describe(*low) + "): exchange them");
  }
}

void ReadNoData(RuleSource& source, YamlFields& fields, std::string_view what, Rule& rule) {
  const YamlNode* node = fields.Find("no_data");
  const YamlNode* keep_for = fields.Find("no_data_for");
  rule.policy.no_data = rule.HasThresholds() ? NoData::kKeep : NoData::kOk;
  if (node) {
    std::string name;
    if (!source.Take(YamlString(source.file, *node), name)) return;
    for (std::size_t i = 0; i < kNoDataNames.size(); ++i) {
      if (kNoDataNames[i] == name) rule.no_data = static_cast<NoData>(i);
    }
    if (!rule.no_data) {
      std::string meant = "expected no_data as keep, ok or alert, found \"" + name + "\"";
      if (const auto nearest = NearestWord(name, kNoDataNames)) {
        meant += ": did you mean \"" + std::string(*nearest) + "\"?";
      }
      source.Fail(*node, meant);
      return;
    }
    rule.policy.no_data = *rule.no_data;
  }
  if (keep_for) {
    source.Take(YamlDuration(source.file, *keep_for), rule.policy.no_data_for);
    if (rule.policy.no_data != NoData::kKeep) {
      source.Fail(*keep_for,
                  "no_data_for says how long no_data: keep keeps an alert; without it "
                  "there is nothing to limit");
    }
  }
  if (rule.HasThresholds() || !rule.no_data || *rule.no_data == NoData::kOk || !rule.expr) return;
  rule.presence = PresenceOf(rule.expr);
  if (!rule.presence) {
    source.Fail(*node, "no_data: " + node->scalar + " of " + std::string(what) +
                           " needs an expression whose false can be told from no data, such as "
                           "`VECTOR > NUMBER`; or leave the comparison to warning: and critical:");
  }
}

}  // namespace

void ReadAlertPolicy(RuleSource& source, YamlFields& fields, std::string_view what, Rule& rule) {
  const LevelPolicy timing = ReadTiming(source, fields, {});
  const YamlNode* warning = fields.Find("warning");
  const YamlNode* critical = fields.Find("critical");
  const std::string of = " of " + std::string(what);
  if (warning) ReadLevel(source, *warning, "warning" + of, timing, kLowLevel, rule);
  if (critical) ReadLevel(source, *critical, "critical" + of, timing, kHighLevel, rule);
  if (!warning && !critical) {
    rule.policy.plain = true;
    rule.policy.levels[kLowLevel] = timing;
  }
  if (critical) CheckLevelsAgree(source, *critical, rule);
  if (rule.leak && !warning && !critical) {
    source.Fail(fields.node(),
                std::string(what) + " needs warning: or critical: with exhausts_within:");
  }
  if ((warning || critical) && rule.expr && !rule.leak) {
    const YamlNode* expr = fields.Find("expr");
    if (IsFilter(*rule.expr)) {
      source.Fail(*expr, "the expr" + of +
                             " drops its series when its comparison is false, which would count as "
                             "no data: leave the comparison to above: and below:");
    } else if (rule.expr->type != promql::ValueType::kVector &&
               rule.expr->type != promql::ValueType::kScalar) {
      source.Fail(*expr, "the expr" + of + " is a " +
                             std::string(promql::DocumentedType(rule.expr->type)) +
                             "; only an instant vector or scalar can be compared");
    }
  }
  ReadNoData(source, fields, what, rule);
}

}  // namespace tocsin
