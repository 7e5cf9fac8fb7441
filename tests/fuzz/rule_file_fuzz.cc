// Any bytes as a rule file and as a file of rule tests. What loads is evaluated, linted, exported,
// and what was exported must load again.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rules/export.h"
#include "rules/lint.h"
#include "rules/manager.h"
#include "rules/rule_file.h"
#include "rules/store_sink.h"
#include "rules/unit_test_file.h"

using namespace tocsin;

namespace {

void Evaluate(RuleSet rules) {
  MemoryStore store;
  promql::EngineOptions engine;
  engine.max_samples = 10'000;
  engine.max_subquery_steps = 1'000;
  StoreSink sink(store);
  RuleManager manager;
  Moment now{FromMillis(1'700'000'000'000), MonoTime(std::chrono::hours(1))};
  const ManualClock stopwatch(now.wall);
  manager.Exchange(rules, {}, now, sink);
  for (int i = 0; i < 4; ++i) {
    store.Append({{"__name__", "up"}, {"job", "a"}}, ToMillis(now.wall), i % 2);
    store.Append({{"__name__", "x"}}, ToMillis(now.wall), i * 30);
    for (const auto& group : manager.Groups()) {
      manager.Evaluate({group, now.wall, 0}, now.mono,
                       {store, engine, sink, std::nullopt, stopwatch});
    }
    if (i == 1) manager.Exchange(rules, {}, now, sink);
    now.wall += std::chrono::minutes(1);
    now.mono += std::chrono::minutes(1);
  }
  const std::vector<AlertRecord> records = manager.Export();
  RuleManager restarted;
  restarted.Exchange(rules, {}, now, sink);
  restarted.Restore(records, now, sink);
  if (restarted.View().size() != manager.View().size()) std::abort();
  manager.Exchange({}, {}, now, sink);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RuleFile file = ParseRuleFile(text, "f.yml");
  if (file.errors.empty()) {
    Lint(file.groups, {});
    const PrometheusRules exported = ExportPrometheus(file.groups, std::chrono::seconds(15));
    if (!ParseRuleFile(exported.rules, "exported.yml").errors.empty()) std::abort();
    Evaluate({{"f.yml"}, std::move(file.groups), {}});
  }
  if (const auto yaml = ParseYaml(text, "t.yml")) (void)ParseUnitTestFile(*yaml);
  return 0;
}
