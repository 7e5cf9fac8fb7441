// Runs every tests/promql/scripts/*.test, and shows that a script can fail.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/promql/script.h"

namespace tocsin::promql {
namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(TOCSIN_SOURCE_DIR) / "tests/promql/scripts";

std::vector<std::string> ScriptNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".test") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class PromqlScript : public testing::TestWithParam<std::string> {};

TEST_P(PromqlScript, YieldsWhatItSays) {
  std::ifstream in(kFolder / (GetParam() + ".test"));
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  EXPECT_THAT(RunScript(text), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, PromqlScript, testing::ValuesIn(ScriptNames()),
                         [](const auto& script) { return script.param; });

TEST(PromqlScripts, ThereAreSome) { EXPECT_GE(ScriptNames().size(), 8u); }

TEST(PromqlScripts, WhatIsNotMetIsTold) {
  const auto failures = [](std::string_view eval) {
    return RunScript("load 1m\n  x{a=\"1\"} 1 2 3\n  y_total 4\n" + std::string(eval)).size();
  };
  EXPECT_EQ(failures("eval instant at 1m x\n  x{a=\"1\"} 2\n"), 0u);
  EXPECT_EQ(failures("eval instant at 1m x\n  x{a=\"1\"} 3\n"), 1u);
  EXPECT_EQ(failures("eval instant at 1m x\n  x{a=\"2\"} 2\n"), 2u);
  EXPECT_EQ(failures("eval instant at 1m x\n"), 1u);
  EXPECT_EQ(failures("eval instant at 1m nothing\n  x{a=\"1\"} 2\n"), 1u);
  EXPECT_EQ(failures("eval range from 0 to 2m step 1m x\n  x{a=\"1\"} 1 2\n"), 1u);
  EXPECT_EQ(failures("eval range from 0 to 2m step 1m x\n  x{a=\"1\"} 1 _ 3\n"), 1u);
  EXPECT_EQ(failures("eval instant at 1m 1 + 1\n  3\n"), 1u);
  EXPECT_EQ(failures("eval fail instant at 1m x\n"), 1u);
  EXPECT_EQ(failures("eval fail instant at 1m x +\n  many-to-many\n"), 1u);
  EXPECT_EQ(failures("eval instant at 1m rate(x[5m])\n  {a=\"1\"} 0.0166666667\n"), 1u);
  EXPECT_EQ(failures("eval ordered instant at 1m {__name__=~\"x|y_total\"}\n"
                     "  y_total 4\n  x{a=\"1\"} 2\n"),
            2u);
  EXPECT_EQ(failures("frobnicate\n"), 2u);
  EXPECT_EQ(failures(""), 1u);
}

}  // namespace
}  // namespace tocsin::promql
