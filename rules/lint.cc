#include "rules/lint.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/parse.h"
#include "rules/look_back.h"
#include "rules/promql/functions/catalog.h"
#include "rules/promql/printer.h"
#include "rules/rule_parse.h"
#include "rules/value_range.h"

namespace tocsin {
namespace {

using promql::As;

constexpr std::array<std::string_view, 4> kRates{"rate", "irate", "increase", "resets"};

std::string_view NameOf(const promql::VectorSelector& selector) {
  for (const Matcher& matcher : selector.matchers) {
    if (matcher.name() == kMetricName && matcher.op() == MatchOp::kEqual) return matcher.value();
  }
  return {};
}

/// The labels that can be on the series of `expr`, where it says so (sum by (…)); otherwise
/// nothing.
std::optional<std::set<std::string>> LabelsOf(const promql::Expr& expr) {
  switch (expr.kind) {
    case promql::NodeKind::kParen:
      return LabelsOf(*As<promql::ParenExpr>(expr).expr);
    case promql::NodeKind::kUnary:
      return LabelsOf(*As<promql::UnaryExpr>(expr).expr);
    case promql::NodeKind::kAggregate: {
      const auto& aggregate = As<promql::AggregateExpr>(expr);
      if (aggregate.without || promql::SelectsSamples(aggregate.op) ||
          aggregate.op == promql::AggregateOp::kCountValues) {
        return std::nullopt;
      }
      return std::set<std::string>(aggregate.grouping.begin(), aggregate.grouping.end());
    }
    case promql::NodeKind::kBinary: {
      const auto& binary = As<promql::BinaryExpr>(expr);
      if (!binary.matching) {
        const bool left = binary.lhs->type == promql::ValueType::kVector;
        return LabelsOf(left ? *binary.lhs : *binary.rhs);
      }
      if (binary.op == promql::BinaryOp::kOr || !binary.matching->include.empty() ||
          binary.matching->cardinality == promql::Cardinality::kOneToMany) {
        return std::nullopt;
      }
      return LabelsOf(*binary.lhs);
    }
    default:
      return std::nullopt;
  }
}

/// Names that a template reads as $labels.NAME or .Labels.NAME.
std::set<std::string> LabelsRead(const std::string& text) {
  std::set<std::string> names;
  for (const std::string_view prefix : {"$labels.", ".Labels."}) {
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at + 1)) {
      const auto begin = at + prefix.size();
      auto end = begin;
      while (end < text.size() &&
             (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_')) {
        ++end;
      }
      if (end > begin) names.insert(text.substr(begin, end - begin));
    }
  }
  return names;
}

class Linter {
 public:
  Linter(std::span<const RuleGroupSpec> groups, const LintOptions& options)
      : groups_(groups), options_(options) {
    for (const RuleGroupSpec& group : groups) {
      for (const auto& rule : group.rules) {
        if (!rule->IsAlerting()) {
          recorded_[rule->name] = {group.interval.value_or(options.evaluation_interval),
                                   LookBack(*rule->expr)};
        }
      }
    }
  }

  std::vector<LintFinding> Run() {
    for (const RuleGroupSpec& group : groups_) {
      std::set<std::string> keys;
      for (const auto& rule : group.rules) {
        group_ = &group;
        rule_ = rule.get();
        if (!keys.insert(rule->Key()).second) {
          Find("stands twice in the group \"" + group.name + "\" with the same labels");
        }
        for (const promql::Expr* expr : rule->Exprs()) Check(*expr);
        if (rule->expr->type != promql::ValueType::kVector &&
            rule->expr->type != promql::ValueType::kScalar) {
          Find("its expression is a " + std::string(promql::DocumentedType(rule->expr->type)) +
               ": every evaluation will fail");
        }
        if (rule->IsAlerting()) CheckAlert();
      }
    }
    return std::move(findings_);
  }

 private:
  /// A series that the rules make.
  struct Recorded {
    milliseconds interval;
    milliseconds look_back;
  };

  void Find(const std::string& message) {
    findings_.push_back({group_->file, rule_->line, rule_->column, rule_->name, message});
  }

  void Check(const promql::Expr& expr) {
    switch (expr.kind) {
      case promql::NodeKind::kVectorSelector:
        CheckSelector(As<promql::VectorSelector>(expr));
        break;
      case promql::NodeKind::kMatrixSelector:
        CheckWindow(As<promql::MatrixSelector>(expr));
        break;
      case promql::NodeKind::kCall:
        CheckRate(As<promql::CallExpr>(expr));
        break;
      case promql::NodeKind::kBinary:
        CheckComparison(As<promql::BinaryExpr>(expr));
        break;
      default:
        break;
    }
    for (const promql::Expr* child : promql::Children(expr)) Check(*child);
  }

  void CheckSelector(const promql::VectorSelector& selector) {
    const std::string_view name = NameOf(selector);
    if (!options_.metrics || name.empty() || recorded_.count(name) > 0) return;
    if (name == "ALERTS" || name == "ALERTS_FOR_STATE") return;
    if (options_.metrics->find(name) != options_.metrics->end()) return;
    std::string message = "nothing exports " + std::string(name);
    std::vector<std::string_view> names;
    for (const auto& [known, facts] : *options_.metrics) names.push_back(known);
    for (const auto& [known, made] : recorded_) names.push_back(known);
    if (const auto nearest = NearestWord(name, names)) {
      message.append(": did you mean ").append(*nearest).append("?");
    }
    Find(message);
  }

  milliseconds IntervalOf(std::string_view name) const {
    if (const auto found = recorded_.find(name); found != recorded_.end())
      return found->second.interval;
    if (options_.metrics) {
      const auto found = options_.metrics->find(name);
      if (found != options_.metrics->end() && found->second.interval.count() > 0) {
        return found->second.interval;
      }
    }
    return options_.sample_interval;
  }

  void CheckWindow(const promql::MatrixSelector& matrix) {
    const std::string_view name = NameOf(*matrix.vector);
    const milliseconds interval = IntervalOf(name);
    if (matrix.range_ms >= 2 * interval.count()) return;
    Find("the window [" + FormatDuration(milliseconds(matrix.range_ms)) + "] of " +
         std::string(name) + " is shorter than two of its intervals (" + FormatDuration(interval) +
         "): it will often hold fewer than two samples");
  }

  void CheckRate(const promql::CallExpr& call) {
    const std::string_view function = call.function.name;
    if (!options_.metrics || call.args.empty() ||
        std::find(kRates.begin(), kRates.end(), function) == kRates.end() ||
        call.args[0]->kind != promql::NodeKind::kMatrixSelector) {
      return;
    }
    const std::string_view name = NameOf(*As<promql::MatrixSelector>(*call.args[0]).vector);
    const auto found = options_.metrics->find(name);
    if (found != options_.metrics->end() && found->second.type == MetricType::kGauge) {
      Find(std::string(function) + "() is for counters, " + std::string(name) +
           " is a gauge: deriv() or delta() is what gauges have");
    }
  }

  void CheckComparison(const promql::BinaryExpr& binary) {
    if (!promql::IsComparison(binary.op)) return;
    const Verdict verdict = Judge(binary.op, RangeOf(*binary.lhs), RangeOf(*binary.rhs));
    if (verdict == Verdict::kDepends) return;
    Find("`" + promql::ToString(binary) + "` is " +
         (verdict == Verdict::kAlways ? "always" : "never") + " true");
  }

  void CheckThreshold(std::size_t level) {
    const auto& threshold = rule_->thresholds[level];
    if (!threshold) return;
    const bool above = threshold->side == Threshold::Side::kAbove;
    const Verdict verdict = Judge(above ? promql::BinaryOp::kGreater : promql::BinaryOp::kLess,
                                  RangeOf(*rule_->expr), {threshold->limit, threshold->limit});
    if (verdict == Verdict::kDepends) return;
    Find(std::string(level == kHighLevel ? "critical" : "warning") + " (" + Describe(*threshold) +
         ") is " + (verdict == Verdict::kAlways ? "always" : "never") + " reached");
  }

  void CheckAlert() {
    const Rule& rule = *rule_;
    // A leak rule looks at hours, explains itself, and its severities are times.
    if (rule.leak) return CheckTexts();
    CheckThreshold(kLowLevel);
    CheckThreshold(kHighLevel);
    CheckTexts();
    const bool has_summary =
        std::any_of(rule.annotations.begin(), rule.annotations.end(),
                    [](const RuleText& text) { return text.name == "summary"; });
    if (!has_summary) Find("no summary annotation: whoever is paged reads only its name");
    const bool waits = std::all_of(
        rule.policy.levels.begin(), rule.policy.levels.end(),
        [](const auto& level) { return !level || level->hold_for.count() > 0 || level->of > 1; });
    if (!waits && !LooksBack(*rule.expr)) {
      Find("no `for`: a single sample is enough to fire");
    }
    // The default limit: nobody has thought of it.
    const promql::Expr& inner = promql::Unparenthesized(*rule.expr);
    if (rule.HasThresholds() && !rule.no_data &&
        rule.policy.no_data_for == AlertPolicy{}.no_data_for &&
        inner.kind == promql::NodeKind::kBinary) {
      const promql::BinaryOp op = As<promql::BinaryExpr>(inner).op;
      if (op == promql::BinaryOp::kAnd || op == promql::BinaryOp::kUnless) {
        Find("series that `" + std::string(promql::BinaryOpText(op)) +
             "` takes away have no data, which keeps their alert for " +
             FormatDuration(rule.policy.no_data_for) + ": say no_data or no_data_for");
      }
    }
  }

  /// True if the value is over a window, or what the rules record of one.
  bool LooksBack(const promql::Expr& expr) const {
    const auto selectors = promql::Selectors(expr);
    return LookBack(expr).count() > 0 ||
           std::any_of(selectors.begin(), selectors.end(), [this](const auto* selector) {
             const auto found = recorded_.find(NameOf(*selector));
             return found != recorded_.end() && found->second.look_back.count() > 0;
           });
  }

  void CheckTexts() {
    const auto labels = LabelsOf(*rule_->expr);
    const auto check = [&](const std::string& kind, const RuleText& text) {
      if (!labels) return;
      for (const std::string& name : LabelsRead(text.text)) {
        if (labels->count(name) > 0) continue;
        Find("the " + kind + " \"" + text.name + "\" reads $labels." + name +
             ", which the expression does not keep");
      }
    };
    for (const RuleText& text : rule_->labels) {
      check("label", text);
      const bool reads_value = text.text.find("$value") != std::string::npos ||
                               text.text.find(".Value") != std::string::npos;
      if (text.compiled && !text.compiled->IsPlain() && reads_value) {
        Find(
            "the label \"" + text.name +
            "\" contains the value: each new value is another alert, and `for` begins anew; put it "
            "into an annotation");
      }
    }
    for (const RuleText& text : rule_->annotations) check("annotation", text);
  }

  std::span<const RuleGroupSpec> groups_;
  const LintOptions& options_;
  std::map<std::string, Recorded, std::less<>> recorded_;
  const RuleGroupSpec* group_ = nullptr;
  const Rule* rule_ = nullptr;
  std::vector<LintFinding> findings_;
};

}  // namespace

std::string LintFinding::ToString() const {
  return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + rule + ": " +
         message;
}

std::vector<LintFinding> Lint(std::span<const RuleGroupSpec> groups, const LintOptions& options) {
  return Linter(groups, options).Run();
}

}  // namespace tocsin
