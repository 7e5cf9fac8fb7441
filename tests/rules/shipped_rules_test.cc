// The rules in config/rules: they load, pass their own tests, and lint has nothing to say.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/yaml.h"
#include "rules/lint.h"
#include "rules/manager.h"
#include "rules/unit_test.h"

namespace tocsin {
namespace {

const std::string kFolder = TOCSIN_SOURCE_DIR "/config/rules/";

std::vector<std::string> FilesEndingIn(std::string_view suffix) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().string().ends_with(suffix)) files.push_back(entry.path().filename().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(ShippedRules, Load) {
  const std::string pattern = kFolder + "*.yml";
  const RuleSet rules = LoadRules(std::span(&pattern, 1));
  for (const Error& error : rules.errors) ADD_FAILURE() << error.message();
  EXPECT_EQ(rules.files.size(), FilesEndingIn(".yml").size() - FilesEndingIn("_test.yml").size());
}

TEST(ShippedRules, EveryFileHasATest) {
  const std::vector<std::string> tests = FilesEndingIn("_test.yml");
  ASSERT_FALSE(tests.empty());
  for (const std::string& file : FilesEndingIn(".yml")) {
    if (file.ends_with("_test.yml")) continue;
    const std::string test = file.substr(0, file.size() - 4) + "_test.yml";
    EXPECT_NE(std::find(tests.begin(), tests.end(), test), tests.end()) << test << " is missing";
  }
}

TEST(ShippedRules, PassTheirTests) {
  for (const std::string& test : FilesEndingIn("_test.yml")) {
    const UnitTestReport report = RunRuleTests(kFolder + test, promql::Compat::kV3);
    EXPECT_TRUE(report.passed) << report.text;
    EXPECT_GT(report.tests, 0U) << test;
  }
}

TEST(ShippedRules, EveryAlertIsTested) {
  const std::string pattern = kFolder + "*.yml";
  std::set<std::string> tested;
  for (const std::string& test : FilesEndingIn("_test.yml")) {
    const auto yaml = ReadYamlFile(kFolder + test);
    ASSERT_TRUE(yaml) << yaml.error().message();
    for (const YamlNode::Ptr& one : yaml->root->Find("tests")->items) {
      const YamlNode* alerts = one->Find("alert_rule_test");
      if (!alerts) continue;
      for (const YamlNode::Ptr& alert : alerts->items) {
        if (alert->Find("exp_alerts")) tested.insert(alert->Find("alertname")->scalar);
      }
    }
  }
  for (const RuleGroupSpec& group : LoadRules(std::span(&pattern, 1)).groups) {
    for (const auto& rule : group.rules) {
      EXPECT_TRUE(!rule->IsAlerting() || tested.count(rule->name) == 1) << rule->name;
    }
  }
}

TEST(ShippedRules, LintHasNothingToSay) {
  const std::string pattern = kFolder + "*.yml";
  const RuleSet rules = LoadRules(std::span(&pattern, 1));
  for (const LintFinding& finding : Lint(rules.groups, {})) ADD_FAILURE() << finding.ToString();
}

}  // namespace
}  // namespace tocsin
