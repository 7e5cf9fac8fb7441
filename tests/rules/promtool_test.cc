// The rule tests of tests/rules/promtool: what their names say, and what the real promtool says.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "rules/unit_test.h"

namespace tocsin {
namespace {

const std::string kFolder = TOCSIN_SOURCE_DIR "/tests/rules/promtool/";

std::vector<std::string> Cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.is_regular_file()) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Promtool : public ::testing::TestWithParam<std::string> {};

TEST_P(Promtool, HasTheSameVerdict) {
  const std::string path = kFolder + GetParam() + ".yml";
  // v2: Debian's promtool is of Prometheus 2.42.
  const UnitTestReport report = RunRuleTests(path, promql::Compat::kV2);
  EXPECT_EQ(report.passed, GetParam().starts_with("pass_")) << report.text;
  const int status = std::system(("promtool test rules '" + path + "' >/dev/null 2>&1").c_str());
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_NE(WEXITSTATUS(status), 127) << "promtool is not installed: scripts/packages names it";
  EXPECT_EQ(report.passed, WEXITSTATUS(status) == 0) << report.text;
}

INSTANTIATE_TEST_SUITE_P(Files, Promtool, ::testing::ValuesIn(Cases()),
                         [](const auto& param) { return param.param; });

TEST(PromtoolCases, AreMany) { EXPECT_GE(Cases().size(), 60U); }

}  // namespace
}  // namespace tocsin
