// The leak: and exhaustion: of an alerting rule.

#include <array>
#include <cmath>

#include "base/parse.h"
#include "rules/leak_spec.h"
#include "rules/promql/parser.h"
#include "rules/rule_parse.h"

namespace tocsin {
namespace {

using Unit = LeakSpec::Unit;

// limit: auto.
constexpr std::string_view kCgroupLimit = "container_spec_memory_limit_bytes > 0";
constexpr std::string_view kHostLimit = "node_memory_MemTotal_bytes";

promql::ExprPtr Builtin(std::string_view text) {
  auto expr = promql::ParseExpr(text);
  assert(expr.ok());
  return *std::move(expr);
}

/// What the names of the metrics say; a unit that is not told is a count.
Unit UnitOf(const promql::Expr& expr) {
  for (const promql::VectorSelector* selector : promql::Selectors(expr)) {
    std::string_view name = selector->name;
    for (const Matcher& matcher : selector->matchers) {
      if (matcher.name() == kMetricName && matcher.op() == MatchOp::kEqual) name = matcher.value();
    }
    if (name.ends_with("_bytes") || name.find("memory") != name.npos) return Unit::kBytes;
    if (name.ends_with("_seconds") || name.ends_with("_expiry")) return Unit::kSeconds;
  }
  return Unit::kCount;
}

class LeakReader {
 public:
  LeakReader(RuleSource& source, YamlFields& fields, const std::string& what, LeakSpec& spec)
      : source_(source), fields_(fields), what_(what), spec_(spec) {}

  promql::ExprPtr Read() {
    const promql::ExprPtr series = ReadVector("series");
    if (!fields_.Find("series")) source_.Fail(fields_.node(), what_ + " needs series:");
    ReadUnit(series);
    ReadSensitivity();
    ReadLimit(series != nullptr);
    spec_.work = ReadVector("work");
    spec_.restart = ReadVector("restart");
    ReadBeside();
    ReadExclude();
    if (const YamlNode* node = fields_.Find("siblings")) {
      source_.Take(YamlStrings(source_.file, *node), spec_.siblings);
    }
    milliseconds horizon{0};
    if (const YamlNode* node = fields_.Find("horizon")) {
      if (source_.Take(YamlDuration(source_.file, *node), horizon)) {
        spec_.options.horizon_seconds = ToSeconds(horizon);
      }
    }
    source_.Take(fields_.Finish());
    return series;
  }

 private:
  promql::ExprPtr ReadVector(std::string_view key) {
    const YamlNode* node = fields_.Find(key);
    return node ? ReadVector(*node, std::string(key) + " of " + what_) : nullptr;
  }
  promql::ExprPtr ReadVector(const YamlNode& node, const std::string& what) {
    promql::ExprPtr expr = ReadExpr(source_, node, what);
    if (!expr || expr->type == promql::ValueType::kVector ||
        expr->type == promql::ValueType::kScalar) {
      return expr;
    }
    source_.Fail(node, "the " + what + " is a " + std::string(promql::DocumentedType(expr->type)) +
                           "; expected an instant vector or scalar");
    return nullptr;
  }

  /// One of `names` under `key`; its place, or nothing.
  template <std::size_t N>
  std::optional<std::size_t> ReadName(std::string_view key,
                                      const std::array<std::string_view, N>& names) {
    const YamlNode* node = fields_.Find(key);
    std::string name;
    if (!node || !source_.Take(YamlString(source_.file, *node), name)) return std::nullopt;
    std::string meant;
    for (std::size_t i = 0; i < N; ++i) {
      if (names[i] == name) return i;
      meant.append(i == 0 ? "" : i + 1 == N ? " or " : ", ").append(names[i]);
    }
    std::string text = "expected " + std::string(key) + " as " + meant + ", found \"" + name + "\"";
    if (const auto nearest = NearestWord(name, names)) {
      text += ": did you mean \"" + std::string(*nearest) + "\"?";
    }
    source_.Fail(*node, text);
    return std::nullopt;
  }

  void ReadUnit(const promql::ExprPtr& series) {
    constexpr std::array<std::string_view, 3> kUnits{"count", "bytes", "seconds"};
    spec_.unit = series ? UnitOf(*series) : Unit::kCount;
    if (const auto unit = ReadName("unit", kUnits)) spec_.unit = static_cast<Unit>(*unit);
  }

  void ReadSensitivity() {
    constexpr std::array<std::string_view, 3> kNames{"low", "medium", "high"};
    const auto named = ReadName("sensitivity", kNames);
    const auto sensitivity = static_cast<trend::Sensitivity>(named.value_or(1));
    spec_.options = spec_.kind == LeakSpec::Kind::kLeak
                        ? trend::DetectorOptions::Preset(sensitivity)
                        : trend::DetectorOptions::Exhaustion(sensitivity);
    if (spec_.unit != Unit::kBytes) spec_.options.resolution = 1;
  }

  void ReadLimit(bool unit_is_known) {
    const YamlNode* limit = fields_.Find("limit");
    const YamlNode* falls_to = fields_.Find("falls_to");
    if (limit && falls_to) {
      source_.Fail(*falls_to, "limit is what a series grows to, falls_to what it falls to: " +
                                  what_ + " has both, give one of them");
      return;
    }
    if (falls_to) {
      spec_.limit_kind = LeakSpec::LimitKind::kFalls;
      source_.Take(YamlDouble(source_.file, *falls_to), spec_.limit_number);
      if (!std::isfinite(spec_.limit_number)) source_.Fail(*falls_to, "expected a finite number");
    } else if (!limit || (limit->IsScalar() && limit->scalar == "auto")) {
      const bool memory = spec_.kind == LeakSpec::Kind::kLeak && spec_.unit == Unit::kBytes;
      if (unit_is_known && !memory) {
        source_.Fail(limit ? *limit : fields_.node(),
                     what_ +
                         " needs limit: (a number or an expression) or falls_to:; auto is for "
                         "the memory of processes and cgroups");
      }
      spec_.limit = Builtin(kCgroupLimit);
      spec_.total = Builtin(kHostLimit);
    } else if (const auto number = NumberOf(*limit)) {
      spec_.limit_kind = LeakSpec::LimitKind::kNumber;
      spec_.limit_number = *number;
      if (!(*number > 0 && std::isfinite(*number))) {
        source_.Fail(*limit, "expected a limit above 0");
      }
    } else {
      spec_.limit_kind = LeakSpec::LimitKind::kExpr;
      spec_.limit = ReadVector(*limit, "limit of " + what_);
      spec_.limit_text = limit->scalar;
    }
    // What is used up may well be none, except memory, of which none means a failed read.
    spec_.options.zero_is_missing =
        spec_.unit == Unit::kBytes && spec_.kind == LeakSpec::Kind::kLeak && !falls_to;
  }

  /// 1e9 or 512MB.
  std::optional<double> NumberOf(const YamlNode& node) const {
    if (!node.IsScalar()) return std::nullopt;
    if (const auto number = ParseDouble(node.scalar)) return number;
    if (const auto bytes = ParseBytes(node.scalar)) return static_cast<double>(*bytes);
    return std::nullopt;
  }

  void ReadBeside() {
    const YamlNode* node = fields_.Find("beside");
    if (!node) return;
    if (!node->IsMap()) {
      source_.Fail(*node, "expected beside to be a map of names to expressions");
      return;
    }
    for (const auto& [name, value] : node->entries) {
      const promql::ExprPtr expr = ReadVector(*value, "\"" + name->scalar + "\" beside " + what_);
      if (expr) spec_.beside.push_back({name->scalar, expr, UnitOf(*expr)});
    }
  }

  void ReadExclude() {
    const YamlNode* node = fields_.Find("exclude");
    if (!node) return;
    std::vector<std::string> selectors;
    if (!source_.Take(YamlStrings(source_.file, *node), selectors)) return;
    for (const std::string& text : selectors) {
      auto selector = promql::ParseSelector(text);
      if (selector) {
        spec_.exclude.push_back(*std::move(selector));
      } else {
        source_.Fail(*node,
                     "exclude of " + what_ + ": \"" + text + "\": " + selector.error().message());
      }
    }
  }

  RuleSource& source_;
  YamlFields& fields_;
  const std::string& what_;
  LeakSpec& spec_;
};

}  // namespace

promql::ExprPtr ReadLeak(RuleSource& source, YamlFields& rule_fields, const std::string& what,
                         std::shared_ptr<const LeakSpec>& out) {
  const YamlNode* leak = rule_fields.Find("leak");
  const YamlNode* exhaustion = rule_fields.Find("exhaustion");
  if (!leak && !exhaustion) return nullptr;
  auto spec = std::make_shared<LeakSpec>();
  spec->kind = leak ? LeakSpec::Kind::kLeak : LeakSpec::Kind::kExhaustion;
  out = spec;  // with errors too: the rest of the rule is read as that of a leak rule
  if (leak && exhaustion) {
    source.Fail(*exhaustion, what + " has both leak: and exhaustion:, give one of them");
    return nullptr;
  }
  const YamlNode& node = leak ? *leak : *exhaustion;
  const std::string of = (leak ? "the leak: of " : "the exhaustion: of ") + what;
  if (!node.IsMap()) {
    source.Fail(node, "expected " + of + " as a map with series:");
    return nullptr;
  }
  if (const YamlNode* expr = rule_fields.Find("expr")) {
    source.Fail(*expr,
                what + " has expr: and " + (leak ? "leak:" : "exhaustion:") + ", give one of them");
  }
  YamlFields fields(source.file, node, of);
  return LeakReader(source, fields, of, *spec).Read();
}

}  // namespace tocsin
