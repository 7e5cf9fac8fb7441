#include "rules/unit_test.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/format.h"
#include "base/parse.h"
#include "rules/group.h"
#include "rules/manager.h"
#include "rules/memory_store.h"
#include "rules/promql/parser.h"
#include "rules/rule_query.h"
#include "rules/store_sink.h"
#include "rules/unit_test_file.h"

namespace tocsin {
namespace {

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string At(milliseconds time) { return FormatDuration(time); }

/// A list of things as they are compared: one text each, sorted.
std::string Listed(std::vector<std::string> items) {
  if (items.empty()) return " nothing\n";
  std::sort(items.begin(), items.end());
  std::string text = "\n";
  for (const std::string& item : items) text += "            " + item + "\n";
  return text;
}

/// `text` and how often it stands in `items` more than in `others`.
void AddMissing(const std::vector<std::string>& items, const std::vector<std::string>& others,
                std::string_view mark, std::string& text) {
  std::map<std::string, int> counts;
  for (const std::string& item : items) ++counts[item];
  for (const std::string& item : others) --counts[item];
  for (const auto& [item, count] : counts) {
    for (int i = 0; i < count; ++i)
      text.append("          ").append(mark).append(item).append("\n");
  }
}

bool SameItems(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

std::string ShownAlert(const Labels& labels, const Labels& annotations, bool no_data) {
  return labels.ToString() + " annotations " + annotations.ToString() +
         (no_data ? " (no data)" : "");
}

std::string ShownSample(const Labels& labels, double value) {
  if (value == 0) value = 0;  // -0 is equal to it
  return labels.ToString() + " " + FormatGoFloat(value);
}

/// One element of `tests`.
class CaseRun {
 public:
  CaseRun(const UnitTestFile& file, const UnitTestCase& test, const RuleSet& rules,
          promql::Compat compat, UnitTestReport& report)
      : file_(file), test_(test), report_(report) {
    engine_.compat = compat;
    engine_.default_subquery_step_ms = file.evaluation_interval.count();
    RuleOptions options;
    options.external_labels = test.external_labels;
    options.external_url = test.external_url;
    for (RuleGroupSpec spec : rules.groups) {
      // As in promtool, all groups are evaluated at the tests' interval.
      spec.interval = file.evaluation_interval;
      groups_.push_back(std::make_unique<RuleGroup>(std::move(spec), options));
    }
    const auto place = [&file](const std::unique_ptr<RuleGroup>& group) {
      const auto& order = file.group_order;
      const auto found = std::find(order.begin(), order.end(), group->name());
      return found == order.end() ? 0 : found - order.begin();
    };
    std::stable_sort(groups_.begin(), groups_.end(),
                     [&place](const auto& a, const auto& b) { return place(a) < place(b); });
  }

  void Run() {
    const milliseconds interval = file_.evaluation_interval;
    for (milliseconds t{0}; t <= test_.LastTime(); t += interval) {
      Feed(t);
      if (!Evaluate(t)) return;
      for (const AlertExpectation& expected : test_.alerts) {
        if (t <= expected.eval_time && expected.eval_time < t + interval) CheckAlerts(expected);
      }
    }
    for (const ExprExpectation& expected : test_.exprs) CheckExpr(expected);
  }

 private:
  void Fail(const std::string& what) {
    ++report_.failures;
    report_.text += "    " + (test_.name.empty() ? "" : "name: " + test_.name + ", ") + what;
    if (!report_.text.ends_with('\n')) report_.text += '\n';
  }

  /// The input up to and at `t`.
  void Feed(milliseconds t) {
    for (; fed_ * test_.interval.count() <= t.count(); ++fed_) {
      const auto i = static_cast<std::size_t>(fed_);
      for (const InputSeries& series : test_.series) {
        if (i >= series.values.size() || !series.values[i]) continue;
        store_.Append(series.labels, fed_ * test_.interval.count(), *series.values[i]);
      }
    }
  }

  bool Evaluate(milliseconds t) {
    const Moment now{WallTime(t), MonoTime(t)};
    StoreSink sink(store_);
    const ManualClock stopwatch(now.wall);
    const auto data_age = test_.warm_up ? std::optional(t) : std::nullopt;
    bool ok = true;
    for (const auto& group : groups_) {
      const EvaluationSummary done =
          group->Evaluate(now, {store_, engine_, sink, data_age, stopwatch});
      if (done.failures == 0) continue;
      for (const RuleView& rule : group->View().rules) {
        if (rule.health != RuleHealth::kError) continue;
        Fail("rule: " + rule.name + ", time: " + At(t) + ", error: " + rule.last_error);
        ok = false;
      }
    }
    return ok;
  }

  void Compare(const std::string& what, const std::vector<std::string>& expected,
               const std::vector<std::string>& got) {
    ++report_.tests;
    if (SameItems(expected, got)) return;
    std::string text =
        what + "\n        expected:" + Listed(expected) + "        got:" + Listed(got);
    if (!expected.empty() && !got.empty()) {
      text += "        difference:\n";
      AddMissing(expected, got, "- ", text);
      AddMissing(got, expected, "+ ", text);
    }
    Fail(text);
  }

  /// `annotations` as far as `wanted` asks for those of the alert with these labels.
  static Labels AskedFor(const Labels& labels, const Labels& annotations,
                         const std::vector<ExpectedAlert>& wanted) {
    for (const ExpectedAlert& alert : wanted) {
      if (!alert.annotations_include || alert.labels != labels) continue;
      LabelsBuilder some;
      for (const LabelView annotation : annotations) {
        if (alert.annotations.Has(annotation.name)) some.Set(annotation.name, annotation.value);
      }
      return some.Build();
    }
    return annotations;
  }

  void CheckState(const AlertExpectation& expected, const std::vector<ExpectedAlert>& wanted,
                  AlertState state) {
    std::vector<std::string> items, got;
    for (const ExpectedAlert& alert : wanted) {
      items.push_back(ShownAlert(alert.labels, alert.annotations, alert.no_data));
    }
    for (const auto& group : groups_) {
      for (const RuleView& rule : group->View().rules) {
        if (rule.name != expected.alertname) continue;
        for (const AlertView& alert : rule.alerts) {
          if (alert.state != state) continue;
          got.push_back(ShownAlert(alert.labels, AskedFor(alert.labels, alert.annotations, wanted),
                                   alert.no_data));
        }
      }
    }
    Compare("alertname: " + expected.alertname + ", time: " + At(expected.eval_time) + ", " +
                std::string(AlertStateText(state)),
            items, got);
  }

  void CheckAlerts(const AlertExpectation& expected) {
    CheckState(expected, expected.firing, AlertState::kFiring);
    if (expected.pending) CheckState(expected, *expected.pending, AlertState::kPending);
  }

  void CheckExpr(const ExprExpectation& expected) {
    const std::string what = "expr: " + Quoted(expected.expr) + ", time: " + At(expected.eval_time);
    const auto expr = promql::ParseExpr(expected.expr);
    if (!expr) return Fail(what + ", error: " + expr.error().message());
    const auto result = QueryVector(**expr, expected.eval_time.count(), store_, engine_);
    if (!result) return Fail(what + ", error: " + result.error().message());
    std::vector<std::string> wanted, got;
    for (const ExpectedSample& sample : expected.samples) {
      wanted.push_back(ShownSample(sample.labels, sample.value));
    }
    for (const promql::VectorSample& sample : *result) {
      got.push_back(ShownSample(sample.labels, sample.value));
    }
    Compare(what, wanted, got);
  }

  const UnitTestFile& file_;
  const UnitTestCase& test_;
  UnitTestReport& report_;
  promql::EngineOptions engine_;
  MemoryStore store_;
  std::vector<std::unique_ptr<RuleGroup>> groups_;
  std::int64_t fed_ = 0;  // intervals of input
};

UnitTestReport Failed(UnitTestReport report, const std::vector<Error>& errors) {
  report.text += "  FAILED:\n";
  for (const Error& error : errors) report.text += error.message() + "\n";
  report.failures = errors.size();
  return report;
}

}  // namespace

UnitTestReport RunRuleTests(const std::string& path, promql::Compat compat) {
  UnitTestReport report;
  report.text = "Unit testing: " + path + "\n";
  const auto yaml = ReadYamlFile(path);
  if (!yaml) return Failed(report, {yaml.error()});
  const auto file = ParseUnitTestFile(*yaml);
  if (!file) return Failed(report, {file.error()});
  std::vector<std::string> patterns;
  for (const std::string& pattern : file->rule_files) {
    // As in promtool, a file that is not there is worth a warning only.
    const bool plain = pattern.find_first_of("*?[") == std::string::npos;
    if (plain && !std::filesystem::exists(pattern)) {
      report.text += "  WARNING: no file matches " + pattern + "\n";
    } else {
      patterns.push_back(pattern);
    }
  }
  const RuleSet rules = LoadRules(patterns);
  if (!rules.errors.empty()) return Failed(report, rules.errors);

  UnitTestReport outcome;
  for (const UnitTestCase& test : file->cases) CaseRun(*file, test, rules, compat, outcome).Run();
  report.tests = outcome.tests;
  report.failures = outcome.failures;
  report.passed = outcome.failures == 0;
  report.text += report.passed ? "  SUCCESS\n" : "  FAILED:\n" + outcome.text;
  return report;
}

}  // namespace tocsin
